import { Caption1, Link, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { JsonValue, Machine, Setting, UnavailableValue } from '../../api/types';
import { CopyChip } from '../../components/Chip';
import { useRevert } from '../../components/dialogs/PendingDialog';
import { ClockRegular, ErrorCircleRegular, ProhibitedRegular } from '../../components/icons';
import { SettingRow } from '../../components/SettingRow';
import { setCommand } from '../../lib/command';
import { readSetting, settingKey } from '../../lib/settings';
import { settingSentence, settingTitle, settingValue, spoken, valueText } from '../../lib/words';
import { useExplained } from './Explained';
import { SettingControl } from './SettingControl';
import { useChangeSetting } from './useChangeSetting';

const useStyles = makeStyles({
  waits: {
    display: 'inline-flex',
    alignItems: 'center',
    '& svg': { flexShrink: 0 },
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusWarningForeground1,
  },
  unavailable: {
    display: 'inline-flex',
    alignItems: 'center',
    '& svg': { flexShrink: 0 },
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorNeutralForeground2,
  },
  revert: { flexShrink: 0 },
  problem: {
    display: 'inline-flex',
    alignItems: 'center',
    '& svg': { flexShrink: 0 },
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusDangerForeground1,
  },
});

interface MachineSettingRowProps {
  machine: Machine;
  setting: Setting;
  /** Why it cannot be used; empty when it can. */
  unavailable?: string;
  /** Values that it cannot have here. */
  unavailableValues?: UnavailableValue[];
}

const none: UnavailableValue[] = [];
/** What the daemon says of every setting that waits; the row says so already. */
const usualReason = 'Applies at the next start.';

export function MachineSettingRow({
  machine,
  setting,
  unavailable = '',
  unavailableValues = none,
}: MachineSettingRowProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const revert = useRevert();
  const title = settingTitle(t, setting);
  const { change, changed, problem, setProblem, busy } = useChangeSetting(machine, setting.key, title);
  const [typed, setTyped] = useState<JsonValue | undefined>();
  const value = readSetting(machine, setting.key) ?? null;
  const waiting = machine.pending.find((one) => settingKey(one.field) === setting.key);
  const command = setting.readOnly
    ? undefined
    : setCommand(machine.name, [{ key: setting.key, value: typed ?? value, type: setting.type }]);
  const { button, made } = useExplained(machine, setting.key, title, command);
  const told = command && !made && (typed !== undefined || changed || waiting);
  const missing = unavailable ? none : unavailableValues;
  const below = (unavailable || missing.length > 0 || waiting || problem || made || told) && (
    <>
      {unavailable && (
        <Caption1 className={styles.unavailable}>
          <ProhibitedRegular aria-hidden /> {spoken(unavailable)}
        </Caption1>
      )}
      {missing.map(({ value: one, reason }) => (
        <Caption1 key={one} className={styles.unavailable}>
          <ProhibitedRegular aria-hidden /> {settingValue(t, setting.key, one)}: {spoken(reason)}
        </Caption1>
      ))}
      {problem && (
        <Caption1 className={styles.problem} role="alert">
          <ErrorCircleRegular aria-hidden /> {problem}
        </Caption1>
      )}
      {waiting && (
        <Caption1 className={styles.waits}>
          <ClockRegular aria-hidden />
          <span>
            {t('settings.waitsRow', { now: valueText(t, setting.key, waiting.running, setting.type) })}
            {waiting.reason && waiting.reason !== usualReason && ` ${spoken(waiting.reason)}`}
          </span>
          <Link as="button" className={styles.revert} onClick={() => void revert(machine, [waiting])}>
            {t('pending.revert')}
          </Link>
        </Caption1>
      )}
      {told && <CopyChip text={command} />}
      {made}
    </>
  );
  return (
    <SettingRow title={title} sentence={settingSentence(t, setting)} below={below}>
      <SettingControl
        setting={setting}
        title={title}
        value={value}
        disabled={unavailable !== ''}
        without={missing.map((one) => one.value)}
        busy={busy}
        onChange={(next) => void change(next)}
        onProblem={setProblem}
        onTyped={setTyped}
      />
      {button}
    </SettingRow>
  );
}
