import { expect, it } from 'vitest';

import type { Machine } from '../api/types';
import { bestMatches, matchScore } from './search';
import { codeOf } from './loginCode';
import {
  freeName,
  groupMachines,
  isMachineName,
  numberedNames,
  powerActs,
  selectMachines,
  sizeNow,
  type GroupKey,
} from './machines';
import { columnsOf, lonePoints } from './series';
import type { Sample } from '../api/types';

const machine = (name: string, status: string, cpuPercent = 0) =>
  ({
    name,
    description: '',
    group: '',
    tags: [],
    created: '',
    metrics: { cpuPercent },
    spec: { os: { id: 'debian12' }, memory: { size: 1 } },
    state: { status, guestHostname: '', addresses: ['10.0.2.15'] },
  }) as unknown as Machine;

const all = [machine('node-10', 'stopped'), machine('node-9', 'running', 5), machine('web', 'running', 50)];
const names = (list: Machine[]) => list.map((one) => one.name);

it('filters by words and state and sorts naturally', () => {
  expect(names(selectMachines(all, { text: '', status: 'all', sort: 'name' }))).toEqual([
    'node-9',
    'node-10',
    'web',
  ]);
  expect(names(selectMachines(all, { text: 'NODE debian', status: 'running', sort: 'name' }))).toEqual([
    'node-9',
  ]);
  expect(names(selectMachines(all, { text: '', status: 'all', sort: 'cpu' }))).toEqual([
    'web',
    'node-9',
    'node-10',
  ]);
});

it('checks and makes names', () => {
  for (const good of ['a', 'web-1', '0', 'x'.repeat(63)]) expect(isMachineName(good)).toBe(true);
  for (const bad of ['', '-a', 'a-', 'A', 'a_b', 'x'.repeat(64), 'ä']) expect(isMachineName(bad)).toBe(false);
  expect(numberedNames('web', 1)).toEqual(['web']);
  expect(numberedNames('web', 10).at(0)).toBe('web-01');
  expect(freeName('web', ['web', 'web-2'])).toBe('web-3');
});

it('offers no act that cannot be done', () => {
  expect(powerActs('running').primary).toBe('stop');
  expect(powerActs('stopped')).toEqual({ primary: 'start', more: [] });
  expect(powerActs('stopping').primary).toBeNull();
});

it('finds by every word, starts first', () => {
  expect(matchScore('Shut down web', 'web shut')).toBeGreaterThan(0);
  expect(matchScore('Shut down web', 'web start')).toBe(0);
  expect(bestMatches(['cobweb', 'my web', 'web'], 'web', (text) => text, 2)).toEqual(['web', 'my web']);
});

it('takes the code out of whatever is pasted', () => {
  expect(codeOf(' http://127.0.0.1:7077/login?code=ab%2Bc ')).toBe('ab+c');
  expect(codeOf('abc')).toBe('abc');
});

it('breaks the line where samples are missing', () => {
  const at = (seconds: number) =>
    ({ time: new Date(seconds * 1000).toISOString(), cpuPercent: seconds }) as Sample;
  const { times, of, from, until } = columnsOf([at(10), at(100), at(102), at(140)], {
    seconds: 60,
    interval: 2,
  });
  expect(times).toEqual([100, 102, 103, 140]);
  expect(of((sample) => sample.cpuPercent)).toEqual([100, 102, null, 140]);
  expect([from, until]).toEqual([80, 140]);
  expect(columnsOf([], { seconds: 60, interval: 2 }).times).toEqual([]);
});

it('takes the distance of means for no gap, and ends the axis where it is told', () => {
  const at = (seconds: number) => ({ time: new Date(seconds * 1000).toISOString(), cpuPercent: 1 }) as Sample;
  const { times, from } = columnsOf([at(30), at(60), at(120), at(300)], {
    seconds: 3600,
    interval: 30,
    until: 3660,
  });
  expect(times).toEqual([60, 120, 135, 300]);
  expect(from).toBe(60);
});

it('marks the points that no line reaches', () => {
  expect(lonePoints([1, null, 2, 3, null, 4])).toEqual([0, 5]);
  expect(lonePoints([1])).toEqual([0]);
  expect(lonePoints([null, 1, 2])).toEqual([]);
});

it('groups by folder, tag and state, those without one last', () => {
  const some = [
    { ...machine('a', 'stopped'), group: 'lab', tags: ['web', 'ci'] },
    { ...machine('b', 'running'), group: '', tags: [] },
    { ...machine('c', 'running'), group: 'build', tags: ['ci', 'ci'] },
  ];
  const shape = (by: GroupKey) =>
    groupMachines(some, by).map((group) => [group.name, ...names(group.machines)]);
  expect(shape('none')).toEqual([['', 'a', 'b', 'c']]);
  expect(shape('group')).toEqual([
    ['build', 'c'],
    ['lab', 'a'],
    ['', 'b'],
  ]);
  expect(shape('tag')).toEqual([
    ['ci', 'a', 'c'],
    ['web', 'a'],
    ['', 'b'],
  ]);
  expect(shape('state')).toEqual([
    ['running', 'b', 'c'],
    ['stopped', 'a'],
  ]);
});

it('says what a running machine has, not what waits for its next start', () => {
  const changed = {
    spec: { cpu: { count: 4 }, memory: { size: 2048 } },
    pending: [{ field: 'spec.cpu.count', running: 2, next: 4 }],
  } as unknown as Machine;
  expect(sizeNow(changed)).toEqual({ cpus: 2, memory: 2048 });
  expect(sizeNow({ ...changed, pending: [] })).toEqual({ cpus: 4, memory: 2048 });
});
