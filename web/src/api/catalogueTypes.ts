// Checks of the host, the guest systems that are known by name, and the profiles of settings.
import type { JsonValue } from './types';

export interface OsResources {
  cpus: number;
  memory: number;
  disk: number;
}

/** A guest system that the daemon knows by name. */
export interface OperatingSystem {
  id: string;
  name: string;
  family: string;
  kind: string;
  version: string;
  released: string;
  minimum: OsResources;
  recommended: OsResources;
}

/** One thing that a system's preset decides; `nics[].model` is of every adapter, `diskSize` of the first disk. */
export interface PresetChoice {
  setting: string;
  value: JsonValue;
  reason: string;
}

export interface SystemPreset {
  system: OperatingSystem;
  preset: PresetChoice[];
}

/** A named set of settings; `spec` is a merge patch. */
export interface Profile {
  name: string;
  description: string;
  builtIn: boolean;
  spec: { [key: string]: JsonValue };
}

export type CheckState = 'ok' | 'limited' | 'off' | 'missing';

/** One thing that was looked at on the host; `feature` is what needs it. */
export interface HostCheck {
  id: string;
  feature: string;
  title: string;
  state: CheckState;
  /** No machine runs without it. */
  needed: boolean;
  reason: string;
  fix: string;
  command: string;
}

/** What becomes of a running machine when its host shuts down. */
export interface HostStopEntry {
  machine: string;
  action: string;
  timeLimit: number;
  round: number;
}
