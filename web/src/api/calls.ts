// Every request the page makes, by name.
import { api } from './client';
import type { MemoryReport } from './memoryTypes';
import type { ProcessorReport } from './processorTypes';
import type { HostCheck, HostStopEntry, OperatingSystem, Profile, SystemPreset } from './catalogueTypes';
import type { Iso, IsoRequest } from './isoTypes';
import type { Volume } from './volumeTypes';
import type { HostTopology, PinningGoal, PinningProposal } from './topologyTypes';
import type {
  BuildableImage,
  CreateRequest,
  Image,
  Inventory,
  JsonValue,
  Machine,
  MachineSetting,
  MachineAction,
  MetricsRange,
  MetricsWindow,
  PatchAnswer,
  QemuCommand,
  Session,
  Setting,
  Task,
  Ticket,
} from './types';

export interface TaskAnswer {
  task: Task;
}

export interface ImportRequest {
  name: string;
  source: string;
  format?: string;
  sha256?: string;
  description?: string;
}

const at = (name: string) => `/machines/${encodeURIComponent(name)}`;

export const getInventory = () => api.get<Inventory>('/inventory');

export const createMachine = (request: CreateRequest) => api.post<TaskAnswer>('/machines', request);
export const checkMachine = (request: CreateRequest) =>
  api.post<{ machine: Machine }>('/machines?dryRun=true', request);
export const actOnMachine = (name: string, action: MachineAction, body: { [key: string]: JsonValue } = {}) =>
  api.post<TaskAnswer>(`${at(name)}/actions/${action}`, body);
export const renameMachine = (name: string, next: string) =>
  api.post<TaskAnswer>(`${at(name)}/actions/rename`, { name: next });
export const cloneMachine = (name: string, request: { name: string; count: number; start: boolean }) =>
  api.post<TaskAnswer>(`${at(name)}/actions/clone`, request);
export const publishMachine = (name: string, request: { name: string; compress: boolean }) =>
  api.post<TaskAnswer>(`${at(name)}/actions/publish`, request);
export const patchMachine = (machine: Machine, patch: { [key: string]: JsonValue }) =>
  api.patch<PatchAnswer>(at(machine.name), patch, { 'If-Match': `"${machine.revision}"` });
export const previewPatch = (machine: Machine, patch: { [key: string]: JsonValue }) =>
  api.patch<PatchAnswer>(`${at(machine.name)}?dryRun=true`, patch, {
    'If-Match': `"${machine.revision}"`,
  });
export const previewDelete = (name: string) =>
  api.delete<{ removes: string[]; protected: boolean }>(`${at(name)}?dryRun=true`);
export const deleteMachine = (name: string) => api.delete<TaskAnswer>(`${at(name)}?force=true`);
const diskAt = (name: string, disk: string) => `${at(name)}/disks/${encodeURIComponent(disk)}`;
export const addDisk = (name: string, disk: { [key: string]: JsonValue }) =>
  api.post<TaskAnswer>(`${at(name)}/disks`, disk);
export const removeDisk = (name: string, disk: string) => api.delete<TaskAnswer>(diskAt(name, disk));
export const resizeDisk = (name: string, disk: string, size: number) =>
  api.post<TaskAnswer>(`${diskAt(name, disk)}/actions/resize`, { size });
export const checkDisk = (name: string, disk: string, repair: boolean) =>
  api.post<TaskAnswer>(`${diskAt(name, disk)}/actions/check`, { repair });
export const compactDisk = (name: string, disk: string) =>
  api.post<TaskAnswer>(`${diskAt(name, disk)}/actions/compact`, {});
export const convertDisk = (name: string, disk: string, format: string) =>
  api.post<TaskAnswer>(`${diskAt(name, disk)}/actions/convert`, { format });
export const insertDisc = (name: string, disk: string, file: string) =>
  api.post<TaskAnswer>(`${diskAt(name, disk)}/actions/insert`, { file });
export const getMetrics = (name: string, range: MetricsRange) =>
  api.get<MetricsWindow>(`${at(name)}/metrics?range=${range}`);
export const getLog = (name: string) => api.get<{ lines: string[] }>(`${at(name)}/log`);
export const getCommand = (name: string) => api.get<QemuCommand>(`${at(name)}/command`);
export const getMachineSettings = async (name: string) =>
  (await api.get<{ settings: MachineSetting[] }>(`${at(name)}/settings`)).settings;
export const getPinning = (name: string, goal: PinningGoal) =>
  api.get<PinningProposal>(`${at(name)}/pinning?goal=${goal}`);
export const getProcessor = (name: string) => api.get<ProcessorReport>(`${at(name)}/processor`);
export const getMemory = (name: string) => api.get<MemoryReport>(`${at(name)}/memory`);
export const getTicket = (name: string, kind: 'screen' | 'serial') =>
  api.post<Ticket>(`${at(name)}/tickets`, { kind });
export const screenshotPath = (name: string, width: number) => `${at(name)}/screenshot?width=${width}`;

export const getTopology = () => api.get<HostTopology>('/host/topology');

const stopMachinesPath = '/host/actions/stop-machines';
export const previewHostStop = async () =>
  (await api.post<{ machines: HostStopEntry[] }>(`${stopMachinesPath}?dryRun=true`, {})).machines;
export const stopMachinesForHost = () => api.post<TaskAnswer>(stopMachinesPath, {});

export const getHostChecks = async () => (await api.get<{ checks: HostCheck[] }>('/host/checks')).checks;

export const getSystems = async () => (await api.get<{ systems: OperatingSystem[] }>('/os')).systems;
export const getSystem = (id: string) => api.get<SystemPreset>(`/os/${encodeURIComponent(id)}`);

const profileAt = (name: string) => `/profiles/${encodeURIComponent(name)}`;
export const getProfiles = async () => (await api.get<{ profiles: Profile[] }>('/profiles')).profiles;
export const saveProfile = (name: string, machine: string) =>
  api.post<Profile>('/profiles', { name, machine });
export const deleteProfile = (name: string) => api.delete<unknown>(profileAt(name));
export const previewProfile = (name: string, machine: string) =>
  api.post<PatchAnswer>(`${profileAt(name)}/actions/apply?dryRun=true`, { machine });
export const applyProfile = (name: string, machine: string) =>
  api.post<PatchAnswer>(`${profileAt(name)}/actions/apply`, { machine });

export const getSettings = async () => (await api.get<{ settings: Setting[] }>('/settings')).settings;

export const getImages = () => api.get<{ images: Image[]; buildable: BuildableImage[] }>('/images');
export const buildImage = (name: string, architecture: string) =>
  api.post<TaskAnswer>('/images/actions/build', { name, architecture });
export const importImage = (request: ImportRequest) =>
  api.post<TaskAnswer>('/images/actions/import', request);
export const deleteImage = (name: string) => api.delete<TaskAnswer>(`/images/${encodeURIComponent(name)}`);

export const getVolumes = async () => (await api.get<{ volumes: Volume[] }>('/volumes')).volumes;
export const deleteVolume = (name: string) => api.delete<unknown>(`/volumes/${encodeURIComponent(name)}`);

export const getIsos = async () => (await api.get<{ isos: Iso[] }>('/isos')).isos;
export const buildIso = (request: IsoRequest) => api.post<TaskAnswer>('/isos', request);
export const deleteIso = (name: string) => api.delete<unknown>(`/isos/${encodeURIComponent(name)}`);

export const getTask = (id: string) => api.get<Task>(`/tasks/${encodeURIComponent(id)}`);
export const cancelTask = (id: string) => api.delete<Task>(`/tasks/${encodeURIComponent(id)}`);

export const logIn = (code: string) => api.post<{ user: string }>('/auth/login', { code });
export const logOut = () => api.post<unknown>('/auth/logout');
export const getSession = () => api.get<Session>('/auth/session');
