import { Caption1, Link, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { JsonValue, Machine, Setting } from '../../api/types';
import { useRevert } from '../../components/dialogs/PendingDialog';
import { ClockRegular, ErrorCircleRegular, ProhibitedRegular } from '../../components/icons';
import { SettingRow } from '../../components/SettingRow';
import { formatBytes } from '../../lib/format';
import { readSetting, settingKey } from '../../lib/settings';
import { settingSentence, settingTitle, spoken, valueText } from '../../lib/words';
import { useExplained } from './Explained';
import { SettingControl } from './SettingControl';
import { useChangeSetting } from './useChangeSetting';

const useStyles = makeStyles({
  waits: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusWarningForeground1,
  },
  unavailable: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorNeutralForeground2,
  },
  problem: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusDangerForeground1,
  },
});

function commandOf(machine: Machine, setting: Setting, value: JsonValue): string {
  const said =
    setting.type === 'bytes' && typeof value === 'number' ? formatBytes(value).replace(' ', '') : value;
  const text = Array.isArray(said) ? said.join(',') : String(said ?? '');
  return `visor set ${machine.name} ${setting.key}=${/^[\w.,:/-]*$/.test(text) ? text : `'${text}'`}`;
}

interface MachineSettingRowProps {
  machine: Machine;
  setting: Setting;
  /** Why it cannot be used; empty when it can. */
  unavailable?: string;
}

export function MachineSettingRow({ machine, setting, unavailable = '' }: MachineSettingRowProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const revert = useRevert();
  const title = settingTitle(t, setting);
  const { change, problem, setProblem, busy } = useChangeSetting(machine, setting.key, title);
  const value = readSetting(machine, setting.key) ?? null;
  const waiting = machine.pending.find((one) => settingKey(one.field) === setting.key);
  const command = setting.readOnly ? undefined : commandOf(machine, setting, value);
  const { button, made } = useExplained(machine, setting.key, title, command);
  const below = (unavailable || waiting || problem || made) && (
    <>
      {unavailable && (
        <Caption1 className={styles.unavailable}>
          <ProhibitedRegular aria-hidden /> {spoken(unavailable)}
        </Caption1>
      )}
      {problem && (
        <Caption1 className={styles.problem} role="alert">
          <ErrorCircleRegular aria-hidden /> {problem}
        </Caption1>
      )}
      {waiting && (
        <Caption1 className={styles.waits}>
          <ClockRegular aria-hidden />
          {t('settings.waitsRow', { now: valueText(t, setting.key, waiting.running, setting.type) })}
          <Link as="button" onClick={() => void revert(machine, [waiting])}>
            {t('pending.revert')}
          </Link>
        </Caption1>
      )}
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
        busy={busy}
        onChange={(next) => void change(next)}
        onProblem={setProblem}
      />
      {button}
    </SettingRow>
  );
}
