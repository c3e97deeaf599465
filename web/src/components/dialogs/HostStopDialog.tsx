// Brings all machines to rest as the shutdown of the host does; says before what becomes of each.
import { Body1 } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { previewHostStop, stopMachinesForHost } from '../../api/calls';
import { settingValue } from '../../lib/words';
import { PowerRegular } from '../icons';
import { useRun } from '../notify';
import { ProblemMessage } from '../ProblemMessage';
import { RowCard, SettingRow } from '../SettingRow';
import { AskDialog } from './AskDialog';

export function HostStopDialog() {
  const { t } = useTranslation();
  const run = useRun();
  const plan = useQuery({ queryKey: ['host stop'], queryFn: previewHostStop, gcTime: 0 });
  const machines = plan.data ?? [];
  return (
    <AskDialog
      title={t('hostStop.title')}
      act={t('hostStop.act')}
      icon={<PowerRegular />}
      danger
      ready={machines.length > 0}
      onAct={async () => Boolean(await run(stopMachinesForHost))}
    >
      <Body1>{t('hostStop.sentence')}</Body1>
      {plan.isError && <ProblemMessage error={plan.error} onRetry={() => void plan.refetch()} />}
      {plan.isSuccess && machines.length === 0 && <Body1>{t('hostStop.none')}</Body1>}
      {machines.length > 0 && (
        <RowCard>
          {machines.map(({ machine, action, timeLimit, round }) => (
            <SettingRow
              key={machine}
              title={machine}
              sentence={t('hostStop.entry', {
                action: settingValue(t, 'onHostShutdown.action', action),
                seconds: timeLimit,
              })}
            >
              {t('hostStop.round', { round })}
            </SettingRow>
          ))}
        </RowCard>
      )}
    </AskDialog>
  );
}
