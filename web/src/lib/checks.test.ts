import { describe, expect, it } from 'vitest';

import type { HostCheck } from '../api/catalogueTypes';
import { fatalChecks, groupChecks, openChecks } from './checks';

const check = (id: string, feature: string, more: Partial<HostCheck> = {}): HostCheck => ({
  id,
  feature,
  title: id,
  state: 'ok',
  needed: false,
  reason: '',
  fix: '',
  command: '',
  ...more,
});

describe('checks of the host', () => {
  it('stand below the feature that needs them, each once', () => {
    const groups = groupChecks([check('a', 'memory'), check('b', 'rights'), check('c', 'memory')]);
    expect(groups.map(({ feature, checks }) => [feature, checks.map(({ id }) => id)])).toEqual([
      ['memory', ['a', 'c']],
      ['rights', ['b']],
    ]);
  });

  it('are open unless they are fine', () => {
    const states = (['ok', 'limited', 'off', 'missing'] as const).map((state) =>
      check(state, 'x', { state }),
    );
    expect(openChecks(states).map(({ id }) => id)).toEqual(['limited', 'off', 'missing']);
  });

  it('keep machines from running only when what is needed is missing', () => {
    const list = [
      check('spare', 'x', { state: 'missing' }),
      check('slow', 'x', { state: 'limited', needed: true }),
      check('gone', 'x', { state: 'missing', needed: true }),
    ];
    expect(fatalChecks(list).map(({ id }) => id)).toEqual(['gone']);
  });
});
