// Keeps the inventory fresh by server-sent events: one stream, resumed after `?since=` when it breaks.
import type { QueryClient } from '@tanstack/react-query';

import { getInventory, getSession } from './calls';
import { ApiError, apiRoot } from './client';
import { metricsStore } from './metrics';
import { applyEvents, sampleOf } from './reducer';
import type { Inventory, LiveEvent } from './types';

export type Connection = 'connecting' | 'online' | 'offline';
export const inventoryKey = ['inventory'] as const;

const eventTypes = ['machine', 'image', 'task', 'metrics', 'resync', 'host'];
const gatherMilliseconds = 80;
const retryMilliseconds = [500, 1000, 2000, 3000];

export class LiveInventory {
  private readonly client: QueryClient;
  private readonly listeners = new Set<() => void>();
  private connection: Connection = 'connecting';
  private source: EventSource | null = null;
  private waiting: LiveEvent[] = [];
  private gather: number | undefined;
  private retry: number | undefined;
  private attempts = 0;
  private lastSequence = 0;
  private refetching = false;
  private stopped = true;

  constructor(client: QueryClient) {
    this.client = client;
  }

  start(sequence: number): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.lastSequence = sequence;
    this.open();
  }

  stop(): void {
    this.stopped = true;
    window.clearTimeout(this.gather);
    window.clearTimeout(this.retry);
    this.gather = undefined;
    this.source?.close();
    this.source = null;
    this.waiting = [];
    this.attempts = 0;
    this.set('connecting');
  }

  state = (): Connection => this.connection;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Reads everything anew; events that arrive meanwhile are applied on top. */
  async refetch(): Promise<void> {
    if (this.refetching) return;
    this.refetching = true;
    try {
      const inventory = await getInventory();
      const later = this.waiting.filter((event) => event.sequence > inventory.sequence);
      this.waiting = [];
      this.lastSequence = later.at(-1)?.sequence ?? inventory.sequence;
      this.client.setQueryData(inventoryKey, applyEvents(inventory, later));
    } finally {
      this.refetching = false;
    }
  }

  private open(): void {
    const source = new EventSource(`${apiRoot}/events?since=${this.lastSequence}`);
    this.source = source;
    source.onopen = () => this.opened();
    source.onerror = () => void this.failed(source);
    for (const type of eventTypes) source.addEventListener(type, (event) => this.take(type, event));
  }

  private opened(): void {
    const wasAway = this.attempts > 0;
    this.attempts = 0;
    this.set('online');
    // A daemon that has restarted counts anew, so after an outage the whole state is read once.
    if (wasAway) void this.refetch().catch(() => undefined);
  }

  private async failed(source: EventSource): Promise<void> {
    if (this.source !== source) return;
    source.close();
    this.source = null;
    this.set('offline');
    // An EventSource does not tell why it failed; a 401 here leads to the sign-in page.
    await getSession().catch((error: unknown) => {
      if (error instanceof ApiError && error.unauthorized) this.stop();
    });
    if (this.stopped) return;
    const delay = retryMilliseconds[Math.min(this.attempts, retryMilliseconds.length - 1)];
    this.attempts += 1;
    this.retry = window.setTimeout(() => this.open(), delay);
  }

  private take(type: string, message: Event): void {
    if (!(message instanceof MessageEvent) || this.stopped) return;
    const sequence = Number(message.lastEventId) || 0;
    if (type === 'resync') {
      void this.refetch().catch(() => undefined);
      return;
    }
    let data: unknown;
    try {
      data = JSON.parse(String(message.data));
    } catch {
      return;
    }
    this.waiting.push({ sequence, type, data });
    this.gather ??= window.setTimeout(() => this.flush(), gatherMilliseconds);
  }

  private flush(): void {
    this.gather = undefined;
    if (this.refetching) {
      this.gather = window.setTimeout(() => this.flush(), gatherMilliseconds);
      return;
    }
    const events = this.waiting;
    this.waiting = [];
    this.lastSequence = Math.max(this.lastSequence, events.at(-1)?.sequence ?? 0);
    const changes: LiveEvent[] = [];
    for (const event of events) {
      const sample = sampleOf(event);
      if (sample) metricsStore.add(sample.machine, sample.sample);
      else changes.push(event);
    }
    if (changes.length === 0) return;
    this.client.setQueryData<Inventory>(inventoryKey, (old) => old && applyEvents(old, changes));
  }

  private set(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.listeners.forEach((listener) => listener());
  }
}
