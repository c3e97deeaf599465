// Requests about snapshots.
import { useQuery } from '@tanstack/react-query';

import type { TaskAnswer } from './calls';
import { api } from './client';
import type { RestoreRequest, Snapshot, SnapshotRemoval, SnapshotTree } from './snapshotTypes';
import type { Machine } from './types';

const at = (machine: string) => `/machines/${encodeURIComponent(machine)}/snapshots`;
const one = (machine: string, name: string) => `${at(machine)}/${encodeURIComponent(name)}`;

export const getSnapshots = (machine: string) => api.get<SnapshotTree>(at(machine));
export const createSnapshot = (machine: string, request: { name: string; note: string; memory: boolean }) =>
  api.post<TaskAnswer>(at(machine), request);
export const changeSnapshot = (machine: string, name: string, change: { name?: string; note?: string }) =>
  api.patch<Snapshot>(one(machine, name), change);
export const restoreSnapshot = (machine: string, name: string, request: RestoreRequest) =>
  api.post<TaskAnswer>(`${one(machine, name)}/actions/restore`, { ...request });
export const previewRemoval = (machine: string, name: string, branch: boolean) =>
  api.delete<SnapshotRemoval>(`${one(machine, name)}?dryRun=true&branch=${branch}`);
export const deleteSnapshot = (machine: string, name: string, branch: boolean) =>
  api.delete<TaskAnswer>(`${one(machine, name)}?branch=${branch}`);
export const snapshotPicture = (machine: string, name: string) => `/api/v1${one(machine, name)}/screenshot`;

/** Every change of the tree, and of what it is measured by, changes the machine's revision or state. */
export const useSnapshots = (machine: Pick<Machine, 'name' | 'revision' | 'state' | 'task'>) =>
  useQuery({
    queryKey: ['snapshots', machine.name, machine.revision, machine.state.status, machine.task],
    queryFn: () => getSnapshots(machine.name),
    placeholderData: (before) => before,
    staleTime: 0,
    retry: false,
  });
