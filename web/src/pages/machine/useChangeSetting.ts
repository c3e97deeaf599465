// Sends one change of a machine as a merge patch, tells what became of it, and offers to take it back.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { patchMachine } from '../../api/calls';
import { live, noteMachine } from '../../api/inventory';
import { ApiError } from '../../api/client';
import type { JsonValue, Machine } from '../../api/types';
import { useNotify } from '../../components/notify';
import { isPartOf, patchOf, readSetting, settingKey } from '../../lib/settings';
import { problemOf, problemText, spoken } from '../../lib/words';

export function useChangeSetting(machine: Machine, key: string, title: string) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const [changed, setChanged] = useState(false);

  const send = async (at: Machine, value: JsonValue): Promise<Machine | null> => {
    setBusy(true);
    setProblem('');
    try {
      const answer = await patchMachine(at, patchOf(key, value));
      noteMachine(answer.machine);
      const refused = answer.rejected.find((change) => isPartOf(change.field, key));
      if (refused) setProblem(refused.reason ? spoken(refused.reason) : t('settings.refused'));
      return refused ? null : answer.machine;
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 412) void live.refetch();
      const field = problemOf(error).fields?.find((one) => settingKey(one.field).startsWith(key));
      setProblem(field ? spoken(field.detail) : problemText(t, problemOf(error)).title);
      return null;
    } finally {
      setBusy(false);
    }
  };

  /** Whether it was taken. */
  const change = async (value: JsonValue): Promise<boolean> => {
    const old = readSetting(machine, key);
    const taken = await send(machine, value);
    if (!taken) return false;
    setChanged(true);
    if (old === undefined) return true;
    const waits = taken.pending.some((one) => isPartOf(one.field, key));
    notify.show('success', title, waits ? t('settings.waits') : t('settings.applied'), {
      label: t('common.undo'),
      run: () => void send(taken, old),
    });
    return true;
  };

  return { change, changed, problem, setProblem, busy };
}
