// Sentences that come from the daemon (tasks, errors, settings) in the reader's language, where we know them.
import i18next, { type TFunction } from 'i18next';

import { ApiError } from '../api/client';
import type { PortForward, Problem, Setting, Task } from '../api/types';
import { daemonWords, translated } from './daemonWords';
import { formatBytes } from './format';
import { keyForWords, settingKey } from './settings';

export function taskTitle(t: TFunction, task: Task): string {
  return t(`taskKind.${task.kind.replaceAll('.', '_')}`, {
    name: task.subject?.name ?? '',
    defaultValue: task.title,
  });
}

const words = () => daemonWords(i18next.language);

export const stepTitle = (title: string) => words()?.step[title] ?? title;

/** A sentence of the daemon, in the reader's language when we know it. */
export const spoken = (sentence: string) => translated(i18next.language, sentence) ?? sentence;

/** Why a machine is as it is: a sentence, and below it what QEMU has written. */
export function reasonText(reason: string): string {
  const [first = '', ...log] = reason.split('\n');
  return [spoken(first), ...log.map((line) => words()?.sentence[line] ?? line)].join('\n');
}

export interface ProblemWords {
  title: string;
  hint: string;
  /** The daemon's own English where the title says less than it does. */
  said: string;
}

export function problemText(t: TFunction, problem: Problem): ProblemWords {
  const slug = problem.code.replaceAll('.', '_');
  const fields = (problem.fields ?? []).map((field) => field.detail);
  const sentences = fields.length > 0 ? fields : [problem.detail || problem.title];
  const advice = problem.hint ?? '';
  const known = words()?.error[problem.code];
  if (!known) {
    return {
      title: t(`error.${slug}.title`, { defaultValue: sentences.join(' ') }),
      hint: t(`error.${slug}.hint`, { defaultValue: advice }),
      said: '',
    };
  }
  const inWords = sentences.map((sentence) => translated(i18next.language, sentence));
  const whole = inWords.every((sentence) => sentence !== undefined);
  const hint = translated(i18next.language, advice) ?? known.hint ?? '';
  // Advice with a command in it is never left out.
  const lost = hint === '' || (advice.includes('`') && !hint.includes('`')) || /^sudo /.test(advice);
  return {
    title: whole ? inWords.join('') : known.title,
    hint,
    said: [...(whole ? [] : sentences), ...(lost ? [advice] : [])].join(' ').trim(),
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

/** Members of lists by their place (`disks[0].bus`) have the words of all of them (`disks[].bus`). */
const memberWords = (key: string) => words()?.setting[settingKey(key).replace(/\[\d+\]/g, '[]')];

export const settingTitle = (t: TFunction, setting: Pick<Setting, 'key' | 'title'>) =>
  t(`setting.${keyForWords(setting.key)}.title`, {
    defaultValue: memberWords(setting.key)?.title ?? (setting.title || settingKey(setting.key)),
  });

export const settingSentence = (t: TFunction, setting: Setting) =>
  t(`setting.${keyForWords(setting.key)}.sentence`, {
    defaultValue: memberWords(setting.key)?.sentence ?? setting.description,
  });

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

export const listText = (t: TFunction, names: readonly string[]) => names.join(t('common.listSeparator'));
