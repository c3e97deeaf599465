// Which vCPU of a machine runs on which processors of the host: what the user draws, and what is wrong with it. Pure.
import type { HostCore, HostTopology, Pinning, ProcessorOwner } from '../api/topologyTypes';

/** The n-th vCPU, all disk threads, or all other threads of QEMU. */
export type Piece = number | 'emulator' | 'io';

/** For each piece the processors that may run it; none: any. */
export interface PinDraft {
  vcpus: number[][];
  emulator: number[];
  /** null: there are no disk threads. */
  io: number[] | null;
}

/** `0-3,8` as numbers, ascending and each once; what is no list names nothing. */
export function parseCpuList(text: string): number[] {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    if (!match) continue;
    const last = Number(match[2] ?? match[1]);
    for (let id = Number(match[1]); id <= last; id += 1) found.add(id);
  }
  return [...found].sort((a, b) => a - b);
}

/** [0, 1, 2, 5] -> `0-2,5` */
export function cpuListText(numbers: number[]): string {
  const runs: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

export function draftOf(pinning: Pinning, count: number, diskThreads = pinning.io !== ''): PinDraft {
  const vcpus = Array.from({ length: Math.max(count, pinning.vcpus.length) }, (_, index) =>
    parseCpuList(pinning.vcpus[index] ?? ''),
  );
  return {
    vcpus,
    emulator: parseCpuList(pinning.emulator),
    io: diskThreads ? parseCpuList(pinning.io) : null,
  };
}

/** As the daemon wants it: vCPUs behind the last one that is bound are not named. */
export function pinningOf(draft: PinDraft): Omit<Pinning, 'exclusive'> {
  const bound = draft.vcpus.map((processors) => processors.length > 0).lastIndexOf(true);
  return {
    vcpus: draft.vcpus.slice(0, bound + 1).map(cpuListText),
    emulator: cpuListText(draft.emulator),
    io: cpuListText(draft.io ?? []),
  };
}

export const piecesOf = (draft: PinDraft): Piece[] => [
  ...draft.vcpus.keys(),
  'emulator',
  ...(draft.io ? (['io'] as const) : []),
];

export function placesOf(draft: PinDraft, piece: Piece): number[] {
  if (piece === 'emulator') return draft.emulator;
  return (piece === 'io' ? draft.io : draft.vcpus[piece]) ?? [];
}

function withPlaces(draft: PinDraft, piece: Piece, processors: number[]): PinDraft {
  const sorted = [...new Set(processors)].sort((a, b) => a - b);
  if (piece === 'emulator') return { ...draft, emulator: sorted };
  if (piece === 'io') return { ...draft, io: sorted };
  return { ...draft, vcpus: draft.vcpus.map((old, index) => (index === piece ? sorted : old)) };
}

/** Onto these processors alone, or to those it has besides. */
export const place = (draft: PinDraft, piece: Piece, processors: number[], add = false) =>
  withPlaces(draft, piece, add ? [...placesOf(draft, piece), ...processors] : processors);

/** From one of its processors to another: the rest of its list stays. */
export const move = (draft: PinDraft, piece: Piece, from: number, to: number) =>
  withPlaces(
    draft,
    piece,
    placesOf(draft, piece).map((id) => (id === from ? to : id)),
  );

/** Off one processor, or off all: then it may run anywhere. */
export const release = (draft: PinDraft, piece: Piece, processor?: number) =>
  withPlaces(
    draft,
    piece,
    processor === undefined ? [] : placesOf(draft, piece).filter((id) => id !== processor),
  );

export interface PinChange {
  piece: Piece;
  from: number[];
  to: number[];
}

export function changesOf(before: PinDraft, after: PinDraft): PinChange[] {
  return piecesOf(after)
    .map((piece) => ({ piece, from: placesOf(before, piece), to: placesOf(after, piece) }))
    .filter(({ from, to }) => from.join() !== to.join());
}

/** The pieces that may run on a processor. */
export const piecesOn = (draft: PinDraft, processor: number) =>
  piecesOf(draft).filter((piece) => placesOf(draft, piece).includes(processor));

/** A, B, ... Z, AA, ...: by which an owner is found in the picture, whatever its colour. */
export function ownerMark(place: number): string {
  let mark = '';
  for (let rest = place + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    mark = String.fromCharCode(65 + ((rest - 1) % 26)) + mark;
  return mark;
}

export interface MarkedOwner {
  owner: ProcessorOwner;
  mark: string;
  /** Its place among all owners, for the colour. */
  index: number;
}

/** The owners of each processor, all but the machine that is being changed. Marks are the same on every page. */
export function ownersByProcessor(owners: ProcessorOwner[], but?: string): Map<number, MarkedOwner[]> {
  const found = new Map<number, MarkedOwner[]>();
  owners.forEach((owner, index) => {
    if (owner.machine === but) return;
    const marked = { owner, mark: ownerMark(index), index };
    for (const id of owner.processors) found.set(id, [...(found.get(id) ?? []), marked]);
  });
  return found;
}

/** What of an owner runs on a processor. */
export const piecesOfOwner = ({ pinning }: ProcessorOwner, processor: number): Piece[] =>
  piecesOn(draftOf(pinning, pinning.vcpus.length), processor);

export type PinWarning =
  | { kind: 'gone' | 'off'; processor: number }
  | { kind: 'exclusive' | 'taken'; processor: number; machine: string }
  | { kind: 'takesAlone'; processor: number; machine: string }
  | { kind: 'sibling'; processor: number; sibling: number; machine: string }
  | { kind: 'crowded'; processor: number; vcpus: number[] }
  | { kind: 'farMemory'; processors: number[]; nodes: number[]; memory: number[] }
  | { kind: 'spread'; nodes: number[] };

interface PinSituation {
  topology: HostTopology;
  machine: string;
  draft: PinDraft;
  /** Nothing else shall run on its processors. */
  exclusive: boolean;
  /** Nodes of the host that hold its memory; none: wherever there is room. */
  memoryNodes: number[];
}

/** A vCPU with a list runs on one of them at a time; only what has no other choice is sure to wait. */
function crowded({ draft }: PinSituation): PinWarning[] {
  const alone = new Map<number, number[]>();
  draft.vcpus.forEach((processors, vcpu) => {
    const [only] = processors;
    if (processors.length === 1 && only !== undefined) alone.set(only, [...(alone.get(only) ?? []), vcpu]);
  });
  return [...alone]
    .filter(([, vcpus]) => vcpus.length > 1)
    .map(([processor, vcpus]) => ({ kind: 'crowded', processor, vcpus }));
}

function neighbours(situation: PinSituation, used: number[], cores: Map<number, HostCore>): PinWarning[] {
  const { topology, machine, exclusive } = situation;
  const found: PinWarning[] = [];
  const owners = ownersByProcessor(topology.owners, machine);
  for (const processor of used) {
    for (const { owner } of owners.get(processor) ?? []) {
      if (owner.pinning.exclusive) found.push({ kind: 'exclusive', processor, machine: owner.machine });
      else found.push({ kind: exclusive ? 'takesAlone' : 'taken', processor, machine: owner.machine });
    }
    for (const sibling of cores.get(processor)?.processors ?? []) {
      if (sibling === processor || used.includes(sibling)) continue;
      for (const { owner } of owners.get(sibling) ?? [])
        found.push({ kind: 'sibling', processor, sibling, machine: owner.machine });
    }
  }
  return found;
}

function memoryWarnings({ memoryNodes, draft }: PinSituation, cores: Map<number, HostCore>): PinWarning[] {
  const nodeOf = (processor: number) => cores.get(processor)?.node ?? null;
  const used = [...new Set(draft.vcpus.flat())].sort((a, b) => a - b);
  const nodes = [...new Set(used.map(nodeOf).filter((node) => node !== null))].sort((a, b) => a - b);
  if (memoryNodes.length === 0) return nodes.length > 1 ? [{ kind: 'spread', nodes }] : [];
  const far = nodes.filter((node) => !memoryNodes.includes(node));
  if (far.length === 0) return [];
  const processors = used.filter((id) => far.includes(nodeOf(id) ?? -1));
  return [{ kind: 'farMemory', processors, nodes: far, memory: memoryNodes }];
}

/** What the user should know before the machine is bound so. */
export function warningsOf(situation: PinSituation): PinWarning[] {
  const { topology, draft } = situation;
  const used = [...new Set([...draft.vcpus.flat(), ...draft.emulator, ...(draft.io ?? [])])].sort(
    (a, b) => a - b,
  );
  const known = new Map(topology.processors.map((processor) => [processor.id, processor]));
  const cores = new Map(topology.cores.flatMap((core) => core.processors.map((id) => [id, core] as const)));
  const absent = used
    .filter((id) => !known.get(id)?.online)
    .map((processor): PinWarning => ({ kind: known.has(processor) ? 'off' : 'gone', processor }));
  return [
    ...absent,
    ...neighbours(situation, used, cores),
    ...crowded(situation),
    ...memoryWarnings(situation, cores),
  ];
}
