import { expect, it } from 'vitest';

import type { SystemPreset } from '../api/catalogueTypes';
import type { Host, Image } from '../api/types';
import {
  emptyForm,
  formProblems,
  requestOf,
  shownChoices,
  sizeWarnings,
  suggestedBase,
  withSystem,
} from './create';

const image = { name: 'debian/12', virtualSize: 2 * 1024 ** 3, cloudInit: true } as Image;
const host = {
  cpu: { threads: 2 },
  memory: { available: 2 * 1024 ** 3 },
  storage: { free: 1024 ** 4 },
} as Host;

it('is complete without an answer', () => {
  expect(formProblems(emptyForm, suggestedBase(emptyForm, image), [], image)).toEqual([]);
  expect(requestOf(emptyForm, 'debian-12', image, '')).toEqual({
    name: 'debian-12',
    image: 'debian/12',
    diskSize: 10 * 1024 ** 3,
    spec: { cpu: { count: 1 }, memory: { size: 1024 ** 3 } },
    user: 'visor',
    start: true,
    wait: 'ready',
  });
});

it('sends keys and a password only to a guest that can take them', () => {
  const form = { ...emptyForm, sshKey: 'ssh-ed25519 A\n\nssh-ed25519 B\n' };
  expect(requestOf(form, 'a', image, 'secret')).toMatchObject({
    sshKeys: ['ssh-ed25519 A', 'ssh-ed25519 B'],
    password: 'secret',
  });
  const bare = requestOf(form, 'a', { ...image, cloudInit: false }, 'secret');
  expect(bare.password).toBeUndefined();
  expect(bare.sshKeys).toBeUndefined();
  expect(bare.wait).toBe('running');
});

it('asks for what it lacks', () => {
  expect(formProblems(emptyForm, 'a', [], undefined)).toContain('noImage');
  expect(formProblems({ ...emptyForm, source: 'iso' }, 'a', [], undefined)).toContain('noIso');
  expect(formProblems(emptyForm, 'a', ['a'], image)).toContain('nameTaken');
  expect(formProblems({ ...emptyForm, quantity: 2 }, 'a', ['a-2'], image)).toContain('nameTaken');
});

it('warns before the host is overcommitted', () => {
  expect(sizeWarnings(emptyForm, host, image)).toEqual([]);
  expect(sizeWarnings({ ...emptyForm, preset: 'large' }, host, image)).toEqual(['cpus', 'memory']);
  expect(sizeWarnings({ ...emptyForm, quantity: 3 }, host, image)).toEqual(['memory']);
  const custom = { cpus: 1, memory: 1024 ** 3, disk: 1024 ** 3 };
  expect(sizeWarnings({ ...emptyForm, preset: 'custom', custom }, host, image)).toEqual(['diskBelowImage']);
  const tooSmall = formProblems({ ...emptyForm, preset: 'custom', custom }, 'a', [], image);
  expect(tooSmall, 'the daemon refuses it').toEqual(['diskBelowImage']);
});

it('takes the size that a chosen system wants, and tells the daemon which system it is', () => {
  const preset = {
    system: { id: 'win11', family: 'windows' },
    preset: [
      { setting: 'memory.size', value: 4 * 1024 ** 3, reason: '' },
      { setting: 'disks[].bus', value: 'sata', reason: '' },
    ],
  } as SystemPreset;
  const form = { ...emptyForm, source: 'iso' as const, iso: '/w.iso', ...withSystem(preset) };
  expect(form.custom).toEqual({ cpus: 2, memory: 4 * 1024 ** 3, disk: 10 * 1024 ** 3 });
  expect(requestOf(form, 'w', undefined, '').spec).toEqual({
    cpu: { count: 2 },
    memory: { size: 4 * 1024 ** 3 },
    os: { id: 'win11' },
  });
  expect(suggestedBase(form, undefined)).toBe('win11');
  expect(shownChoices(preset).map(({ setting }) => setting)).toEqual(['disks[].bus']);
});
