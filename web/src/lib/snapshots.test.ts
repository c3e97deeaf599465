import { expect, test } from 'vitest';

import type { Snapshot, SnapshotTree } from '../api/snapshotTypes';
import { hasChildren, treeRows } from './snapshots';

const snapshot = (name: string, parent: string, current = false): Snapshot => ({
  id: `id-${name}`,
  name,
  note: '',
  created: '2026-01-01T00:00:00Z',
  parent,
  kind: 'disks',
  running: false,
  quiet: false,
  screenshot: false,
  current,
  size: 1,
  disks: ['disk0'],
  leftOut: [],
});
const tree = (current: string, ...snapshots: Snapshot[]): SnapshotTree => ({
  snapshots,
  current,
  changed: true,
  size: 1,
});
const drawn = (of: SnapshotTree) =>
  treeRows(of).map(({ depth, snapshot: row }) => `${depth} ${row?.name ?? 'HERE'}`);

test('the present stands below the snapshot that it was made on', () => {
  const branches = tree(
    'c',
    snapshot('a', ''),
    snapshot('b', 'a'),
    snapshot('c', 'a', true),
    snapshot('d', 'c'),
  );
  expect(drawn(branches)).toEqual(['0 a', '1 b', '1 c', '2 HERE', '2 d']);
});

test('a present on no snapshot comes first', () => {
  expect(drawn(tree('', snapshot('a', '')))).toEqual(['0 HERE', '0 a']);
});

test('a snapshot has a branch when others stand on it', () => {
  const line = tree('b', snapshot('a', ''), snapshot('b', 'a', true));
  expect(line.snapshots.map((one) => hasChildren(line, one))).toEqual([true, false]);
});
