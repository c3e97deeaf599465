// Samples as columns for a graph. Pure.
import type { MetricsRange, Sample } from '../api/types';

const leastGapSeconds = 8;

export const spans = ['recent', 'hour', 'day'] as const satisfies readonly MetricsRange[];
export const spanSeconds: Record<MetricsRange, number> = { recent: 60, hour: 3600, day: 86400 };
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

/** The samples of a window; where samples are missing, a point without values breaks the line. */
export function columnsOf(samples: readonly Sample[], { seconds, interval, until }: Window): Columns {
  const newest = samples.at(-1);
  const end = until ?? (newest ? Date.parse(newest.time) / 1000 : 0);
  const gap = Math.max(leastGapSeconds, interval * 2.5);
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

/** Points that no line reaches: they need a dot to be seen. */
export function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index += 1)
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) found.push(index);
  return found;
}
