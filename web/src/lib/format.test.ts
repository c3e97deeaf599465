import { describe, expect, it } from 'vitest';

import {
  formatAge,
  formatBytes,
  formatClock,
  formatPercent,
  formatRate,
  formatSpan,
  parseBytes,
} from './format';

describe('bytes', () => {
  it('reads like people write sizes', () => {
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(1023)).toBe('1023 B');
    expect(formatBytes(1024)).toBe('1 KiB');
    expect(formatBytes(1536)).toBe('1.5 KiB');
    expect(formatBytes(1024 ** 3)).toBe('1 GiB');
    expect(formatBytes(512.4 * 1024 ** 2)).toBe('512 MiB');
  });

  it('never says 1024 of a unit', () => {
    expect(formatBytes(1024 ** 2 - 1)).toBe('1 MiB');
    expect(formatBytes(1024 ** 3 - 1)).toBe('1 GiB');
  });

  it('says nothing about what is no number', () => {
    expect(formatBytes(NaN)).toBe('–');
    expect(formatRate(2048)).toBe('2 KiB/s');
  });

  it('parses what it prints', () => {
    for (const size of [1, 512 * 1024 ** 2, 1024 ** 3, 1.5 * 1024 ** 4])
      expect(parseBytes(formatBytes(size))).toBe(size);
  });

  it('parses short forms and refuses the rest', () => {
    expect(parseBytes('4G')).toBe(4 * 1024 ** 3);
    expect(parseBytes(' 1.5 gib ')).toBe(1.5 * 1024 ** 3);
    expect(parseBytes('1048576')).toBe(1048576);
    for (const text of ['', 'GiB', '-1 GiB', '1 XB', '1 2 GiB', '1e3']) expect(parseBytes(text)).toBeNull();
  });
});

describe('time', () => {
  it('keeps the width of a running clock', () => {
    expect(formatClock(0, 'en')).toBe('00:00:00');
    expect(formatClock(3725, 'en')).toBe('01:02:05');
    expect(formatClock(6 * 86400 + 4 * 3600, 'en')).toBe('6d 04:00:00');
    expect(formatClock(-5, 'en')).toBe('00:00:00');
  });

  it('says how long work took', () => {
    expect(formatSpan(400, 'en')).toBe('0.4 s');
    expect(formatSpan(12_900, 'en')).toBe('12 s');
    expect(formatSpan(185_000, 'en')).toBe('3 min 5 s');
    expect(formatSpan(7_800_000, 'en')).toBe('2 h 10 min');
  });

  it('counts in Chinese for a reader of Chinese', () => {
    expect(formatSpan(185_000, 'zh')).toBe('3 分 5 秒');
    expect(formatSpan(7_800_000, 'zh')).toBe('2 小时 10 分');
    expect(formatClock(6 * 86400, 'zh')).toBe('6 天 00:00:00');
  });

  it('says when it was', () => {
    const now = Date.parse('2026-01-01T12:00:00Z');
    expect(formatAge('2026-01-01T11:55:00Z', now, 'en')).toBe('5 minutes ago');
    expect(formatAge('2026-01-01T11:55:00Z', now, 'zh')).toBe('5 分钟前');
    expect(formatAge('2026-01-01T12:00:05Z', now, 'en')).toBe('now');
    expect(formatAge('nonsense', now, 'en')).toBe('–');
  });
});

it('shows a decimal only where it matters', () => {
  expect(formatPercent(0)).toBe('0 %');
  expect(formatPercent(3.44)).toBe('3.4 %');
  expect(formatPercent(42.4)).toBe('42 %');
});
