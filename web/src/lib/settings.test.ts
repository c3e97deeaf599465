import { expect, it } from 'vitest';

import type { Machine, Setting } from '../api/types';
import { categoryOf, inGroups, madeBy, mergePatches, patchOf, readSetting } from './settings';

const machine = {
  description: 'text',
  spec: { cpu: { count: 2 }, firmware: 'uefi' },
} as unknown as Machine;

it('reads by key, inside and outside of the spec', () => {
  expect(readSetting(machine, 'cpu.count')).toBe(2);
  expect(readSetting(machine, 'spec.cpu.count')).toBe(2);
  expect(readSetting(machine, 'description')).toBe('text');
  expect(readSetting(machine, 'cpu.none')).toBeUndefined();
  expect(readSetting(machine, 'firmware.none')).toBeUndefined();
});

it('makes a merge patch of a key', () => {
  expect(patchOf('cpu.count', 4)).toEqual({ spec: { cpu: { count: 4 } } });
  expect(patchOf('spec.memory.size', 1)).toEqual({ spec: { memory: { size: 1 } } });
  expect(patchOf('tags', ['a'])).toEqual({ tags: ['a'] });
});

it('puts several patches into one', () => {
  expect(
    mergePatches([patchOf('cpu.count', 4), patchOf('cpu.model', 'max'), patchOf('description', '')]),
  ).toEqual({
    spec: { cpu: { count: 4, model: 'max' } },
    description: '',
  });
});

it('knows a category for every key', () => {
  expect(categoryOf('cpu.count')).toBe('processor');
  expect(categoryOf('nics[].linkUp')).toBe('network');
  expect(categoryOf('something.new')).toBe('behaviour');
});

it('puts rows that belong together under one heading, and those of no group first', () => {
  const rows = ['cpu.topology.cores', 'cpu.count', 'cpu.pinning.vcpus', 'cpu.topology.threads', 'arch'].map(
    (key) => ({ key }) as Setting,
  );
  expect(inGroups(rows).map(({ group, rows: members }) => [group, members.map(({ key }) => key)])).toEqual([
    ['', ['cpu.count', 'arch']],
    ['topology', ['cpu.topology.cores', 'cpu.topology.threads']],
    ['pinning', ['cpu.pinning.vcpus']],
  ]);
});

it('finds what a setting makes', () => {
  const made = (setting: string, argument: string, also: string[] = []) => ({
    setting,
    argument,
    value: '',
    also,
  });
  const command = {
    program: 'qemu',
    arguments: [
      made('visor', '-S'),
      made('spec.cpu.count', '-smp', ['spec.cpu.topology']),
      made('spec.nics[0].forwards', '-netdev 0'),
      made('spec.nics[10]', '-device 10'),
      made('spec.nics[1].model', '-device 1'),
    ],
    steps: [
      { kind: 'affinity', target: 'other threads', value: '0-1', setting: 'spec.cpu.pinning.emulator' },
    ],
  };
  const found = (key: string) => madeBy(command, key);
  expect(found('cpu.count')).toEqual(['-smp']);
  expect(found('cpu.topology')).toEqual(['-smp']);
  expect(found('cpu.pinning.emulator')).toEqual(['affinity other threads: 0-1']);
  expect(found('nics[0]')).toEqual(['-netdev 0']);
  expect(found('nics[1]')).toEqual(['-device 1']);
  expect(found('nics')).toHaveLength(3);
  expect(found('description')).toEqual([]);
});
