// The last minutes of samples of each machine, outside of React: a sample redraws only the graphs that show it.
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useSyncExternalStore } from 'react';

import { getMetrics } from './calls';
import type { Machine, MetricsRange, Sample } from './types';

export const keptSamples = 150;
const none: readonly Sample[] = [];

class MetricsStore {
  private readonly samples = new Map<string, readonly Sample[]>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly loaded = new Set<string>();

  of(machine: string): readonly Sample[] {
    return this.samples.get(machine) ?? none;
  }

  newest(machine: Machine): Sample | null {
    return this.of(machine.name).at(-1) ?? machine.metrics;
  }

  add(machine: string, sample: Sample): void {
    this.put(machine, [...this.of(machine), sample]);
  }

  /** History that arrives late goes before what has arrived live. */
  addHistory(machine: string, history: readonly Sample[]): void {
    const live = this.of(machine);
    const first = live[0] && Date.parse(live[0].time);
    this.put(machine, [
      ...history.filter((sample) => !first || Date.parse(sample.time) < Math.floor(first / 1000) * 1000),
      ...live,
    ]);
  }

  async load(machine: string): Promise<void> {
    if (this.loaded.has(machine)) return;
    this.loaded.add(machine);
    try {
      this.addHistory(machine, (await getMetrics(machine, 'recent')).samples);
    } catch {
      this.loaded.delete(machine);
    }
  }

  forgetAll(): void {
    this.loaded.clear();
    this.samples.clear();
  }

  subscribe(machine: string, listener: () => void): () => void {
    const set = this.listeners.get(machine) ?? new Set();
    this.listeners.set(machine, set.add(listener));
    return () => set.delete(listener);
  }

  private put(machine: string, samples: readonly Sample[]): void {
    this.samples.set(machine, samples.slice(-keptSamples));
    this.listeners.get(machine)?.forEach((listener) => listener());
  }
}

export const metricsStore = new MetricsStore();

/** Samples of one machine, oldest first. `wanted` false costs nothing. */
export function useSamples(machine: string, wanted: boolean): readonly Sample[] {
  useEffect(() => {
    if (wanted) void metricsStore.load(machine);
  }, [machine, wanted]);
  const subscribe = useCallback(
    (listener: () => void) => metricsStore.subscribe(machine, listener),
    [machine],
  );
  return useSyncExternalStore(subscribe, () => metricsStore.of(machine));
}

const refreshMilliseconds = { hour: 15_000, day: 60_000, month: 300_000 };

/** Means over an hour, a day or a month; for `recent` there is nothing to ask, useSamples has it. */
export function useHistory(machine: string, range: MetricsRange) {
  return useQuery({
    queryKey: ['metrics', machine, range],
    queryFn: () => getMetrics(machine, range),
    enabled: range !== 'recent',
    staleTime: 0,
    refetchInterval: range === 'recent' ? false : refreshMilliseconds[range],
  });
}
