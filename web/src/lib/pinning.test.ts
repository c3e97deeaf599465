import { describe, expect, it } from 'vitest';

import type { HostTopology, Pinning, ProcessorOwner } from '../api/topologyTypes';
import {
  changesOf,
  cpuListText,
  draftOf,
  move,
  ownerMark,
  ownersByProcessor,
  parseCpuList,
  piecesOfOwner,
  piecesOn,
  pinningOf,
  place,
  release,
  warningsOf,
} from './pinning';

const pinning = (vcpus: string[], more: Partial<Pinning> = {}): Pinning => ({
  vcpus,
  emulator: '',
  exclusive: false,
  io: '',
  ...more,
});
const owner = (machine: string, what: Pinning, running = true): ProcessorOwner => ({
  machine,
  running,
  pinning: what,
  processors: [...new Set([...what.vcpus, what.emulator].flatMap(parseCpuList))],
});

/** Two nodes with two cores of two threads each: 0-1, 2-3 and 4-5, 6-7; the last thread is switched off. */
const host = (owners: ProcessorOwner[] = []): HostTopology => ({
  model: '',
  packages: [],
  nodes: [],
  l3Groups: [],
  clusters: [],
  cores: [0, 1, 2, 3].map((id) => ({
    id,
    package: 0,
    die: 0,
    node: id < 2 ? 0 : 1,
    l3: null,
    cluster: null,
    kind: 'plain',
    processors: [2 * id, 2 * id + 1],
  })),
  processors: [0, 1, 2, 3, 4, 5, 6, 7].map((id) => ({
    id,
    online: id < 7,
    core: null,
    maxMhz: null,
    loadPercent: null,
  })),
  owners,
});

const warn = (vcpus: string[], owners: ProcessorOwner[] = [], more = {}) =>
  warningsOf({
    topology: host(owners),
    machine: 'mine',
    draft: draftOf(pinning(vcpus), vcpus.length),
    exclusive: false,
    memoryNodes: [],
    ...more,
  });

describe('lists of processors', () => {
  it('are read and written as the kernel does', () => {
    expect(parseCpuList('0-3,8')).toEqual([0, 1, 2, 3, 8]);
    expect(parseCpuList('8, 1,1')).toEqual([1, 8]);
    expect(parseCpuList('')).toEqual([]);
    expect(parseCpuList('nonsense,5')).toEqual([5]);
    expect(cpuListText([8, 2, 1, 0])).toBe('0-2,8');
    expect(cpuListText([])).toBe('');
  });
});

describe('what is put where', () => {
  const two = draftOf(pinning(['2-3'], { emulator: '0' }), 2);

  it('has a place for each vCPU, bound or not', () => {
    expect(two).toEqual({ vcpus: [[2, 3], []], emulator: [0], io: null });
    expect(draftOf(pinning(['0', '1', '2']), 2).vcpus).toHaveLength(3);
  });

  it('replaces, adds, moves one of several and takes off', () => {
    expect(place(two, 1, [5]).vcpus).toEqual([[2, 3], [5]]);
    expect(place(two, 0, [1], true).vcpus[0]).toEqual([1, 2, 3]);
    expect(move(two, 0, 3, 6).vcpus[0]).toEqual([2, 6]);
    expect(move(two, 0, 3, 2).vcpus[0]).toEqual([2]);
    expect(release(two, 0, 3).vcpus[0]).toEqual([2]);
    expect(release(two, 0).vcpus[0]).toEqual([]);
    expect(place(two, 'emulator', [4, 5]).emulator).toEqual([4, 5]);
    expect(piecesOn(two, 0)).toEqual(['emulator']);
  });

  it('is sent without the vCPUs at the end that may run anywhere', () => {
    expect(pinningOf(two)).toEqual({ vcpus: ['2-3'], emulator: '0', io: '' });
    expect(pinningOf(place(two, 1, [5]))).toEqual({ vcpus: ['2-3', '5'], emulator: '0', io: '' });
    expect(pinningOf(release(release(two, 0), 'emulator'))).toEqual({ vcpus: [], emulator: '', io: '' });
    expect(pinningOf(place(release(two, 0), 1, [1])).vcpus).toEqual(['', '1']);
  });

  it('names only what would change', () => {
    expect(changesOf(two, place(two, 1, [5]))).toEqual([{ piece: 1, from: [], to: [5] }]);
    expect(changesOf(two, release(two, 'emulator'))).toEqual([{ piece: 'emulator', from: [0], to: [] }]);
    expect(changesOf(two, place(two, 0, [3, 2]))).toEqual([]);
  });
});

describe('owners', () => {
  it('have marks that go on behind Z, the same with and without one of them', () => {
    expect([0, 25, 26, 27, 701, 702].map(ownerMark)).toEqual(['A', 'Z', 'AA', 'AB', 'ZZ', 'AAA']);
    const owners = [owner('a', pinning(['0'])), owner('b', pinning(['0', '1']))];
    expect(ownersByProcessor(owners, 'a').get(0)).toMatchObject([{ mark: 'B', index: 1 }]);
    expect(ownersByProcessor(owners).get(0)).toHaveLength(2);
    expect(ownersByProcessor(owners, 'a').get(2)).toBeUndefined();
  });

  it('tell what of them runs on a processor', () => {
    const one = owner('a', pinning(['0-1', '1'], { emulator: '1' }));
    expect(piecesOfOwner(one, 1)).toEqual([0, 1, 'emulator']);
    expect(piecesOfOwner(one, 0)).toEqual([0]);
  });
});

describe('warnings', () => {
  it('there are none for processors that nobody else has', () => {
    expect(warn(['0', '1'], [owner('other', pinning(['4']))])).toEqual([]);
  });

  it('name a processor of another machine, and whether that has it alone', () => {
    expect(warn(['4'], [owner('other', pinning(['4']))])).toEqual([
      { kind: 'taken', processor: 4, machine: 'other' },
    ]);
    expect(warn(['4'], [owner('other', pinning(['4'], { exclusive: true }))])).toEqual([
      { kind: 'exclusive', processor: 4, machine: 'other' },
    ]);
    expect(warn(['4'], [owner('other', pinning(['4']))], { exclusive: true })).toEqual([
      { kind: 'takesAlone', processor: 4, machine: 'other' },
    ]);
  });

  it('name siblings of a core that another machine runs on, but not its own', () => {
    const others = [owner('mine', pinning(['1'])), owner('other', pinning(['3']))];
    expect(warn(['0', '2'], others)).toEqual([
      { kind: 'sibling', processor: 2, sibling: 3, machine: 'other' },
    ]);
  });

  it('name vCPUs that have to take turns, but not those with a choice', () => {
    expect(warn(['0', '0'])).toEqual([{ kind: 'crowded', processor: 0, vcpus: [0, 1] }]);
    expect(warn(['0-1', '0-1'])).toEqual([]);
  });

  it('name memory that is far', () => {
    expect(warn(['0', '4'])).toEqual([{ kind: 'spread', nodes: [0, 1] }]);
    expect(warn(['0', '4', '6'], [], { memoryNodes: [0] })).toEqual([
      { kind: 'farMemory', processors: [4, 6], nodes: [1], memory: [0] },
    ]);
    expect(warn(['0', '4'], [], { memoryNodes: [0, 1] })).toEqual([]);
  });

  it('name processors that are switched off or not there', () => {
    expect(warn(['6', '7', '99']).slice(0, 2)).toEqual([
      { kind: 'off', processor: 7 },
      { kind: 'gone', processor: 99 },
    ]);
  });
});
