// Samples as columns for a graph. Pure.
import type { MetricsRange, Sample } from '../api/types';

const leastGapSeconds = 8;

export const spans = ['recent', 'hour', 'day', 'month'] as const satisfies readonly MetricsRange[];
export const spanSeconds: Record<MetricsRange, number> = {
  recent: 60,
  hour: 3600,
  day: 86400,
  month: 30 * 86400,
};
export const spanOf = (text: string | null): MetricsRange => spans.find((span) => span === text) ?? 'recent';

export interface Columns {
  times: number[];
  /** What the axis shows, whether there are samples or not. */
  from: number;
  until: number;
  of: (pick: (sample: Sample) => number | null) => (number | null)[];
}

interface Window {
  seconds: number;
  /** From one sample to the next when none is missing. */
  interval: number;
  /** The right end in seconds since 1970, when it is not the newest sample. */
  until?: number;
}

/**
 * How far apart samples must be for the line to break. A mean of minutes is missing only when the machine was off; one of
 * seconds also when a reading came late.
 */
const gapOf = (interval: number) => Math.max(leastGapSeconds, interval * (interval >= 900 ? 1.5 : 2.5));

/** The samples of a window; where samples are missing, a point without values breaks the line. */
export function columnsOf(samples: readonly Sample[], { seconds, interval, until }: Window): Columns {
  const newest = samples.at(-1);
  const end = until ?? (newest ? Date.parse(newest.time) / 1000 : 0);
  const gap = gapOf(interval);
  const times: number[] = [];
  const points: (Sample | null)[] = [];
  for (const sample of samples) {
    const time = Date.parse(sample.time) / 1000;
    if (time < end - seconds) continue;
    const before = times.at(-1);
    if (before !== undefined && time - before > gap) {
      times.push(before + interval / 2);
      points.push(null);
    }
    times.push(time);
    points.push(sample);
  }
  return {
    times,
    from: end - seconds,
    until: end,
    of: (pick) => points.map((sample) => sample && pick(sample)),
  };
}

export interface MemoryLine {
  name: 'used' | 'assigned' | 'resident' | 'minimum' | 'maximum';
  values: (number | null)[];
  color: string;
  filled?: boolean;
  dashed?: boolean;
}

/**
 * The lines of the graph of memory. Of a machine whose memory does not move, what it was given is the upper end of the axis, and
 * no line.
 */
export function memoryLines(
  { of, times }: Columns,
  limits: { minimum: number; maximum: number } | null,
): MemoryLine[] {
  const level = (value: number) => times.map(() => value);
  const readings: MemoryLine[] = [
    { name: 'used', values: of((sample) => sample.memoryUsed), color: '--colorBrandStroke1', filled: true },
    {
      name: 'resident',
      values: of((sample) => sample.memoryResident),
      color: '--colorPaletteMarigoldBorderActive',
    },
  ];
  if (!limits) return readings;
  return [
    ...readings,
    {
      name: 'assigned',
      values: of((sample) => sample.memoryAssigned),
      color: '--colorPalettePlumBorderActive',
    },
    { name: 'minimum', values: level(limits.minimum), color: '--colorNeutralForeground3', dashed: true },
    { name: 'maximum', values: level(limits.maximum), color: '--colorNeutralForeground2', dashed: true },
  ];
}

/** Points that no line reaches: they need a dot to be seen. */
export function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index += 1)
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) found.push(index);
  return found;
}

const daySeconds = 86400;
const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
const clock = (date: Date, seconds: boolean) =>
  [date.getHours(), date.getMinutes(), ...(seconds ? [date.getSeconds()] : [])]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');

/** A time at the axis of so many seconds: seconds are shown where they matter, and the date where hours do not. */
export function tickText(time: number, span: number, language: string): string {
  const date = new Date(time * 1000);
  return span > 2 * daySeconds ? date.toLocaleDateString(language, day) : clock(date, span <= 600);
}

/** The time under the pointer: with its date where the axis reaches into another day. */
export function momentText(time: number, span: number, language: string): string {
  const date = new Date(time * 1000);
  const text = clock(date, span <= 3600);
  return span < daySeconds ? text : `${date.toLocaleDateString(language, day)} ${text}`;
}
