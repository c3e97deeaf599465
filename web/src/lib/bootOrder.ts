// What a machine starts from, and the merge patch that changes it. Pure.
import type { JsonValue, MachineSpec } from '../api/types';

export interface BootDevice {
  id: string;
  kind: 'disk' | 'cdrom' | 'network';
  /** Its number in the order, from 0 on without gaps; -1: not started from. */
  place: number;
}

/** Those in the order first, as they come; then the others. */
export function bootDevices(spec: MachineSpec): BootDevice[] {
  const all: BootDevice[] = [
    ...spec.disks.map(({ id, device, bootIndex }) => ({ id, kind: device, place: bootIndex })),
    ...spec.nics.map(({ id, bootIndex }) => ({ id, kind: 'network' as const, place: bootIndex })),
  ];
  const ordered = all.filter(({ place }) => place >= 0).sort((a, b) => a.place - b.place);
  return [...ordered.map((device, place) => ({ ...device, place })), ...all.filter(({ place }) => place < 0)];
}

export const bootOrder = (spec: MachineSpec) =>
  bootDevices(spec)
    .filter(({ place }) => place >= 0)
    .map(({ id }) => id);

/** `order` with `id` at the place `to`; a place outside of the order leaves it as it is. */
export function moved(order: string[], id: string, to: number): string[] {
  if (to < 0 || to >= order.length || !order.includes(id)) return order;
  const rest = order.filter((other) => other !== id);
  return [...rest.slice(0, to), id, ...rest.slice(to)];
}

export function bootPatch(spec: MachineSpec, order: string[]): { [key: string]: JsonValue } {
  const placed = <T extends { id: string }>(device: T) => ({
    ...device,
    bootIndex: order.indexOf(device.id),
  });
  const lists = { disks: spec.disks.map(placed), nics: spec.nics.map(placed) };
  return { spec: lists as unknown as JsonValue };
}
