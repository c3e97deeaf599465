import { describe, expect, it } from 'vitest';

import type { HostCore, HostTopology } from '../api/topologyTypes';
import { heatOf, kindsOf, loadsOf, meanLoad, memoryOnly, ranges, topologyTree } from './topology';

const core = (id: number, processors: number[], more: Partial<HostCore> = {}): HostCore => ({
  id,
  package: 0,
  die: 0,
  node: 0,
  l3: 0,
  cluster: null,
  kind: 'plain',
  processors,
  ...more,
});

const laptop: HostTopology = {
  model: 'Hybrid',
  packages: [{ id: 0, processors: [0, 1, 2, 3, 4] }],
  nodes: [
    { id: 0, memoryTotal: 8, memoryFree: 4, distances: [10, 20], processors: [0, 1, 2, 3, 4] },
    { id: 1, memoryTotal: 8, memoryFree: 8, distances: [20, 10], processors: [] },
  ],
  l3Groups: [{ id: 0, size: 1024, processors: [0, 1, 2, 3] }],
  clusters: [{ id: 0, size: 512, processors: [2, 3] }],
  cores: [
    core(0, [4], { l3: null, kind: 'lowPower' }),
    core(1, [2], { cluster: 0, kind: 'efficiency' }),
    core(2, [3], { cluster: 0, kind: 'efficiency' }),
    core(3, [0, 1], { kind: 'performance' }),
  ],
  processors: [0, 1, 2, 3, 4, 5].map((id) => ({
    id,
    online: id < 5,
    core: null,
    maxMhz: null,
    loadPercent: id < 4 ? id * 10 : null,
  })),
  owners: [],
};

describe('the picture of the processors', () => {
  it('puts cores that share a cache together, and those outside of it last', () => {
    const [one] = topologyTree(laptop);
    const caches = one!.nodes[0]!.caches;
    expect(caches.map(({ l3 }) => l3?.id ?? null)).toEqual([0, null]);
    expect(caches[0]!.clusters.map(({ cores }) => cores.map(({ id }) => id))).toEqual([[3], [1, 2]]);
    expect(caches[0]!.clusters[1]!.cluster?.size).toBe(512);
  });

  it('keeps sockets and nodes apart, also where nodes have no numbers', () => {
    const cores = [core(0, [0], { package: 1, node: null }), core(1, [1], { node: null })];
    const tree = topologyTree({ ...laptop, nodes: [], cores });
    expect(tree.map(({ id, processors }) => [id, processors])).toEqual([
      [0, [1]],
      [1, [0]],
    ]);
    expect(tree[0]!.nodes[0]!.node).toBeNull();
  });

  it('means only what is known', () => {
    const loads = loadsOf(laptop);
    expect(meanLoad(loads, [0, 1, 2, 3, 4])).toBe(15);
    expect(meanLoad(loads, [4, 5, 99])).toBeNull();
  });

  it('colours by steps', () => {
    expect([0, 4.9, 5, 25, 50, 75, 100].map(heatOf)).toEqual([0, 0, 1, 2, 3, 4, 4]);
  });

  it('names the kinds only where there are several, and memory without processors', () => {
    expect(kindsOf(laptop)).toEqual(['performance', 'efficiency', 'lowPower']);
    expect(kindsOf({ ...laptop, cores: [core(0, [0])] })).toEqual([]);
    expect(memoryOnly(laptop).map(({ id }) => id)).toEqual([1]);
  });

  it('shortens lists of numbers', () => {
    expect(ranges([0, 1, 2, 5, 7, 8])).toBe('0–2, 5, 7–8');
    expect(ranges([])).toBe('');
  });
});
