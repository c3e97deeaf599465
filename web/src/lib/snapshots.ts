// The tree of snapshots as rows. Pure.
import type { Snapshot, SnapshotTree } from '../api/snapshotTypes';

/** One line of the tree: a snapshot, or the present. */
export interface TreeRow {
  key: string;
  depth: number;
  snapshot: Snapshot | null;
}

/** The present stands below the snapshot that it was made on, or first when there is none. */
export function treeRows(tree: SnapshotTree): TreeRow[] {
  const depths = new Map<string, number>();
  const rows: TreeRow[] = [];
  if (tree.current === '') rows.push({ key: 'present', depth: 0, snapshot: null });
  for (const snapshot of tree.snapshots) {
    const depth = snapshot.parent === '' ? 0 : (depths.get(snapshot.parent) ?? -1) + 1;
    depths.set(snapshot.name, depth);
    rows.push({ key: snapshot.id, depth, snapshot });
    if (snapshot.current) rows.push({ key: 'present', depth: depth + 1, snapshot: null });
  }
  return rows;
}

/** Whether something stands on it: it can go with all of its branch. */
export const hasChildren = (tree: SnapshotTree, snapshot: Snapshot) =>
  tree.snapshots.some((other) => other.parent === snapshot.name);
