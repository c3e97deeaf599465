// Sentences that come from the daemon (tasks, errors, settings) in the reader's language, where we know them.
import type { TFunction } from 'i18next';

import { ApiError } from '../api/client';
import type { PortForward, Problem, Setting, Task } from '../api/types';
import { formatBytes } from './format';
import { keyForWords, settingKey } from './settings';

export function taskTitle(t: TFunction, task: Task): string {
  return t(`taskKind.${task.kind.replaceAll('.', '_')}`, {
    name: task.subject?.name ?? '',
    defaultValue: task.title,
  });
}

/** A step's title is English from the daemon; the common ones are known here. */
export function stepTitle(t: TFunction, title: string): string {
  const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  return t(`step.${slug}`, { defaultValue: title });
}

export function problemText(t: TFunction, problem: Problem): { title: string; hint: string } {
  const slug = problem.code.replaceAll('.', '_');
  const fields = (problem.fields ?? []).map((field) => field.detail).join(' ');
  const detail = problem.detail || problem.title;
  const said = fields && !detail.includes(fields) ? `${detail} ${fields}` : detail;
  return {
    title: t(`error.${slug}.title`, { defaultValue: said }),
    hint: t(`error.${slug}.hint`, { defaultValue: problem.hint ?? '' }),
  };
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return {
    title: 'Error',
    status: 0,
    code: 'page',
    detail: error instanceof Error ? error.message : String(error),
  };
}

export const settingTitle = (t: TFunction, setting: Pick<Setting, 'key' | 'title'>) =>
  t(`setting.${keyForWords(setting.key)}.title`, { defaultValue: setting.title || settingKey(setting.key) });

export const settingSentence = (t: TFunction, setting: Setting) =>
  t(`setting.${keyForWords(setting.key)}.sentence`, { defaultValue: setting.description });

export const settingValue = (t: TFunction, key: string, value: string) =>
  t(`setting.${keyForWords(key)}.value.${value.replaceAll('.', '_')}`, { defaultValue: value });

/** `127.0.0.1:2222 → 22`; port 0 is any free one, taken at each start. */
export const forwardText = (t: TFunction, forward: PortForward) =>
  `${forward.hostAddress}:${forward.hostPort || t('nics.anyPort')} → ${forward.guestPort}`;

/** Any setting's value in words: sizes with units, switches as on and off, choices by their names. */
export function valueText(t: TFunction, field: string, value: unknown, type?: string): string {
  const key = settingKey(field);
  if (typeof value === 'boolean') return t(value ? 'common.on' : 'common.off');
  if (typeof value === 'number')
    return type === 'bytes' || /size$/i.test(key) ? formatBytes(value) : String(value);
  if (typeof value === 'string') return value === '' ? t('common.nothing') : settingValue(t, key, value);
  if (value == null) return t('common.nothing');
  return JSON.stringify(value);
}
