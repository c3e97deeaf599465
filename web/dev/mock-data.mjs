// Invented machines, images, tasks and a host, in the shapes of the real API.
import { randomUUID } from 'node:crypto';

const GiB = 1024 ** 3;
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

const named = [
  { name: 'hello', status: 'running', up: 3725, description: 'The first one' },
  { name: 'web-frontend', status: 'running', up: 531000, cpus: 4, memory: 4, pending: true },
  { name: 'database', status: 'running', up: 90000, cpus: 8, memory: 16, disk: 200 },
  { name: 'build-agent-with-a-rather-long-name-that-has-to-fit-somewhere', status: 'starting', up: 4 },
  { name: 'windows-11', status: 'stopped', os: { family: 'windows', id: 'windows11' }, memory: 8, disk: 64 },
  {
    name: 'router',
    status: 'paused',
    up: 7200,
    cpus: 1,
    memory: 0.5,
    disk: 2,
    os: { family: 'linux', id: 'alpine' },
  },
  { name: 'experiment', status: 'crashed', os: { family: 'linux', id: 'fedora41' } },
  { name: 'archive', status: 'saved', os: { family: 'linux', id: 'ubuntu2404' } },
];

function plan(index) {
  if (index < named.length) return named[index];
  const status = ['running', 'stopped', 'running', 'saved'][index % 4];
  return { name: `node-${String(index).padStart(3, '0')}`, status, up: 1000 * index };
}

export function sampleOf(machine, phase) {
  const count = machine.spec.cpu.count;
  const wave = (speed, shift) => (Math.sin(phase / speed + shift) + 1) / 2;
  const vcpuPercent = Array.from({ length: count }, (_, cpu) =>
    Math.round(90 * wave(7, cpu) * wave(3, cpu * 2)),
  );
  const size = machine.spec.memory.size;
  return {
    time: new Date().toISOString(),
    cpuPercent: Math.round((10 * vcpuPercent.reduce((sum, one) => sum + one, 0)) / count) / 10,
    vcpuPercent,
    memoryUsed: Math.round(size * (0.3 + 0.2 * wave(20, 1))),
    memoryResident: Math.round(size * (0.5 + 0.1 * wave(25, 2))),
    memoryAssigned: Math.round(size * (0.7 + 0.1 * wave(20, 1))),
    diskReadRate: Math.round(40e6 * wave(4, 3) ** 6),
    diskWriteRate: Math.round(20e6 * wave(5, 1) ** 4),
    netReceiveRate: Math.round(9e6 * wave(6, 2) ** 3),
    netTransmitRate: Math.round(2e6 * wave(3, 1) ** 3),
  };
}

export function makeMachine(what, index = 0) {
  const active = ['running', 'paused', 'starting', 'stopping'].includes(what.status);
  const { cpus = 2, memory = 1, disk = 10, os = { family: 'linux', id: 'debian12' } } = what;
  return {
    id: randomUUID(),
    name: what.name,
    description: what.description ?? '',
    tags: index % 3 === 0 ? ['production'] : [],
    group: '',
    created: ago(86400 * 3 + index * 60),
    revision: 3,
    spec: {
      arch: 'x86_64',
      accelerator: 'auto',
      chipset: 'q35',
      machineVersion: 'pc-q35-7.2',
      firmware: 'uefi',
      os,
      cpu: {
        count: cpus,
        maximum: 0,
        model: 'max',
        pinning: { vcpus: [], emulator: '', exclusive: false, ...what.pinning },
      },
      memory: { size: memory * GiB, hostNodes: [], dynamic: { enabled: false } },
      disks: [
        {
          id: 'disk0',
          device: 'disk',
          volume: `${what.name}-disk0`,
          file: '',
          size: disk * GiB,
          format: 'qcow2',
          bus: 'auto',
          readOnly: false,
          bootIndex: 0,
        },
        {
          id: 'cd0',
          device: 'cdrom',
          volume: '',
          file: '',
          size: 0,
          format: 'raw',
          bus: 'sata',
          readOnly: true,
          bootIndex: 1,
        },
      ],
      nics: [
        {
          id: 'nic0',
          switch: 'user',
          model: 'virtio',
          mac: '52:54:00:12:34:56',
          linkUp: true,
          bootIndex: -1,
          forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 40022 + index, guestPort: 22 }],
        },
      ],
      display: { model: 'virtio' },
      boot: { kernel: '', initrd: '', cmdline: '' },
      guestAgent: true,
      rng: true,
      protection: { delete: what.name === 'database', start: false },
    },
    pending: what.pending
      ? [
          { field: 'cpu.count', running: 2, next: 4 },
          { field: 'memory.size', running: 2 * GiB, next: 4 * GiB },
        ]
      : [],
    state: {
      status: what.status,
      reason: what.status === 'crashed' ? 'QEMU ended with signal 11 (segmentation fault).' : '',
      since: ago(what.up ?? 60),
      startedAt: active ? ago(what.up ?? 60) : null,
      ready: what.status === 'running',
      agent: what.status === 'running',
      accelerator: active ? 'tcg' : '',
      acceleratorReason: active ? 'KVM is not used: /dev/kvm does not exist on this host.' : '',
      addresses:
        what.status === 'running' || what.status === 'paused' ? [`10.0.2.${15 + (index % 200)}`] : [],
      guestHostname: what.status === 'running' ? what.name : '',
      guestOs: what.status === 'running' ? 'Debian GNU/Linux 12 (bookworm)' : '',
      processId: active ? 4000 + index : null,
    },
    metrics: null,
    task: null,
  };
}

export const makeMachines = (count) =>
  Array.from({ length: count }, (_, index) => makeMachine(plan(index), index));

export const makeImages = () => [
  {
    id: randomUUID(),
    name: 'debian/12',
    description: 'Debian 12 (bookworm)',
    architecture: 'x86_64',
    format: 'qcow2',
    virtualSize: 2 * GiB,
    fileSize: 412e6,
    sha256: 'c0ffee'.repeat(10) + 'c0ff',
    source: 'built',
    created: ago(7200),
    os: { family: 'linux', id: 'debian12' },
    cloudInit: true,
    usedBy: ['hello', 'database'],
  },
  {
    id: randomUUID(),
    name: 'lab/alpine',
    description: '',
    architecture: 'x86_64',
    format: 'raw',
    virtualSize: 1 * GiB,
    fileSize: 130e6,
    sha256: 'ab12'.repeat(16),
    source: 'imported',
    created: ago(90000),
    os: { family: 'linux', id: 'alpine' },
    cloudInit: false,
    usedBy: [],
  },
];

export function makeTask(kind, title, subject, steps, more = {}) {
  return {
    id: randomUUID(),
    kind,
    title,
    subject,
    state: 'running',
    progress: 0,
    cancellable: true,
    created: new Date().toISOString(),
    ended: null,
    steps: steps.map((step) => ({ title: step, state: 'waiting', started: null, ended: null, detail: '' })),
    waitsFor: '',
    log: [],
    error: null,
    result: null,
    ...more,
  };
}

export function makeOldTasks() {
  const done = makeTask('machine.start', 'Start hello', { kind: 'machine', name: 'hello' }, [
    'Prepare disks',
    'Launch',
    'Wait until the guest is ready',
  ]);
  Object.assign(done, { state: 'succeeded', progress: 1, created: ago(3740), ended: ago(3725) });
  done.steps.forEach((step, index) =>
    Object.assign(step, { state: 'done', started: ago(3740 - index * 4), ended: ago(3736 - index * 4) }),
  );
  const failed = makeTask('image.import', 'Import lab/broken', { kind: 'image', name: 'lab/broken' }, [
    'Download',
    'Check',
    'Convert',
  ]);
  Object.assign(failed, {
    state: 'failed',
    created: ago(9000),
    ended: ago(8990),
    log: ['GET https://example.org/broken.qcow2', '200 OK, 12 MiB', 'sha256 differs'],
    error: {
      title: 'Unprocessable',
      status: 422,
      code: 'image.checksum',
      detail: 'The file has another SHA-256 sum than the one given.',
      hint: 'Download it again, or check the sum.',
    },
  });
  Object.assign(failed.steps[0], { state: 'done', started: ago(9000), ended: ago(8993), detail: '12 MiB' });
  Object.assign(failed.steps[1], { state: 'failed', started: ago(8993), ended: ago(8990) });
  return [done, failed];
}

export const makeHost = () => ({
  hostname: 'workbench',
  os: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0-18-amd64',
  uptimeSeconds: 523441,
  cpu: { model: 'AMD EPYC 7763 64-Core Processor', threads: 8, cores: 4, sockets: 1 },
  memory: { total: 32 * GiB, available: 19 * GiB },
  load: [0.42, 0.61, 0.55],
  cpuPercent: 17.5,
  storage: { path: '/home/user/.local/share/visor', total: 500 * GiB, free: 321 * GiB },
  qemu: [
    {
      arch: 'x86_64',
      path: '/usr/bin/qemu-system-x86_64',
      version: '7.2.9',
      accelerator: 'tcg',
      accelerators: [
        {
          name: 'kvm',
          usable: false,
          reason:
            '/dev/kvm does not exist: the processor of this host offers no virtualization, or it is switched off in its firmware.',
        },
        { name: 'tcg', usable: true, reason: '' },
      ],
    },
    {
      arch: 'aarch64',
      path: '/usr/bin/qemu-system-aarch64',
      version: '7.2.9',
      accelerator: 'tcg',
      accelerators: [
        { name: 'kvm', usable: false, reason: 'KVM runs guests of the host architecture only.' },
        { name: 'tcg', usable: true, reason: '' },
      ],
    },
  ],
  instance: {
    mode: 'user',
    stateDirectory: '/home/user/.local/share/visor',
    runtimeDirectory: '/run/user/1000/visor',
    version: '0.1.0',
    startedAt: ago(86400),
  },
});

/** Four cores with two threads, as `makeHost` says. */
export const makeTopology = (phase) => {
  const all = [0, 1, 2, 3, 4, 5, 6, 7];
  return {
    model: 'AMD EPYC 7763 64-Core Processor',
    packages: [{ id: 0, processors: all }],
    nodes: [{ id: 0, memoryTotal: 32 * GiB, memoryFree: 11 * GiB, distances: [10], processors: all }],
    l3Groups: [{ id: 0, size: 32 * 1024 * 1024, processors: all }],
    clusters: [],
    cores: [0, 1, 2, 3].map((id) => ({
      id,
      package: 0,
      die: 0,
      node: 0,
      l3: 0,
      cluster: null,
      kind: 'plain',
      processors: [id, id + 4],
    })),
    processors: all.map((id) => ({
      id,
      online: true,
      core: id % 4,
      maxMhz: 3500,
      loadPercent: 50 + 50 * Math.sin(phase / 5 + id),
    })),
    owners: [],
  };
};

const setting = (key, type, more = {}) => ({
  key,
  title: key,
  description: '',
  type,
  unit: '',
  live: false,
  readOnly: false,
  ...more,
});

export const settings = [
  setting('cpu.count', 'integer', { minimum: 1, maximum: 288, unit: 'vCPU' }),
  setting('cpu.model', 'string'),
  setting('memory.size', 'bytes', { minimum: 16 * 1024 ** 2, maximum: 16 * 1024 ** 4, unit: 'bytes' }),
  setting('arch', 'enum', { values: ['x86_64', 'aarch64'], readOnly: true }),
  setting('accelerator', 'enum', { values: ['auto', 'kvm', 'tcg'] }),
  setting('chipset', 'enum', { values: ['auto', 'q35', 'i440fx', 'virt'], readOnly: true }),
  setting('machineVersion', 'string', { readOnly: true }),
  setting('firmware', 'enum', { values: ['uefi', 'bios'], readOnly: true }),
  setting('os.id', 'string'),
  setting('os.family', 'enum', { values: ['linux', 'windows', 'other'] }),
  setting('disks', 'list'),
  setting('disks[].bus', 'enum', { values: ['auto', 'virtio'] }),
  setting('nics', 'list'),
  setting('nics[].linkUp', 'boolean', { live: true }),
  setting('display.model', 'enum', { values: ['virtio', 'std', 'none'] }),
  setting('boot.kernel', 'string'),
  setting('boot.initrd', 'string'),
  setting('boot.cmdline', 'string'),
  setting('guestAgent', 'boolean'),
  setting('rng', 'boolean'),
  setting('protection.delete', 'boolean', { live: true }),
  setting('protection.start', 'boolean', { live: true }),
];
