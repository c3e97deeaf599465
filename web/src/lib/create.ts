// The create form: what was chosen, what that asks of the host, and the request it becomes. Pure.
import type { SystemPreset } from '../api/catalogueTypes';
import type { CreateRequest, Host, Image, JsonValue } from '../api/types';
import { isMachineName, numberedNames } from './machines';

const GiB = 1024 ** 3;

export type Source = 'image' | 'iso' | 'empty';
export type PresetName = 'small' | 'medium' | 'large' | 'custom';

export interface Size {
  cpus: number;
  memory: number;
  disk: number;
}

export const presets: Record<Exclude<PresetName, 'custom'>, Size> = {
  small: { cpus: 1, memory: 1 * GiB, disk: 10 * GiB },
  medium: { cpus: 2, memory: 2 * GiB, disk: 20 * GiB },
  large: { cpus: 4, memory: 8 * GiB, disk: 64 * GiB },
};

export interface CreateForm {
  source: Source;
  image: string;
  iso: string;
  family: string;
  /** Id of a known system, or empty. */
  os: string;
  name: string;
  quantity: number;
  preset: PresetName;
  custom: Size;
  user: string;
  sshKey: string;
  start: boolean;
}

export const emptyForm: CreateForm = {
  source: 'image',
  image: '',
  iso: '',
  family: 'linux',
  os: '',
  name: '',
  quantity: 1,
  preset: 'small',
  custom: presets.medium,
  user: 'visor',
  sshKey: '',
  start: true,
};

export const sizeOf = (form: CreateForm): Size =>
  form.preset === 'custom' ? form.custom : presets[form.preset];

/** The image that the form stands on; without a choice the first one. */
export const imageOf = (form: CreateForm, images: Image[]) =>
  images.find((image) => image.name === form.image) ?? images[0];

export type SizeWarning = 'cpus' | 'memory' | 'disk' | 'diskBelowImage';

export function sizeWarnings(
  form: CreateForm,
  host: Host | undefined,
  image: Image | undefined,
): SizeWarning[] {
  const size = sizeOf(form);
  const warnings: SizeWarning[] = [];
  if (form.source === 'image' && image && size.disk < image.virtualSize) warnings.push('diskBelowImage');
  if (!host) return warnings;
  if (size.cpus > host.cpu.threads) warnings.push('cpus');
  if (form.start && size.memory * form.quantity > host.memory.available) warnings.push('memory');
  if (size.disk * form.quantity > host.storage.free) warnings.push('disk');
  return warnings;
}

export type FormProblem = 'nameRule' | 'nameTaken' | 'noImage' | 'noIso' | 'badSize' | 'diskBelowImage';

export function formProblems(
  form: CreateForm,
  name: string,
  taken: string[],
  image: Image | undefined,
): FormProblem[] {
  const problems: FormProblem[] = [];
  const names = numberedNames(name, form.quantity);
  if (!names.every(isMachineName)) problems.push('nameRule');
  else if (names.some((one) => taken.includes(one))) problems.push('nameTaken');
  if (form.source === 'image' && !image) problems.push('noImage');
  if (form.source === 'iso' && !form.iso.trim().startsWith('/')) problems.push('noIso');
  const { cpus, memory, disk } = sizeOf(form);
  if (!(cpus >= 1) || !(memory >= 16 * 1024 ** 2) || !(disk >= 1024 ** 2)) problems.push('badSize');
  if (form.source === 'image' && image && disk < image.virtualSize) problems.push('diskBelowImage');
  return problems;
}

/** `debian/12` -> `debian-12`; a name nobody has to think about. */
export const suggestedBase = (form: CreateForm, image: Image | undefined) => {
  const base =
    form.source === 'image'
      ? (image?.name ?? 'machine')
      : form.source === 'iso'
        ? form.os || form.family
        : 'machine';
  return (
    base
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 50) || 'machine'
  );
};

/** The form once a system is chosen: its family, and the size that it wants. */
export function withSystem({ system, preset }: SystemPreset): Partial<CreateForm> {
  const wanted = (setting: string, otherwise: number) => {
    const value = preset.find((choice) => choice.setting === setting)?.value;
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    os: system.id,
    family: system.family,
    preset: 'custom',
    custom: {
      cpus: wanted('cpu.count', 2),
      memory: wanted('memory.size', GiB),
      disk: wanted('diskSize', 10 * GiB),
    },
  };
}

/** What a system's preset decides besides the sizes, which the form shows and sends itself. */
export const shownChoices = ({ preset }: SystemPreset) =>
  preset.filter(({ setting }) => !['cpu.count', 'memory.size', 'diskSize', 'os.family'].includes(setting));

export function requestOf(
  form: CreateForm,
  name: string,
  image: Image | undefined,
  password: string,
): CreateRequest {
  const size = sizeOf(form);
  const spec: { [key: string]: JsonValue } = { cpu: { count: size.cpus }, memory: { size: size.memory } };
  const request: CreateRequest = { name, diskSize: size.disk, spec, start: form.start };
  if (form.start) request.wait = form.source === 'image' && image?.cloudInit ? 'ready' : 'running';
  if (form.source === 'image' && image) {
    request.image = image.name;
    if (image.cloudInit && form.user.trim()) request.user = form.user.trim();
    const keys = form.sshKey
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    if (image.cloudInit && keys.length > 0) request.sshKeys = keys;
    if (image.cloudInit && password) request.password = password;
  } else {
    spec.os = form.os ? { id: form.os } : { family: form.family };
    if (form.source === 'iso') request.iso = form.iso.trim();
  }
  return request;
}
