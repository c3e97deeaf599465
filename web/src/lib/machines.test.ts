import { expect, it } from 'vitest';

import type { Machine } from '../api/types';
import { bestMatches, matchScore } from './search';
import { codeOf } from './loginCode';
import { freeName, isMachineName, numberedNames, powerActs, selectMachines } from './machines';
import { columnsOf } from './series';
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
  const { times, of } = columnsOf([at(10), at(100), at(102), at(140)], 60);
  expect(times).toEqual([100, 102, 103, 140]);
  expect(of((sample) => sample.cpuPercent)).toEqual([100, 102, null, 140]);
  expect(columnsOf([], 60).times).toEqual([]);
});
