import { expect, test } from 'vitest';

import type { Task } from '../api/types';
import { lastCare } from './diskCare';

const task = (kind: string, ended: string, result: Task['result'], more: Partial<Task> = {}): Task => ({
  id: ended,
  kind: `machine.${kind}`,
  title: '',
  subject: { kind: 'machine', name: 'm' },
  state: 'succeeded',
  progress: 1,
  cancellable: true,
  created: ended,
  ended,
  steps: [],
  waitsFor: '',
  timeoutSeconds: null,
  log: [],
  error: null,
  result,
  ...more,
});

const check = (ended: string, found: { [key: string]: number }) =>
  task('check-disk', ended, {
    disk: 'disk0',
    files: 1,
    errors: 0,
    leaks: 0,
    repairedErrors: 0,
    repairedLeaks: 0,
    ...found,
  });

test('nothing is told of a disk that nobody looked at', () => {
  expect(lastCare([], 'm', 'disk0')).toBeUndefined();
  expect(lastCare([check('1', {})], 'm', 'disk1')).toBeUndefined();
  expect(lastCare([check('1', {})], 'other', 'disk0')).toBeUndefined();
});

test('the newest look counts, whatever order the tasks have', () => {
  const tasks = [
    check('2026-01-02', { leaks: 3 }),
    check('2026-01-03', {}),
    check('2026-01-01', { errors: 2 }),
  ];
  expect(lastCare(tasks, 'm', 'disk0')).toEqual({
    kind: 'sound',
    count: 0,
    repaired: 0,
    ended: '2026-01-03',
  });
});

test('damage weighs more than leaks, and what was repaired is counted', () => {
  expect(lastCare([check('1', { errors: 2, leaks: 5, repairedLeaks: 1 })], 'm', 'disk0')).toEqual({
    kind: 'damaged',
    count: 2,
    repaired: 1,
    ended: '1',
  });
  expect(lastCare([check('1', { files: 0 })], 'm', 'disk0')?.kind).toBe('raw');
});

test('a rewriting that failed says nothing', () => {
  const result = { disk: 'disk0', before: 10, after: 4 };
  expect(lastCare([task('compact-disk', '2', result, { state: 'failed' })], 'm', 'disk0')).toBeUndefined();
  expect(lastCare([task('convert-disk', '2', result)], 'm', 'disk0')).toEqual({
    kind: 'rewritten',
    before: 10,
    after: 4,
    ended: '2',
  });
});
