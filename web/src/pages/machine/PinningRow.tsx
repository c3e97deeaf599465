// Asks the daemon where the processors of a machine should run, shows why, and binds them so.
import { Body1, Button, Caption1, Dropdown, Option, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { getPinning } from '../../api/calls';
import type { Machine, PinningGoal, PinningProposal } from '../../api/types';
import { CheckmarkRegular, WarningRegular } from '../../components/icons';
import { useNotify } from '../../components/notify';
import { SettingRow } from '../../components/SettingRow';
import { spoken } from '../../lib/words';
import { useChangeSetting } from './useChangeSetting';

const goals: PinningGoal[] = ['fastest', 'balanced', 'quiet'];

const useStyles = makeStyles({
  goal: { minWidth: '150px' },
  proposal: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXS, width: '100%' },
  sentence: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalXS },
  warning: { color: tokens.colorStatusWarningForeground1 },
  apply: { alignSelf: 'flex-start' },
});

export function PinningRow({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const notify = useNotify();
  const [goal, setGoal] = useState<PinningGoal>('fastest');
  const [proposal, setProposal] = useState<PinningProposal | null>(null);
  const title = t('pinning.title');
  const { change, problem, busy } = useChangeSetting(machine, 'cpu.pinning', title);
  const ask = async () => {
    try {
      setProposal(await getPinning(machine.name, goal));
    } catch (error) {
      notify.problem(error);
    }
  };
  const apply = async ({ pinning }: PinningProposal) => {
    await change({ vcpus: pinning.vcpus, emulator: pinning.emulator });
    setProposal(null);
  };
  return (
    <SettingRow
      title={title}
      sentence={t('pinning.sentence')}
      below={
        (problem || proposal) && (
          <div className={styles.proposal} aria-live="polite">
            {problem && <Caption1 role="alert">{problem}</Caption1>}
            {proposal && (
              <>
                <Body1>
                  {proposal.pinning.vcpus
                    .map((processors, vcpu) => t('pinning.place', { vcpu, processors }))
                    .join(t('common.listSeparator'))}
                </Body1>
                {proposal.reasons.map((reason) => (
                  <Caption1 key={reason} className={styles.sentence}>
                    <CheckmarkRegular aria-hidden /> {spoken(reason)}
                  </Caption1>
                ))}
                {proposal.warnings.map((warning) => (
                  <Caption1 key={warning} className={`${styles.sentence} ${styles.warning}`}>
                    <WarningRegular aria-hidden /> {spoken(warning)}
                  </Caption1>
                ))}
                <Button
                  className={styles.apply}
                  appearance="primary"
                  size="small"
                  disabled={busy || proposal.pinning.vcpus.length === 0}
                  onClick={() => void apply(proposal)}
                >
                  {t('pinning.apply')}
                </Button>
              </>
            )}
          </div>
        )
      }
    >
      <Dropdown
        className={styles.goal}
        aria-label={t('pinning.goal')}
        value={t(`pinning.goals.${goal}`)}
        selectedOptions={[goal]}
        onOptionSelect={(_, data) => {
          setGoal(goals.find((one) => one === data.optionValue) ?? goal);
          setProposal(null);
        }}
      >
        {goals.map((one) => (
          <Option key={one} value={one}>
            {t(`pinning.goals.${one}`)}
          </Option>
        ))}
      </Dropdown>
      <Button onClick={() => void ask()}>{t('pinning.propose')}</Button>
    </SettingRow>
  );
}
