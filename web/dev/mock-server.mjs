// A stand-in for visord while working on the page: serves web/dist and an invented /api/v1 with live events.
//   npm run build && npm run dev:mock            then open the login link it prints
//   MOCK_MACHINES=200 MOCK_IMAGES=0 MOCK_FAULT=inventory MOCK_PORT=7078 npm run dev:mock
// Not part of the product: nothing under dev/ reaches the bundle.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';

import {
  makeHost,
  makeImages,
  makeMachine,
  makeMachines,
  makeOldTasks,
  makeTask,
  makeTopology,
  sampleOf,
  settings,
} from './mock-data.mjs';
import { png, serveScreen, serveSerial } from './mock-guest.mjs';

const port = Number(process.env.MOCK_PORT ?? 7078);
const fault = process.env.MOCK_FAULT ?? '';
const dist = new URL('../dist/', import.meta.url).pathname;
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const policy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const world = {
  host: makeHost(),
  machines: makeMachines(Number(process.env.MOCK_MACHINES ?? 8)),
  images: process.env.MOCK_IMAGES === '0' ? [] : makeImages(),
  tasks: process.env.MOCK_MACHINES === '0' ? [] : makeOldTasks(),
  history: new Map(),
  sequence: 1,
  kept: [],
  readers: new Set(),
  phase: 0,
};

class Problem extends Error {
  constructor(status, code, detail, hint = '') {
    super(detail);
    this.body = { type: 'about:blank', title: String(status), status, code, detail, hint, fields: [] };
  }
}

function publish(type, data) {
  world.sequence += 1;
  const text = `id: ${world.sequence}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  world.kept.push([world.sequence, text]);
  world.kept = world.kept.slice(-2000);
  for (const reader of world.readers) reader.write(text);
}

const changed = (machine) => publish('machine', { kind: 'machine', action: 'updated', machine });
const taskChanged = (task) => publish('task', { kind: 'task', action: 'updated', task });

function machineOf(name) {
  const machine = world.machines.find((one) => one.name === name);
  if (!machine)
    throw new Problem(
      404,
      'machine.not_found',
      `There is no machine named '${name}'.`,
      '`visor list` shows all machines.',
    );
  return machine;
}

/** Plays a task step by step, then does what it promised. */
function play(task, machine, finish, stepMilliseconds = 700) {
  world.tasks.unshift(task);
  if (machine) machine.task = task.id;
  taskChanged(task);
  let index = 0;
  const advance = () => {
    if (task.state !== 'running') return;
    if (index > 0) Object.assign(task.steps[index - 1], { state: 'done', ended: new Date().toISOString() });
    if (index < task.steps.length) {
      Object.assign(task.steps[index], { state: 'running', started: new Date().toISOString() });
      task.progress = index / task.steps.length;
      index += 1;
      setTimeout(advance, stepMilliseconds);
    } else {
      Object.assign(task, {
        state: 'succeeded',
        progress: 1,
        ended: new Date().toISOString(),
        cancellable: false,
      });
      if (machine) machine.task = null;
      finish();
      if (machine) changed(machine);
    }
    taskChanged(task);
  };
  advance();
  return { task };
}

function setStatus(machine, status) {
  const fresh = makeMachine({ name: machine.name, status, up: 0 });
  machine.state = fresh.state;
  if (status === 'running') machine.pending = [];
  if (status !== 'running') world.history.delete(machine.name);
}

const steps = {
  start: [['Prepare disks', 'Launch', 'Wait until the guest is ready'], 'starting', 'running'],
  stop: [['Ask the guest to shut down', 'Turn off'], 'stopping', 'stopped'],
  restart: [['Ask the guest to shut down', 'Launch'], 'stopping', 'running'],
  reset: [['Reset'], 'running', 'running'],
  pause: [['Pause'], 'running', 'paused'],
  resume: [['Resume'], 'paused', 'running'],
  save: [['Write the state to disk'], 'stopping', 'saved'],
};

function act(machine, action, body) {
  const subject = { kind: 'machine', name: machine.name };
  if (action === 'rename')
    return play(makeTask('machine.rename', `Rename ${machine.name}`, subject, ['Rename']), machine, () => {
      machine.name = body.name;
    });
  const [titles, during, after] = steps[action];
  machine.state.status = during;
  const result = play(
    makeTask(`machine.${action}`, `${action} ${machine.name}`, subject, titles),
    machine,
    () => setStatus(machine, after),
  );
  changed(machine);
  return result;
}

function patch(machine, body) {
  const pending = [];
  const merge = (target, part, path) => {
    for (const [key, value] of Object.entries(part)) {
      const field = [...path, key].join('.');
      if (value && typeof value === 'object' && !Array.isArray(value))
        merge(target[key], value, [...path, key]);
      else {
        const live = settings.find((one) => one.key === field)?.live ?? path.length === 0;
        const known = machine.pending.find((one) => one.field === field);
        if (!live && machine.state.startedAt) {
          if (known && JSON.stringify(known.running) === JSON.stringify(value))
            machine.pending = machine.pending.filter((one) => one !== known);
          else if (known) known.next = value;
          else machine.pending.push({ field, running: target[key], next: value });
          pending.push({ field });
        }
        target[key] = value;
      }
    }
  };
  const { spec, ...own } = body;
  if (spec?.cpu?.count > 64)
    throw Object.assign(new Problem(422, 'validation', 'Some values are refused.'), { fields: [] });
  machine.pending = [...machine.pending];
  merge(machine, own, []);
  merge(machine.spec, spec ?? {}, []);
  machine.revision += 1;
  changed(machine);
  return { applied: [], pending, rejected: [], machine };
}

function createMachine(request) {
  const machine = makeMachine({
    name: request.name,
    status: 'stopped',
    cpus: request.spec?.cpu?.count,
    memory: (request.spec?.memory?.size ?? 1024 ** 3) / 1024 ** 3,
    disk: (request.diskSize ?? 1024 ** 3) / 1024 ** 3,
  });
  if (world.machines.some((one) => one.name === request.name))
    throw new Problem(409, 'machine.exists', `There is a machine named '${request.name}' already.`);
  world.machines.push(machine);
  const task = makeTask('machine.create', `Create ${request.name}`, { kind: 'machine', name: request.name }, [
    'Create disks',
    'Prepare the first start',
    'Launch',
    'Wait until the guest is ready',
  ]);
  const result = play(task, machine, () => setStatus(machine, request.start ? 'running' : 'stopped'));
  publish('machine', { kind: 'machine', action: 'created', machine });
  return result;
}

function removeMachine(machine) {
  return play(
    makeTask('machine.delete', `Delete ${machine.name}`, { kind: 'machine', name: machine.name }, [
      'Turn off',
      'Delete disks',
    ]),
    null,
    () => {
      world.machines = world.machines.filter((one) => one !== machine);
      publish('machine', { kind: 'machine', action: 'deleted', machine });
    },
  );
}

function buildImage(name) {
  const task = makeTask('image.build', `Build ${name}`, { kind: 'image', name }, [
    'Download packages',
    'Install the system',
    'Make the image',
  ]);
  return play(
    task,
    null,
    () => {
      const image = { ...makeImages()[0], name, usedBy: [] };
      world.images.push(image);
      publish('image', { kind: 'image', action: 'created', image });
    },
    2500,
  );
}

const routes = [
  [
    'GET',
    /^\/inventory$/,
    () => {
      if (fault === 'inventory')
        throw new Problem(
          500,
          'store.failed',
          'The state directory cannot be read.',
          'Check the disk and the permissions of the state directory.',
        );
      return {
        sequence: world.sequence,
        host: world.host,
        machines: world.machines,
        images: world.images,
        tasks: world.tasks,
      };
    },
  ],
  ['GET', /^\/host\/topology$/, () => makeTopology(world.phase)],
  ['GET', /^\/settings$/, () => ({ settings })],
  [
    'GET',
    /^\/images$/,
    () => ({ images: world.images, buildable: [{ name: 'debian/12', title: 'Debian 12 (bookworm)' }] }),
  ],
  ['POST', /^\/images\/actions\/(build|import)$/, ({ body }) => buildImage(body.name)],
  [
    'DELETE',
    /^\/images\/(.+)$/,
    ({ parts }) => {
      const image = world.images.find((one) => one.name === parts[0]);
      return play(
        makeTask('image.delete', `Delete ${parts[0]}`, { kind: 'image', name: parts[0] }, ['Delete']),
        null,
        () => {
          world.images = world.images.filter((one) => one !== image);
          publish('image', { kind: 'image', action: 'deleted', image });
        },
      );
    },
  ],
  [
    'POST',
    /^\/machines$/,
    ({ body, query }) =>
      query.has('dryRun')
        ? { machine: makeMachine({ name: body.name, status: 'stopped' }) }
        : createMachine(body),
  ],
  ['PATCH', /^\/machines\/([^/]+)$/, ({ parts, body }) => patch(machineOf(parts[0]), body)],
  [
    'DELETE',
    /^\/machines\/([^/]+)$/,
    ({ parts, query }) => {
      const machine = machineOf(parts[0]);
      if (!query.has('dryRun')) return removeMachine(machine);
      return {
        removes: machine.spec.disks
          .filter((disk) => disk.volume)
          .map((disk) => `${world.host.storage.path}/volumes/${disk.volume}.qcow2`),
        protected: machine.spec.protection.delete,
      };
    },
  ],
  [
    'POST',
    /^\/machines\/([^/]+)\/actions\/(\w+)$/,
    ({ parts, body }) => act(machineOf(parts[0]), parts[1], body),
  ],
  [
    'GET',
    /^\/machines\/([^/]+)\/metrics$/,
    ({ parts }) => ({ intervalSeconds: 2, samples: world.history.get(parts[0]) ?? [] }),
  ],
  [
    'GET',
    /^\/machines\/([^/]+)\/log$/,
    ({ parts }) => ({ lines: [`char device redirected to /dev/pts/3 (label ${parts[0]})`] }),
  ],
  [
    'GET',
    /^\/machines\/([^/]+)\/command$/,
    ({ parts }) => ({
      program: '/usr/bin/qemu-system-x86_64',
      arguments: [
        { argument: '-name', value: parts[0], setting: 'name' },
        { argument: '-smp', value: '2,sockets=1', setting: 'spec.cpu.count' },
        { argument: '-nodefaults', value: '', setting: 'visor' },
      ],
    }),
  ],
  [
    'GET',
    /^\/machines\/([^/]+)\/screenshot$/,
    ({ parts, query, response }) => {
      if (!machineOf(parts[0]).state.startedAt)
        throw new Problem(409, 'machine.not_running', 'The machine is not running.');
      const width = Number(query.get('width') ?? 640);
      response
        .writeHead(200, { 'Content-Type': 'image/png' })
        .end(png(width, Math.round(width / 1.6), world.phase));
    },
  ],
  [
    'POST',
    /^\/machines\/([^/]+)\/tickets$/,
    ({ parts, body }) => ({ ticket: 'mock', path: `/api/v1/machines/${parts[0]}/${body.kind}?ticket=mock` }),
  ],
  ['GET', /^\/tasks\/([^/]+)$/, ({ parts }) => world.tasks.find((one) => one.id === parts[0])],
  [
    'DELETE',
    /^\/tasks\/([^/]+)$/,
    ({ parts }) => {
      const task = world.tasks.find((one) => one.id === parts[0]);
      Object.assign(task, { state: 'cancelled', ended: new Date().toISOString() });
      taskChanged(task);
      return task;
    },
  ],
  ['GET', /^\/auth\/session$/, () => ({ user: 'admin', via: 'cookie' })],
  [
    'POST',
    /^\/auth\/logout$/,
    ({ response }) => {
      response.setHeader('Set-Cookie', 'visor_session=; Path=/; Max-Age=0');
      return {};
    },
  ],
  [
    'POST',
    /^\/auth\/login$/,
    ({ body, response }) => {
      if (body.code !== 'mock') throw new Problem(401, 'auth.code_refused', 'This code is not valid.');
      response.setHeader('Set-Cookie', 'visor_session=mock; Path=/; HttpOnly; SameSite=Strict');
      return { user: 'admin' };
    },
  ],
  [
    'GET',
    /^\/events$/,
    ({ query, request, response }) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write(': hello\n\n');
      for (const [sequence, text] of world.kept)
        if (sequence > Number(query.get('since'))) response.write(text);
      world.readers.add(response);
      request.on('close', () => world.readers.delete(response));
    },
  ],
];

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return text ? JSON.parse(text) : {};
}

async function answerApi(request, response, url) {
  const path = url.pathname.slice('/api/v1'.length);
  const signedIn = (request.headers.cookie ?? '').includes('visor_session=mock');
  if (!signedIn && path !== '/auth/login') throw new Problem(401, 'auth.required', 'Sign in first.');
  for (const [method, pattern, handle] of routes) {
    const match = request.method === method && pattern.exec(path);
    if (!match) continue;
    const answer = handle({
      parts: match.slice(1).map(decodeURIComponent),
      query: url.searchParams,
      body: await bodyOf(request),
      request,
      response,
    });
    if (response.headersSent) return;
    response
      .writeHead(answer?.task ? 202 : 200, { 'Content-Type': 'application/json' })
      .end(JSON.stringify(answer));
    return;
  }
  throw new Problem(404, 'not_found', `There is nothing at ${path}.`);
}

async function answerFile(response, path) {
  const file = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const isFile = extname(file) !== '';
  const content = await readFile(join(dist, isFile ? file : 'index.html'));
  response
    .writeHead(200, {
      'Content-Type': types[isFile ? extname(file) : '.html'] ?? 'application/octet-stream',
      'Content-Security-Policy': policy,
    })
    .end(content);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://mock');
  const work = url.pathname.startsWith('/api/v1')
    ? answerApi(request, response, url)
    : answerFile(response, url.pathname);
  work.catch((error) => {
    const body =
      error instanceof Problem
        ? error.body
        : { title: 'Not Found', status: 404, code: 'not_found', detail: String(error) };
    if (!response.headersSent)
      response.writeHead(body.status, { 'Content-Type': 'application/problem+json' });
    response.end(JSON.stringify(body));
  });
});

const sockets = new WebSocketServer({
  server,
  handleProtocols: (wanted) => (wanted.has('binary') ? 'binary' : false),
});
sockets.on('connection', (socket, request) => {
  const [, name, kind] = /\/machines\/([^/]+)\/(screen|serial)/.exec(request.url) ?? [];
  if (kind === 'screen') serveScreen(socket);
  else if (kind === 'serial') serveSerial(socket, name);
  else socket.close();
});

function sample(time) {
  world.phase += 1;
  for (const machine of world.machines) {
    if (machine.state.status !== 'running') continue;
    const one = { ...sampleOf(machine, world.phase + machine.name.length), time };
    machine.metrics = one;
    world.history.set(machine.name, [...(world.history.get(machine.name) ?? []), one].slice(-150));
    if (world.readers.size > 0) publish('metrics', { machine: machine.name, sample: one });
  }
}

for (let back = 150; back > 0; back -= 1) sample(new Date(Date.now() - back * 2000).toISOString());
setInterval(() => {
  sample(new Date().toISOString());
  world.host.cpuPercent = 10 + Math.round(20 * Math.abs(Math.sin(world.phase / 9)));
  publish('host', world.host);
}, 2000);

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/login?code=mock`));
