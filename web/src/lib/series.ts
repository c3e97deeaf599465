// Samples as columns for a graph. Pure.
import type { Sample } from '../api/types';

const leastGapSeconds = 8;

export interface Columns {
  times: number[];
  of: (pick: (sample: Sample) => number | null) => (number | null)[];
}

/** The samples of the last `seconds`; where samples are missing, a point without values breaks the line. */
export function columnsOf(samples: readonly Sample[], seconds: number): Columns {
  const newest = samples.at(-1);
  const end = newest ? Date.parse(newest.time) / 1000 : 0;
  const times: number[] = [];
  const points: (Sample | null)[] = [];
  for (const sample of samples) {
    const time = Date.parse(sample.time) / 1000;
    if (time < end - seconds) continue;
    const before = times.at(-1);
    if (before !== undefined && time - before > leastGapSeconds) {
      times.push(before + 1);
      points.push(null);
    }
    times.push(time);
    points.push(sample);
  }
  return { times, of: (pick) => points.map((sample) => sample && pick(sample)) };
}
