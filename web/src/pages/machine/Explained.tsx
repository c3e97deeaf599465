// How a setting is made: the command that does the same, and the arguments of QEMU that come of it.
import { Button, Caption1, Tooltip, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactElement } from 'react';
import { useTranslation } from 'react-i18next';

import { getCommand } from '../../api/calls';
import type { Machine } from '../../api/types';
import { CopyChip } from '../../components/Chip';
import { CodeRegular } from '../../components/icons';
import { useCommonStyles } from '../../components/styles';
import { isActive } from '../../lib/machines';
import { usePreferences } from '../../lib/preferences';
import { madeBy } from '../../lib/settings';
import { problemOf, problemText } from '../../lib/words';

const useStyles = makeStyles({
  made: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalXS,
    width: '100%',
    minWidth: 0,
  },
  lines: {
    boxSizing: 'border-box',
    width: '100%',
    margin: 0,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
  button: { color: tokens.colorNeutralForeground3, minWidth: '28px' },
});

/** A button that shows how a setting is made, and what it shows; open for all rows when the reader has asked for that. */
export function useExplained(
  machine: Machine,
  key: string,
  title: string,
  command?: string,
): { button: ReactElement | null; made: ReactElement | null } {
  const { t } = useTranslation();
  const styles = useStyles();
  const { showCommands } = usePreferences();
  const [wanted, setWanted] = useState(false);
  const label = t('explain.show', { title });
  return {
    button: showCommands ? null : (
      <Tooltip content={label} relationship="label">
        <Button
          appearance="subtle"
          size="small"
          className={styles.button}
          icon={<CodeRegular />}
          aria-expanded={wanted}
          onClick={() => setWanted(!wanted)}
        />
      </Tooltip>
    ),
    made: showCommands || wanted ? <Made machine={machine} settingKey={key} command={command} /> : null,
  };
}

interface MadeProps {
  machine: Machine;
  settingKey: string;
  command?: string;
}

function Made({ machine, settingKey, command }: MadeProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  // The answer holds for one revision of the machine, and one request serves all rows.
  const qemu = useQuery({
    queryKey: ['command', machine.name, machine.revision],
    queryFn: () => getCommand(machine.name),
    retry: false,
  });
  const found = qemu.data ? madeBy(qemu.data, settingKey) : [];
  return (
    <div className={styles.made}>
      {command && <CopyChip text={command} />}
      {qemu.isError && (
        <Caption1 className={common.secondary}>{problemText(t, problemOf(qemu.error)).title}</Caption1>
      )}
      {qemu.data && found.length === 0 && (
        <Caption1 className={common.secondary}>{t('explain.none')}</Caption1>
      )}
      {found.length > 0 && (
        <>
          <Caption1 className={common.secondary}>
            {t(isActive(machine.state.status) && machine.pending.length > 0 ? 'explain.next' : 'explain.now')}
          </Caption1>
          <code className={mergeClasses(common.mono, styles.lines)}>{found.join('\n')}</code>
        </>
      )}
    </div>
  );
}
