// Sends one change of a machine as a merge patch, tells what became of it, and offers to take it back.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { patchMachine } from '../../api/calls';
import { live, noteMachine } from '../../api/inventory';
import { ApiError } from '../../api/client';
import type { JsonValue, Machine } from '../../api/types';
import { useNotify } from '../../components/notify';
import { patchOf, readSetting, settingKey } from '../../lib/settings';
import { problemOf, problemText, spoken } from '../../lib/words';

export function useChangeSetting(machine: Machine, key: string, title: string) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const send = async (at: Machine, value: JsonValue): Promise<Machine | null> => {
    setBusy(true);
    setProblem('');
    try {
      const answer = await patchMachine(at, patchOf(key, value));
      noteMachine(answer.machine);
      const refused = answer.rejected.find((change) => settingKey(change.field) === key);
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

  const change = async (value: JsonValue) => {
    const old = readSetting(machine, key);
    const changed = await send(machine, value);
    if (!changed || old === undefined) return;
    const waits = changed.pending.some((one) => settingKey(one.field) === key);
    notify.show('success', title, waits ? t('settings.waits') : t('settings.applied'), {
      label: t('common.undo'),
      run: () => void send(changed, old),
    });
  };

  return { change, problem, setProblem, busy };
}
