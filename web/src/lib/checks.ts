// What was looked at on the host, by the feature that needs it.
import type { CheckState, HostCheck } from '../api/catalogueTypes';

export const checkStates: CheckState[] = ['ok', 'limited', 'off', 'missing'];

export interface CheckGroup {
  feature: string;
  checks: HostCheck[];
}

/** In the order in which the daemon tells them. */
export function groupChecks(checks: readonly HostCheck[]): CheckGroup[] {
  const groups: CheckGroup[] = [];
  for (const check of checks) {
    const last = groups.find((group) => group.feature === check.feature);
    if (last) last.checks.push(check);
    else groups.push({ feature: check.feature, checks: [check] });
  }
  return groups;
}

/** Those that something can be done about, or that something is missing for. */
export const openChecks = (checks: readonly HostCheck[]) => checks.filter((check) => check.state !== 'ok');

export const fatalChecks = (checks: readonly HostCheck[]) =>
  checks.filter((check) => check.needed && check.state === 'missing');
