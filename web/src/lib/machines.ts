// Questions about machines that several pages ask. Pure.
import type { Machine, MachineAction, MachineStatus } from '../api/types';

export type PowerAct = MachineAction | 'turnOff';

export const allStatuses: MachineStatus[] = [
  'running',
  'starting',
  'paused',
  'stopping',
  'saved',
  'stopped',
  'crashed',
];

const activeStatuses: MachineStatus[] = ['starting', 'running', 'paused', 'stopping'];

export const isActive = (status: MachineStatus) => activeStatuses.includes(status);
/** There is a QEMU with a screen to look at. */
export const hasScreen = (machine: Machine) =>
  ['running', 'paused', 'starting'].includes(machine.state.status) && machine.spec.display.model !== 'none';

/** What the main button does, and what its menu offers, in this order. */
export function powerActs(status: MachineStatus): { primary: PowerAct | null; more: PowerAct[] } {
  switch (status) {
    case 'stopped':
    case 'crashed':
      return { primary: 'start', more: [] };
    case 'saved':
      return { primary: 'start', more: [] };
    case 'running':
      return { primary: 'stop', more: ['restart', 'pause', 'save', 'reset', 'turnOff'] };
    case 'paused':
      return { primary: 'resume', more: ['save', 'reset', 'turnOff'] };
    case 'starting':
      return { primary: null, more: ['turnOff'] };
    case 'stopping':
      return { primary: null, more: ['turnOff'] };
  }
}

/** What a machine has now: of one that runs, a change that waits for the next start is not it yet. */
export function sizeNow(machine: Machine): { cpus: number; memory: number } {
  const running = (field: string) => {
    const waiting = machine.pending.find((change) => change.field.replace(/^spec\./, '') === field);
    return typeof waiting?.running === 'number' ? waiting.running : undefined;
  };
  return {
    cpus: running('cpu.count') ?? machine.spec.cpu.count,
    memory: running('memory.size') ?? machine.spec.memory.size,
  };
}

export const diskTotal = (machine: Machine) =>
  machine.spec.disks.filter((disk) => disk.device === 'disk').reduce((sum, disk) => sum + disk.size, 0);

export type SortKey = 'name' | 'state' | 'cpu' | 'memory' | 'created';

export type GroupKey = 'none' | 'group' | 'tag' | 'state';

export interface MachineFilter {
  text: string;
  status: MachineStatus | 'all';
  sort: SortKey;
  group: GroupKey;
}

function matches(machine: Machine, words: string[]): boolean {
  const text = [
    machine.name,
    machine.description,
    machine.group,
    machine.spec.os.id,
    machine.state.guestHostname,
    ...machine.tags,
    ...machine.state.addresses,
  ]
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

const byName = (a: Machine, b: Machine) => a.name.localeCompare(b.name, 'en', { numeric: true });
const orders: Record<SortKey, (a: Machine, b: Machine) => number> = {
  name: byName,
  state: (a, b) => allStatuses.indexOf(a.state.status) - allStatuses.indexOf(b.state.status) || byName(a, b),
  cpu: (a, b) => (b.metrics?.cpuPercent ?? -1) - (a.metrics?.cpuPercent ?? -1) || byName(a, b),
  memory: (a, b) => b.spec.memory.size - a.spec.memory.size || byName(a, b),
  created: (a, b) => b.created.localeCompare(a.created) || byName(a, b),
};

export function selectMachines(machines: Machine[], filter: Omit<MachineFilter, 'group'>): Machine[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return machines
    .filter((machine) => filter.status === 'all' || machine.state.status === filter.status)
    .filter((machine) => matches(machine, words))
    .sort(orders[filter.sort]);
}

export interface MachineGroup {
  /** The folder, the tag or the state; empty for the machines that have none. */
  name: string;
  machines: Machine[];
}

const groupsOf: Record<Exclude<GroupKey, 'none'>, (machine: Machine) => string[]> = {
  group: (machine) => [machine.group],
  tag: (machine) => (machine.tags.length > 0 ? machine.tags : ['']),
  state: (machine) => [machine.state.status],
};

/** In the order given; states in their own order, names by the alphabet, machines without one last. A machine with two
 * tags is in both groups. */
export function groupMachines(machines: Machine[], by: GroupKey): MachineGroup[] {
  if (by === 'none') return [{ name: '', machines }];
  const groups = new Map<string, Machine[]>();
  for (const machine of machines)
    for (const name of new Set(groupsOf[by](machine)))
      groups.set(name, [...(groups.get(name) ?? []), machine]);
  const order = (a: string, b: string) =>
    by === 'state'
      ? allStatuses.indexOf(a as MachineStatus) - allStatuses.indexOf(b as MachineStatus)
      : Number(a === '') - Number(b === '') || a.localeCompare(b, 'en', { numeric: true });
  return [...groups.keys()].sort(order).map((name) => ({ name, machines: groups.get(name) ?? [] }));
}

/** Host-name rules: 1-63 of a-z 0-9 -, neither first nor last a hyphen. */
export const isMachineName = (name: string) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);

/** `web`, 3 -> `web-1`, `web-2`, `web-3`; one machine keeps its name. */
export function numberedNames(name: string, quantity: number): string[] {
  if (quantity <= 1) return [name];
  const width = String(quantity).length;
  return Array.from({ length: quantity }, (_, index) => `${name}-${String(index + 1).padStart(width, '0')}`);
}

/** The first of `base`, `base-2`, `base-3`... that nobody has. */
export function freeName(base: string, taken: string[]): string {
  if (!taken.includes(base)) return base;
  let number = 2;
  while (taken.includes(`${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}
