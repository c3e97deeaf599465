// The processors of the host, and what is bound to them.
export type CoreKind = 'plain' | 'performance' | 'efficiency' | 'lowPower';

/** A thread that the kernel runs things on. */
export interface HostProcessor {
  id: number;
  online: boolean;
  core: number | null;
  maxMhz: number | null;
  loadPercent: number | null;
}

export interface HostCore {
  id: number;
  package: number;
  die: number;
  node: number | null;
  l3: number | null;
  cluster: number | null;
  kind: CoreKind;
  processors: number[];
}

export interface HostCacheGroup {
  id: number;
  size: number;
  processors: number[];
}

export interface HostNumaNode {
  id: number;
  memoryTotal: number;
  memoryFree: number;
  distances: number[];
  processors: number[];
}

/** A machine that is bound to processors of the host. */
export interface ProcessorOwner {
  machine: string;
  running: boolean;
  pinning: Pinning;
  processors: number[];
}

export interface HostTopology {
  model: string;
  packages: { id: number; processors: number[] }[];
  nodes: HostNumaNode[];
  l3Groups: HostCacheGroup[];
  clusters: HostCacheGroup[];
  cores: HostCore[];
  processors: HostProcessor[];
  owners: ProcessorOwner[];
}

/** Processors of the host as lists such as `0-3,8`; empty: any. */
export interface Pinning {
  vcpus: string[];
  emulator: string;
  /** Of the disk threads; empty: those of `emulator`. */
  io: string;
  exclusive: boolean;
}

export type PinningGoal = 'fastest' | 'balanced' | 'quiet';

/** Where the processors of a machine should run. */
export interface PinningProposal {
  pinning: Pinning;
  node: number | null;
  reasons: string[];
  warnings: string[];
}
