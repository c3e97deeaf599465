// The processors of the host as groups within groups, the way they are drawn. Pure.
import type { CoreKind, HostCacheGroup, HostCore, HostNumaNode, HostTopology } from '../api/topologyTypes';

interface Branch {
  key: string;
  processors: number[];
}

/** Cores that share an L2 cache, or those that share it with no other core. */
export interface ClusterBranch extends Branch {
  cluster: HostCacheGroup | null;
  cores: HostCore[];
}

export interface CacheBranch extends Branch {
  l3: HostCacheGroup | null;
  clusters: ClusterBranch[];
}

export interface NodeBranch extends Branch {
  node: HostNumaNode | null;
  caches: CacheBranch[];
}

export interface PackageBranch extends Branch {
  id: number;
  nodes: NodeBranch[];
}

/** In the order of the keys; what has none comes last, as the cores outside of the L3 cache do. */
function grouped(
  cores: HostCore[],
  keyOf: (core: HostCore) => number | null,
  noneFirst = false,
): [number | null, HostCore[]][] {
  const groups = new Map<number | null, HostCore[]>();
  for (const core of cores) groups.set(keyOf(core), [...(groups.get(keyOf(core)) ?? []), core]);
  const none = noneFirst ? -1 : Infinity;
  return [...groups].sort(([a], [b]) => (a ?? none) - (b ?? none));
}

const threadsOf = (cores: HostCore[]) => cores.flatMap((core) => core.processors);

function clusterBranches(topology: HostTopology, cores: HostCore[]): ClusterBranch[] {
  return grouped(cores, (core) => core.cluster, true).map(([id, members]) => ({
    key: String(id),
    processors: threadsOf(members),
    cluster: topology.clusters.find((cluster) => cluster.id === id) ?? null,
    cores: members,
  }));
}

function cacheBranches(topology: HostTopology, cores: HostCore[]): CacheBranch[] {
  return grouped(cores, (core) => core.l3).map(([id, members]) => ({
    key: String(id),
    processors: threadsOf(members),
    l3: topology.l3Groups.find((group) => group.id === id) ?? null,
    clusters: clusterBranches(topology, members),
  }));
}

function nodeBranches(topology: HostTopology, cores: HostCore[]): NodeBranch[] {
  return grouped(cores, (core) => core.node).map(([id, members]) => ({
    key: String(id),
    processors: threadsOf(members),
    node: topology.nodes.find((node) => node.id === id) ?? null,
    caches: cacheBranches(topology, members),
  }));
}

export function topologyTree(topology: HostTopology): PackageBranch[] {
  return grouped(topology.cores, (core) => core.package).map(([id, members]) => ({
    key: String(id),
    id: id ?? 0,
    processors: threadsOf(members),
    nodes: nodeBranches(topology, members),
  }));
}

/** Nodes of memory that no processor is near to. */
export const memoryOnly = (topology: HostTopology) =>
  topology.nodes.filter((node) => node.processors.length === 0);

export const loadsOf = (topology: HostTopology) =>
  new Map(topology.processors.map((processor) => [processor.id, processor.loadPercent]));

/** The mean load of those whose load is known. */
export function meanLoad(loads: Map<number, number | null>, processors: number[]): number | null {
  const known = processors.map((id) => loads.get(id) ?? null).filter((load) => load !== null);
  return known.length === 0 ? null : known.reduce((sum, load) => sum + load, 0) / known.length;
}

export type Heat = 0 | 1 | 2 | 3 | 4;

/** How strongly a load is coloured. */
export function heatOf(load: number): Heat {
  if (load < 5) return 0;
  if (load < 25) return 1;
  if (load < 50) return 2;
  return load < 75 ? 3 : 4;
}

const kinds: CoreKind[] = ['performance', 'efficiency', 'lowPower'];

/** The kinds of cores there are, when they are not all alike. */
export const kindsOf = (topology: HostTopology) =>
  kinds.filter((kind) => topology.cores.some((core) => core.kind === kind));

export const kindMark: Record<CoreKind, string> = {
  plain: '',
  performance: 'P',
  efficiency: 'E',
  lowPower: 'LP',
};

/** `0–2, 5` */
export function ranges(numbers: number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}
