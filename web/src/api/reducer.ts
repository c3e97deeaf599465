// Pure: what an inventory looks like after an event. Unknown events change nothing.
import type { Host, Image, Inventory, LiveEvent, Machine, Sample, Task } from './types';

/** Finished tasks the page keeps; the daemon keeps the rest. */
export const keptTasks = 200;

interface ChangeEvent<T> {
  action: string;
  object: T;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function changeOf<T>(data: unknown, member: string): ChangeEvent<T> | null {
  if (!isRecord(data) || !isRecord(data[member])) return null;
  return { action: typeof data.action === 'string' ? data.action : 'updated', object: data[member] as T };
}

function upsert<T extends { id: string }>(list: T[], item: T): T[] {
  const index = list.findIndex((other) => other.id === item.id);
  if (index < 0) return [...list, item];
  const next = list.slice();
  next[index] = item;
  return next;
}

function without<T extends { id?: string; name?: string }>(list: T[], gone: T): T[] {
  return list.filter((other) => (gone.id ? other.id !== gone.id : other.name !== gone.name));
}

export function upsertTask(tasks: Task[], task: Task): Task[] {
  const known = tasks.some((other) => other.id === task.id);
  return known ? upsert(tasks, task) : [task, ...tasks].slice(0, keptTasks);
}

function applyMachine(inventory: Inventory, change: ChangeEvent<Machine>): Inventory {
  if (change.action === 'deleted')
    return { ...inventory, machines: without(inventory.machines, change.object) };
  const known = inventory.machines.find((other) => other.id === change.object.id);
  // An answer to our own request can overtake its event; the older one must not win.
  if (known && known.revision > change.object.revision) return inventory;
  return { ...inventory, machines: upsert(inventory.machines, change.object) };
}

function applyImage(inventory: Inventory, change: ChangeEvent<Image>): Inventory {
  const images =
    change.action === 'deleted'
      ? without(inventory.images, change.object)
      : upsert(inventory.images, change.object);
  return { ...inventory, images };
}

function applyTask(inventory: Inventory, change: ChangeEvent<Task>): Inventory {
  if (change.action === 'deleted') return { ...inventory, tasks: without(inventory.tasks, change.object) };
  const known = inventory.tasks.find((other) => other.id === change.object.id);
  if (known?.ended && !change.object.ended) return inventory;
  return { ...inventory, tasks: upsertTask(inventory.tasks, change.object) };
}

function applyHost(inventory: Inventory, data: unknown): Inventory {
  if (!isRecord(data)) return inventory;
  const host = isRecord(data.host) ? data.host : data;
  return { ...inventory, host: { ...inventory.host, ...(host as Partial<Host>) } };
}

export function applyEvent(inventory: Inventory, event: LiveEvent): Inventory {
  const next = { ...inventory, sequence: Math.max(inventory.sequence, event.sequence) };
  if (event.type === 'machine') {
    const change = changeOf<Machine>(event.data, 'machine');
    return change ? applyMachine(next, change) : next;
  }
  if (event.type === 'image') {
    const change = changeOf<Image>(event.data, 'image');
    return change ? applyImage(next, change) : next;
  }
  if (event.type === 'task') {
    const change = changeOf<Task>(event.data, 'task');
    return change ? applyTask(next, change) : next;
  }
  if (event.type === 'host') return applyHost(next, event.data);
  return next;
}

export function applyEvents(inventory: Inventory, events: LiveEvent[]): Inventory {
  return events.reduce(applyEvent, inventory);
}

/** The sample that a `metrics` event carries, with its machine. */
export function sampleOf(event: LiveEvent): { machine: string; sample: Sample } | null {
  if (event.type !== 'metrics' || !isRecord(event.data)) return null;
  const { machine, sample } = event.data;
  return typeof machine === 'string' && isRecord(sample)
    ? { machine, sample: sample as unknown as Sample }
    : null;
}
