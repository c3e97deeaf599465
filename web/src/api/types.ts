// The objects of /api/v1 as the daemon sends them. Bytes are integers, times RFC 3339 in UTC.
import type { Pinning } from './topologyTypes';

export type MachineStatus = 'stopped' | 'starting' | 'running' | 'paused' | 'stopping' | 'saved' | 'crashed';

export interface Sample {
  time: string;
  /** Of all vCPUs together, 0 to 100. */
  cpuPercent: number;
  vcpuPercent: number[];
  /** What the guest says it uses; null without a guest that tells. */
  memoryUsed: number | null;
  memoryResident: number;
  /** What the guest may use; null where it was not noted. */
  memoryAssigned: number | null;
  diskReadRate: number;
  diskWriteRate: number;
  /** Null until the guest agent tells. */
  netReceiveRate: number | null;
  netTransmitRate: number | null;
}

/** How far back samples reach: the last as they were read, or means over an hour, a day or thirty days. */
export type MetricsRange = 'recent' | 'hour' | 'day' | 'month';

export interface MetricsWindow {
  intervalSeconds: number;
  samples: Sample[];
}

export interface Disk {
  id: string;
  device: 'disk' | 'cdrom';
  volume: string;
  file: string;
  size: number;
  format: string;
  bus: string;
  readOnly: boolean;
  bootIndex: number;
  slot: number;
  cache: string;
  aio: string;
  discard: boolean;
  ssd: boolean;
  serial: string;
  wwn: string;
  logicalSectorSize: number;
  physicalSectorSize: number;
  queues: number;
  shareable: boolean;
  limits: {
    read: number;
    write: number;
    readOperations: number;
    writeOperations: number;
    burstPercent: number;
    burstSeconds: number;
  };
}

export interface PortForward {
  protocol: string;
  hostAddress: string;
  hostPort: number;
  guestPort: number;
}

export interface Nic {
  id: string;
  switch: string;
  model: string;
  mac: string;
  linkUp: boolean;
  forwards: PortForward[];
  bootIndex: number;
}

/** A folder of the host that the guest can mount. */
export interface Share {
  tag: string;
  path: string;
  readOnly: boolean;
  owners: 'mapped' | 'plain';
  driver: '9p' | 'virtiofs';
}

export interface MachineSpec {
  arch: string;
  accelerator: string;
  chipset?: string;
  machineVersion: string;
  firmware: string;
  tpm?: { enabled: boolean };
  os: { family: string; id: string };
  cpu: { count: number; maximum: number; model: string; ioThreads: number; pinning: Pinning };
  memory: { size: number; hostNodes: string[]; dynamic: { enabled: boolean } };
  disks: Disk[];
  nics: Nic[];
  display: { model: string };
  shares: Share[];
  serialPorts: number;
  boot: { kernel: string; initrd: string; cmdline: string };
  guestAgent: boolean;
  rng: boolean;
  protection: { delete: boolean; start: boolean };
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export interface PendingChange {
  field: string;
  running: JsonValue;
  next: JsonValue;
  /** Why it waits; empty for a saved machine. */
  reason: string;
}

export interface MachineState {
  status: MachineStatus;
  reason: string;
  since: string;
  startedAt: string | null;
  ready: boolean;
  agent: boolean;
  accelerator: string;
  acceleratorReason: string;
  addresses: string[];
  guestHostname: string;
  guestOs: string;
  processId: number | null;
}

export interface Machine {
  id: string;
  name: string;
  description: string;
  tags: string[];
  group: string;
  created: string;
  revision: number;
  spec: MachineSpec;
  pending: PendingChange[];
  state: MachineState;
  metrics: Sample | null;
  task: string | null;
}

export interface Image {
  id: string;
  name: string;
  description: string;
  architecture: string;
  format: string;
  virtualSize: number;
  fileSize: number;
  sha256: string;
  source: string;
  created: string;
  os: { family: string; id: string };
  cloudInit: boolean;
  usedBy: string[];
}

export interface BuildableImage {
  name: string;
  title: string;
}

export type TaskState = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'undone';
export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'undone';

export interface TaskStep {
  title: string;
  state: StepState;
  started: string | null;
  ended: string | null;
  detail: string;
}

export interface Problem {
  title: string;
  status: number;
  code: string;
  detail: string;
  hint?: string;
  fields?: { field: string; code: string; detail: string }[];
}

export interface Task {
  id: string;
  kind: string;
  title: string;
  subject: { kind: string; name: string };
  state: TaskState;
  progress: number;
  cancellable: boolean;
  created: string;
  ended: string | null;
  steps: TaskStep[];
  waitsFor: string;
  timeoutSeconds: number | null;
  log: string[];
  error: Problem | null;
  result: { [key: string]: JsonValue } | null;
}

export interface HostQemu {
  arch: string;
  path: string;
  version: string;
  accelerator: string;
  accelerators: { name: string; usable: boolean; reason: string }[];
  problem: string;
}

export interface Host {
  hostname: string;
  os: string;
  kernel: string;
  uptimeSeconds: number;
  cpu: { model: string; threads: number; cores: number; sockets: number };
  memory: { total: number; available: number };
  load: number[];
  cpuPercent: number;
  storage: { path: string; total: number; free: number };
  qemu: HostQemu[];
  instance: {
    mode: string;
    stateDirectory: string;
    runtimeDirectory: string;
    version: string;
    startedAt: string;
  };
}

export interface Inventory {
  sequence: number;
  host: Host;
  machines: Machine[];
  images: Image[];
  tasks: Task[];
}

export type SettingType = 'integer' | 'string' | 'boolean' | 'bytes' | 'enum' | 'list';

export interface Setting {
  key: string;
  title: string;
  description: string;
  type: SettingType;
  unit?: string;
  minimum?: number;
  maximum?: number;
  values?: string[];
  default?: JsonValue;
  /** True when a running machine takes the change at once. */
  live: boolean;
  /** True when it does so where it can; the answer to a change tells. */
  liveIfPossible: boolean;
  readOnly: boolean;
}

/** A setting as one machine has it. */
export interface MachineSetting {
  key: string;
  value: JsonValue;
  /** Why it cannot be used; empty when it can. */
  unavailable: string;
  /** Values that it cannot have here, though it can be used otherwise. */
  unavailableValues: UnavailableValue[];
}

export interface UnavailableValue {
  value: string;
  reason: string;
}

export interface FieldChange {
  field: string;
  reason?: string;
  from: JsonValue;
  to: JsonValue;
}

export interface PatchAnswer {
  applied: FieldChange[];
  pending: FieldChange[];
  rejected: FieldChange[];
  machine: Machine;
}

export interface CreateRequest {
  name: string;
  description?: string;
  image?: string;
  iso?: string;
  diskSize?: number;
  spec?: { [key: string]: JsonValue };
  user?: string;
  sshKeys?: string[];
  password?: string;
  userData?: string;
  start?: boolean;
  wait?: 'running' | 'ready';
}

export interface QemuCommand {
  program: string;
  arguments: { argument: string; value: string; setting: string; also: string[] }[];
  steps: { kind: string; target: string; value: string; setting: string }[];
}

export interface Ticket {
  ticket: string;
  path: string;
}

export interface Session {
  user: string;
  via: string;
}

export type MachineAction = 'start' | 'stop' | 'restart' | 'reset' | 'pause' | 'resume' | 'save';

export interface LiveEvent {
  sequence: number;
  type: string;
  data: unknown;
}
