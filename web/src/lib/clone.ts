// Whether a machine can be copied now, and what the names of its copies may be. Pure.
import type { Machine } from '../api/types';
import { isMachineName } from './machines';

/** Why it cannot be copied now, as a key of `clone.refused`; undefined when it can. */
export function copyRefusal({ state }: Machine): 'saved' | 'running' | undefined {
  if (state.status === 'saved') return 'saved';
  return state.status === 'stopped' || state.status === 'crashed' ? undefined : 'running';
}

export const mostClones = 64;

export const cloneNames = (name: string, count: number) =>
  count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);

/** What is wrong with the wanted names, as a key of `create`; undefined when nothing is. */
export function cloneNameProblem(name: string, count: number, taken: ReadonlySet<string>) {
  const names = cloneNames(name, count);
  if (!names.every(isMachineName)) return 'nameRule';
  return names.some((one) => taken.has(one)) ? 'nameTaken' : undefined;
}

/** `web-2` for `web`; the first number that is free. */
export function nextCloneName(source: string, taken: ReadonlySet<string>) {
  const stem = source.replace(/-\d+$/, '').slice(0, 58).replace(/-+$/, '');
  for (let number = 2; ; number += 1) {
    const name = `${stem}-${number}`;
    if (!taken.has(name)) return name;
  }
}
