// Between setting keys (`cpu.count`), the machine that has them and the merge patch that changes them. Pure.
import type { JsonValue, Machine, QemuCommand, Setting } from '../api/types';

const outsideSpec = ['name', 'description', 'tags', 'group'];

export const settingKey = (field: string) => field.replace(/^spec\./, '');

/** Whether a changed field is the setting itself or a member of it. */
export function isPartOf(field: string, key: string): boolean {
  const changed = settingKey(field);
  return changed === key || changed.startsWith(`${key}.`) || changed.startsWith(`${key}[`);
}

export function readSetting(machine: Machine, key: string): JsonValue | undefined {
  const path = settingKey(key).split('.');
  const root: unknown = outsideSpec.includes(path[0] ?? '') ? machine : machine.spec;
  let value: unknown = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value as JsonValue | undefined;
}

/** `cpu.count`, 4 -> `{ spec: { cpu: { count: 4 } } }` */
export function patchOf(key: string, value: JsonValue): { [key: string]: JsonValue } {
  const path = settingKey(key).split('.');
  const whole = outsideSpec.includes(path[0] ?? '') ? path : ['spec', ...path];
  return whole.reduceRight<JsonValue>((inner, part) => ({ [part]: inner }), value) as {
    [key: string]: JsonValue;
  };
}

/** What a setting and its members make: arguments of QEMU, and what is done before the guest runs. */
export function madeBy(command: QemuCommand, key: string): string[] {
  const wanted = settingKey(key);
  const isMaker = (setting: string) => {
    const maker = settingKey(setting);
    return maker === wanted || maker.startsWith(`${wanted}.`) || maker.startsWith(`${wanted}[`);
  };
  return [
    ...command.arguments
      .filter(({ setting, also }) => [setting, ...also].some(isMaker))
      .map(({ argument, value }) => `${argument} ${value}`.trim()),
    ...command.steps
      .filter(({ setting }) => isMaker(setting))
      .map(({ kind, target, value }) => `${kind} ${target}: ${value}`),
  ];
}

export function mergePatches(patches: { [key: string]: JsonValue }[]): { [key: string]: JsonValue } {
  const isObject = (value: JsonValue | undefined): value is { [key: string]: JsonValue } =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const merge = (a: { [key: string]: JsonValue }, b: { [key: string]: JsonValue }) => {
    const result = { ...a };
    for (const [key, value] of Object.entries(b)) {
      const old = result[key];
      result[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
    }
    return result;
  };
  return patches.reduce(merge, {});
}

export const categories = [
  'general',
  'processor',
  'memory',
  'disks',
  'network',
  'display',
  'boot',
  'guest',
  'sharing',
  'behaviour',
] as const;
export type Category = (typeof categories)[number];

const categoryOfSection: Record<string, Category> = {
  name: 'general',
  description: 'general',
  tags: 'general',
  group: 'general',
  os: 'general',
  cpu: 'processor',
  accelerator: 'processor',
  arch: 'processor',
  memory: 'memory',
  disks: 'disks',
  nics: 'network',
  display: 'display',
  audio: 'display',
  input: 'display',
  boot: 'boot',
  firmware: 'boot',
  chipset: 'boot',
  machineVersion: 'boot',
  secureBoot: 'boot',
  tpm: 'boot',
  guestAgent: 'guest',
  rng: 'guest',
  watchdog: 'guest',
  clock: 'guest',
  vsock: 'guest',
  serialPorts: 'guest',
  shares: 'sharing',
};

export function categoryOf(key: string): Category {
  return categoryOfSection[settingKey(key).split(/[.[]/)[0] ?? ''] ?? 'behaviour';
}

const groupOfKey: Record<string, string> = {
  'cpu.topology': 'topology',
  'cpu.pinning': 'pinning',
  'cpu.ioThreads': 'pinning',
  'cpu.weight': 'share',
  'cpu.limitPercent': 'share',
  'cpu.reservePercent': 'share',
  'cpu.scheduling': 'share',
  'cpu.frequency': 'share',
  'cpu.energy': 'share',
  'memory.dynamic': 'dynamic',
  'memory.weight': 'dynamic',
  'memory.pageSize': 'placement',
  'memory.pageFallback': 'placement',
  'memory.locked': 'placement',
  'memory.merge': 'placement',
  'memory.encryption': 'security',
  'memory.nodes': 'placement',
  'memory.hostNodes': 'placement',
  'cpu.model': 'features',
  'cpu.features': 'features',
  'cpu.nested': 'features',
  'cpu.hideHypervisor': 'features',
  'cpu.brand': 'features',
  'cpu.pmu': 'features',
  'cpu.physicalBits': 'features',
  'cpu.apic': 'features',
  'cpu.mitigations': 'features',
  'cpu.legacyOs': 'features',
  'cpu.hyperv': 'features',
  autostart: 'autostart',
  onHostShutdown: 'hostStop',
  protection: 'protection',
  watchdog: 'watchdog',
  secureBoot: 'security',
  tpm: 'security',
};

/** Rows of a category that stand together under a heading of their own; empty: those at the top. */
export function groupOf(key: string): string {
  const parts = settingKey(key).split('.');
  return groupOfKey[parts.slice(0, 2).join('.')] ?? groupOfKey[parts[0] ?? ''] ?? '';
}

/** Rows by group, in the order in which the groups first come; those of no group at the top. */
export function inGroups(rows: Setting[]): { group: string; rows: Setting[] }[] {
  const groups = new Map<string, Setting[]>([['', []]]);
  for (const row of rows) {
    const group = groupOf(row.key);
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  return [...groups]
    .map(([group, members]) => ({ group, rows: members }))
    .filter((one) => one.rows.length > 0);
}

/** Settings that one row can show; members of lists have panels of their own. */
export const isRow = (setting: Setting) =>
  !/[[\]*{}]/.test(setting.key) &&
  !['disks', 'nics', 'shares'].includes(setting.key) &&
  setting.key !== 'name';

export const keyForWords = (key: string) => settingKey(key).replaceAll('.', '_');

/** What a machine has beside its spec; the daemon's table of settings knows the spec only. */
export const ownSettings: Setting[] = (['description', 'tags', 'group'] as const).map((key) => ({
  key,
  title: key,
  description: '',
  type: key === 'tags' ? 'list' : 'string',
  live: true,
  liveIfPossible: false,
  readOnly: false,
}));
