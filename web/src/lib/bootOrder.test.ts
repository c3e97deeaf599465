import { expect, test } from 'vitest';

import type { MachineSpec } from '../api/types';
import { bootDevices, bootOrder, bootPatch, moved } from './bootOrder';

const spec = {
  disks: [
    { id: 'root', device: 'disk', bootIndex: 5 },
    { id: 'data', device: 'disk', bootIndex: -1 },
    { id: 'cd', device: 'cdrom', bootIndex: 2 },
  ],
  nics: [{ id: 'nic0', bootIndex: 9 }],
} as unknown as MachineSpec;

test('devices come in the order in which they are tried, those that are not last', () => {
  expect(bootDevices(spec).map(({ id, kind, place }) => [id, kind, place])).toEqual([
    ['cd', 'cdrom', 0],
    ['root', 'disk', 1],
    ['nic0', 'network', 2],
    ['data', 'disk', -1],
  ]);
});

test('a device moves to a place and never out of the order', () => {
  const order = bootOrder(spec);
  expect(moved(order, 'nic0', 0)).toEqual(['nic0', 'cd', 'root']);
  expect(moved(order, 'cd', 2)).toEqual(['root', 'nic0', 'cd']);
  expect(moved(order, 'cd', -1)).toEqual(order);
  expect(moved(order, 'nic0', 3)).toEqual(order);
  expect(moved(order, 'data', 0)).toEqual(order);
});

test('the patch names every device, so that no two can have one place', () => {
  expect(bootPatch(spec, ['root', 'nic0'])).toEqual({
    spec: {
      disks: [
        { id: 'root', device: 'disk', bootIndex: 0 },
        { id: 'data', device: 'disk', bootIndex: -1 },
        { id: 'cd', device: 'cdrom', bootIndex: -1 },
      ],
      nics: [{ id: 'nic0', bootIndex: 1 }],
    },
  });
});
