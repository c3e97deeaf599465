import { describe, expect, it } from 'vitest';

import type { Sample } from '../api/types';
import { columnsOf, memoryLines, momentText, tickText } from './series';

const at = (seconds: number): Sample => ({
  time: new Date(seconds * 1000).toISOString(),
  cpuPercent: 10,
  vcpuPercent: [],
  memoryUsed: null,
  memoryResident: 1,
  memoryAssigned: 1,
  diskReadRate: 0,
  diskWriteRate: 0,
  netReceiveRate: null,
  netTransmitRate: null,
});
const month = { seconds: 30 * 86400, interval: 10800 };

describe('columns', () => {
  it('breaks the line where one mean of a month is missing', () => {
    const { times, of } = columnsOf([at(0), at(10800), at(3 * 10800)], month);
    expect(times).toHaveLength(4);
    expect(of((sample) => sample.cpuPercent)).toEqual([10, 10, null, 10]);
  });

  it('does not break the line for a reading that came late', () => {
    const { times } = columnsOf([at(0), at(60)], { seconds: 3600, interval: 30 });
    expect(times).toEqual([0, 60]);
  });

  it('ends the axis with the newest mean and leaves out what is older', () => {
    const { from, until, times } = columnsOf([at(0), at(31 * 86400)], month);
    expect(until - from).toBe(30 * 86400);
    expect(times).toEqual([31 * 86400]);
  });
});

describe('the graph of memory', () => {
  const columns = columnsOf([at(0), at(30)], { seconds: 3600, interval: 30 });

  it('shows what is assigned and both limits only where memory moves', () => {
    expect(memoryLines(columns, null).map(({ name }) => name)).toEqual(['used', 'resident']);
    const lines = new Map(memoryLines(columns, { minimum: 5, maximum: 9 }).map((line) => [line.name, line]));
    expect(lines.get('assigned')?.values).toEqual([1, 1]);
    expect(lines.get('minimum')).toMatchObject({ values: [5, 5], dashed: true });
    expect(lines.get('maximum')).toMatchObject({ values: [9, 9], dashed: true });
  });
});

describe('times of a graph', () => {
  const time = new Date(2026, 10, 3, 9, 5, 7).getTime() / 1000;

  it('are dates where the axis shows a month', () => {
    expect(tickText(time, 30 * 86400, 'en')).toBe('Nov 3');
    expect(tickText(time, 30 * 86400, 'zh')).toBe('11月3日');
    expect(momentText(time, 30 * 86400, 'en')).toBe('Nov 3 09:05');
  });

  it('are clock times where it shows hours, with seconds where they matter', () => {
    expect(tickText(time, 86400, 'en')).toBe('09:05');
    expect(tickText(time, 60, 'en')).toBe('09:05:07');
    expect(momentText(time, 3600, 'en')).toBe('09:05:07');
    expect(momentText(time, 86400, 'en')).toBe('Nov 3 09:05');
  });
});
