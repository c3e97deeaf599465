// What the reader has chosen, kept in this browser.
import { useSyncExternalStore } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';
export type LanguageChoice = 'system' | 'en' | 'zh';

export interface Preferences {
  theme: ThemeChoice;
  language: LanguageChoice;
  railCollapsed: boolean;
  showCommands: boolean;
  machineColumns: string[];
}

export const initialColumns = ['state', 'uptime', 'load', 'memory', 'disk', 'address'];

const storageKey = 'visor.preferences';
const initial: Preferences = {
  theme: 'system',
  language: 'system',
  railCollapsed: false,
  showCommands: false,
  machineColumns: initialColumns,
};
const listeners = new Set<() => void>();

function load(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    return { ...initial, ...(stored as Partial<Preferences>) };
  } catch {
    return initial;
  }
}

let current = load();

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(storageKey, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing still shows the choice until reload.
  }
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const preferences = () => current;
export const usePreferences = () => useSyncExternalStore(subscribe, preferences);

export function languageOf(choice: LanguageChoice, browserLanguages: readonly string[]): 'en' | 'zh' {
  if (choice !== 'system') return choice;
  const known = browserLanguages.map((tag) => tag.toLowerCase().split('-')[0]);
  return known.find((tag) => tag === 'zh' || tag === 'en') === 'zh' ? 'zh' : 'en';
}
