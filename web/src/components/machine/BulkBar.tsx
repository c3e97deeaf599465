// What can be done with all chosen machines at once.
import { Body1Strong, Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import { powerActs } from '../../lib/machines';
import { useOpenDialog } from '../dialogs/address';
import { DeleteRegular, DismissRegular, PlayRegular, PowerRegular } from '../icons';
import { useCommonStyles } from '../styles';
import { usePower } from './usePower';

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    position: 'sticky',
    top: tokens.spacingVerticalS,
    zIndex: 2,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
    boxShadow: tokens.shadow8,
  },
});

interface BulkBarProps {
  machines: Machine[];
  onSelectAll: () => void;
  onClear: () => void;
}

export function BulkBar({ machines, onSelectAll, onClear }: BulkBarProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const power = usePower();
  const openDialog = useOpenDialog();
  const startable = machines.filter((machine) => powerActs(machine.state.status).primary === 'start');
  const stoppable = machines.filter((machine) => powerActs(machine.state.status).primary === 'stop');
  const names = (list: Machine[]) => list.map((machine) => machine.name);
  return (
    <div className={mergeClasses(common.card, styles.bar)} role="toolbar" aria-label={t('bulk.title')}>
      <Body1Strong>{t('bulk.selected', { count: machines.length })}</Body1Strong>
      <Button
        icon={<PlayRegular />}
        disabled={startable.length === 0}
        onClick={() => power(names(startable), 'start')}
      >
        {t('power.start')}
      </Button>
      <Button
        icon={<PowerRegular />}
        disabled={stoppable.length === 0}
        onClick={() => power(names(stoppable), 'stop')}
      >
        {t('power.stop')}
      </Button>
      <Button icon={<DeleteRegular />} onClick={() => openDialog('delete', names(machines))}>
        {t('common.delete')}
      </Button>
      <span className={common.grow} />
      <Button appearance="subtle" onClick={onSelectAll}>
        {t('bulk.all')}
      </Button>
      <Button appearance="subtle" icon={<DismissRegular />} aria-label={t('bulk.clear')} onClick={onClear} />
    </div>
  );
}
