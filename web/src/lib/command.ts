// The line for a shell that does what the page does. Pure.
import type { JsonValue } from '../api/types';

export interface Assignment {
  key: string;
  value: JsonValue;
  /** The setting's type: sizes are written with a unit. */
  type?: string;
}

/** One word for a POSIX shell. */
export const shellWord = (text: string) =>
  /^[\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

const units = ['', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** With the largest unit that leaves nothing over: what is pasted must be the very same size. */
export function exactBytes(value: number): string {
  let unit = 0;
  let number = value;
  while (number > 0 && number % 1024 === 0 && unit < units.length - 1) {
    number /= 1024;
    unit += 1;
  }
  return `${number}${units[unit]}`;
}

/** `a,b`, or JSON where an entry would not survive that. */
function listText(list: JsonValue[]): string {
  const plain = list.every(
    (entry) => typeof entry === 'string' && entry !== '' && entry === entry.trim() && !/[,[]/.test(entry),
  );
  return plain ? list.join(',') : JSON.stringify(list);
}

function valueText({ value, type }: Assignment): string {
  if (Array.isArray(value)) return value.length === 0 ? '' : listText(value);
  if (type === 'bytes' && typeof value === 'number') return exactBytes(value);
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return String(value ?? '');
}

/** `key=value` as one word; the key stays readable where it can. */
export function assignmentWord(assignment: Assignment): string {
  const value = valueText(assignment);
  const key = shellWord(assignment.key);
  return key === assignment.key ? `${key}=${shellWord(value)}` : shellWord(`${assignment.key}=${value}`);
}

export const setCommand = (machine: string, assignments: Assignment[]) =>
  ['visor set', shellWord(machine), ...assignments.map(assignmentWord)].join(' ');
