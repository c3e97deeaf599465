import { expect, it } from 'vitest';

import type { Machine, MachineStatus } from '../api/types';
import { cloneNameProblem, cloneNames, copyRefusal, nextCloneName } from './clone';

const machine = (status: MachineStatus) => ({ state: { status } }) as Machine;

it('lets only machines that are off be copied', () => {
  expect(copyRefusal(machine('stopped'))).toBeUndefined();
  expect(copyRefusal(machine('crashed'))).toBeUndefined();
  expect(copyRefusal(machine('saved'))).toBe('saved');
  for (const status of ['running', 'paused', 'starting', 'stopping'] as const)
    expect(copyRefusal(machine(status))).toBe('running');
});

it('numbers several copies as the daemon does', () => {
  expect(cloneNames('web', 1)).toEqual(['web']);
  expect(cloneNames('web', 3)).toEqual(['web-1', 'web-2', 'web-3']);
});

it('finds names that are taken or none', () => {
  const taken = new Set(['web', 'web-2']);
  expect(cloneNameProblem('web', 1, taken)).toBe('nameTaken');
  expect(cloneNameProblem('web', 2, taken)).toBe('nameTaken');
  expect(cloneNameProblem('db', 2, taken)).toBeUndefined();
  expect(cloneNameProblem('', 1, taken)).toBe('nameRule');
  expect(cloneNameProblem('a'.repeat(62), 2, taken)).toBe('nameRule');
});

it('offers the next free name', () => {
  expect(nextCloneName('web', new Set(['web']))).toBe('web-2');
  expect(nextCloneName('web-2', new Set(['web', 'web-2', 'web-3']))).toBe('web-4');
  expect(nextCloneName('a'.repeat(63), new Set()).length).toBeLessThanOrEqual(63);
});
