import { expect, it } from 'vitest';

import { applyEvent, applyEvents, keptTasks, sampleOf } from './reducer';
import type { Inventory, LiveEvent, Machine, Task } from './types';

const machine = (id: string, more: object = {}) =>
  ({ id, name: id, revision: 1, ...more }) as unknown as Machine;
const task = (id: string, more: object = {}) =>
  ({ id, state: 'running', ended: null, ...more }) as unknown as Task;
const empty: Inventory = {
  sequence: 5,
  host: { hostname: 'a', cpuPercent: 1 } as Inventory['host'],
  machines: [machine('m1'), machine('m2')],
  images: [],
  tasks: [],
};
const event = (type: string, data: unknown, sequence = 6): LiveEvent => ({ type, data, sequence });

it('replaces a machine by id, so that a rename keeps its place', () => {
  const next = applyEvent(
    empty,
    event('machine', { action: 'updated', machine: machine('m1', { name: 'renamed' }) }),
  );
  expect(next.machines.map((one) => one.name)).toEqual(['renamed', 'm2']);
  expect(next.sequence).toBe(6);
  expect(next.machines[1]).toBe(empty.machines[1]);
});

it('adds what is new and drops what is deleted', () => {
  const next = applyEvents(empty, [
    event('machine', { action: 'created', machine: machine('m3') }),
    event('machine', { action: 'deleted', machine: { id: 'm1', name: 'm1' } }),
    event('machine', { action: 'deleted', machine: { name: 'm2' } }),
  ]);
  expect(next.machines.map((one) => one.id)).toEqual(['m3']);
});

it('does not let an older revision win', () => {
  const newer = applyEvent(
    empty,
    event('machine', { action: 'updated', machine: machine('m1', { revision: 4 }) }),
  );
  const late = applyEvent(
    newer,
    event('machine', { action: 'updated', machine: machine('m1', { revision: 3 }) }),
  );
  expect(late.machines[0]?.revision).toBe(4);
});

it('puts new tasks first, keeps a bounded number, and never reopens an ended one', () => {
  let next = empty;
  for (let index = 0; index < keptTasks + 5; index += 1)
    next = applyEvent(next, event('task', { action: 'created', task: task(`t${index}`) }));
  expect(next.tasks).toHaveLength(keptTasks);
  expect(next.tasks[0]?.id).toBe(`t${keptTasks + 4}`);

  const id = next.tasks[0]?.id ?? '';
  const ended = applyEvent(next, event('task', { task: task(id, { state: 'succeeded', ended: 'now' }) }));
  const late = applyEvent(ended, event('task', { task: task(id) }));
  expect(late.tasks[0]?.state).toBe('succeeded');
});

it('takes the host wrapped or bare', () => {
  expect(applyEvent(empty, event('host', { host: { cpuPercent: 7 } })).host.cpuPercent).toBe(7);
  expect(applyEvent(empty, event('host', { cpuPercent: 8 })).host).toEqual({ hostname: 'a', cpuPercent: 8 });
});

it('survives events it does not know', () => {
  for (const data of [null, 'text', {}, { machine: null }, { action: 1 }])
    for (const type of ['machine', 'image', 'task', 'host', 'unheard-of'])
      expect(applyEvent(empty, event(type, data)).machines).toEqual(empty.machines);
});

it('reads a sample from a metrics event only', () => {
  expect(sampleOf(event('metrics', { machine: 'm1', sample: { cpuPercent: 3 } }))?.sample.cpuPercent).toBe(3);
  expect(sampleOf(event('metrics', { machine: 'm1' }))).toBeNull();
  expect(sampleOf(event('task', { machine: 'm1', sample: {} }))).toBeNull();
});
