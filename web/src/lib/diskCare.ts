// What the last look at a disk, or its last rewriting, has brought: told by the daemon's own tasks.
import type { Task } from '../api/types';

export type DiskCare =
  | { kind: 'raw' | 'sound' | 'leaks' | 'damaged'; count: number; repaired: number; ended: string }
  | { kind: 'rewritten'; before: number; after: number; ended: string };

const kinds = new Set(['machine.check-disk', 'machine.compact-disk', 'machine.convert-disk']);

const numberOf = (task: Task, key: string): number => Number(task.result?.[key] ?? 0);

function careOf(task: Task): DiskCare {
  const ended = task.ended ?? '';
  if (task.kind !== 'machine.check-disk') {
    return { kind: 'rewritten', before: numberOf(task, 'before'), after: numberOf(task, 'after'), ended };
  }
  const errors = numberOf(task, 'errors');
  const leaks = numberOf(task, 'leaks');
  const repaired = numberOf(task, 'repairedErrors') + numberOf(task, 'repairedLeaks');
  if (numberOf(task, 'files') === 0) return { kind: 'raw', count: 0, repaired, ended };
  if (errors > 0) return { kind: 'damaged', count: errors, repaired, ended };
  return { kind: leaks > 0 ? 'leaks' : 'sound', count: leaks, repaired, ended };
}

/** The newest of them that went well; none: nobody has asked, or it is forgotten. */
export function lastCare(tasks: Task[], machine: string, disk: string): DiskCare | undefined {
  const mine = tasks.filter(
    (task) =>
      kinds.has(task.kind) &&
      task.subject.name === machine &&
      task.state === 'succeeded' &&
      task.result?.disk === disk,
  );
  const newest = mine.reduce<Task | undefined>(
    (best, task) => (best && (best.ended ?? '') >= (task.ended ?? '') ? best : task),
    undefined,
  );
  return newest && careOf(newest);
}
