// Hooks that read the inventory. Components see only the part they ask for and redraw only when it changes.
import { QueryClient, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useSyncExternalStore } from 'react';

import { getImages, getInventory, getSettings } from './calls';
import { ApiError } from './client';
import { LiveInventory, inventoryKey } from './live';
import { upsertTask } from './reducer';
import type { Host, Image, Inventory, Machine, Task } from './types';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (count, error) => error instanceof ApiError && error.unreachable && count < 30,
      retryDelay: 1000,
    },
  },
});

export const live = new LiveInventory(queryClient);

function useInventory<T>(select: (inventory: Inventory) => T) {
  return useQuery({ queryKey: inventoryKey, queryFn: getInventory, select });
}

const wholeOf = (inventory: Inventory) => inventory;
const machinesOf = (inventory: Inventory) => inventory.machines;
const imagesOf = (inventory: Inventory) => inventory.images;
const tasksOf = (inventory: Inventory) => inventory.tasks;
const hostOf = (inventory: Inventory) => inventory.host;

/** Starts the event stream once the first inventory is here. Call it in one place. */
export function useLiveInventory() {
  const query = useInventory(wholeOf);
  const loaded = query.data !== undefined;
  useEffect(() => {
    if (!loaded) return undefined;
    live.start(queryClient.getQueryData<Inventory>(inventoryKey)?.sequence ?? 0);
    return () => live.stop();
  }, [loaded]);
  return query;
}

export const useMachines = (): Machine[] => useInventory(machinesOf).data ?? [];
export const useImages = (): Image[] => useInventory(imagesOf).data ?? [];
export const useTasks = (): Task[] => useInventory(tasksOf).data ?? [];
export const useHost = (): Host | undefined => useInventory(hostOf).data;

export function useMachine(name: string): Machine | undefined {
  const select = useCallback(
    (inventory: Inventory) => inventory.machines.find((machine) => machine.name === name),
    [name],
  );
  return useInventory(select).data;
}

export const useConnection = () => useSyncExternalStore(live.subscribe, live.state);

export const useSettings = () => useQuery({ queryKey: ['settings'], queryFn: getSettings });
export const useBuildable = () =>
  useQuery({ queryKey: ['buildable'], queryFn: async () => (await getImages()).buildable });

/** A task that a request has just returned shows at once, before its first event. */
export function noteTask(task: Task | undefined): void {
  if (!task) return;
  queryClient.setQueryData<Inventory>(inventoryKey, (old) => {
    if (!old || old.tasks.some((known) => known.id === task.id)) return old;
    return { ...old, tasks: upsertTask(old.tasks, task) };
  });
}

export function noteMachine(machine: Machine): void {
  queryClient.setQueryData<Inventory>(
    inventoryKey,
    (old) =>
      old && {
        ...old,
        machines: old.machines.map((known) =>
          known.id === machine.id && known.revision <= machine.revision ? machine : known,
        ),
      },
  );
}
