// Snapshots of a machine.

export interface Snapshot {
  id: string;
  name: string;
  note: string;
  created: string;
  /** Name of the snapshot that it was made on; empty for a first one. */
  parent: string;
  kind: 'disks' | 'memory';
  running: boolean;
  quiet: boolean;
  screenshot: boolean;
  current: boolean;
  size: number;
  disks: string[];
  leftOut: string[];
}

export interface SnapshotTree {
  /** Each behind the one that it was made on. */
  snapshots: Snapshot[];
  current: string;
  /** The present may differ from the snapshot that it stands on. */
  changed: boolean;
  size: number;
}

export interface SnapshotRemoval {
  snapshots: string[];
  mergedInto: string[];
  present: boolean;
  removes: string[];
  size: number;
}

export interface RestoreRequest {
  discard?: boolean;
  keep?: boolean;
  keepName?: string;
}
