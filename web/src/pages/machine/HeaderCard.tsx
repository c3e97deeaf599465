// What a machine is and how it is doing, and the buttons for its power.
import {
  Button,
  Caption1,
  ProgressBar,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router-dom';

import { useTasks } from '../../api/inventory';
import type { Machine, MachineStatus } from '../../api/types';
import { Chip } from '../../components/Chip';
import { useOpenDialog } from '../../components/dialogs/address';
import {
  ClockRegular,
  DesktopRegular,
  FlashRegular,
  HistoryRegular,
  WarningRegular,
} from '../../components/icons';
import { AddressChips, SizeChips, Uptime } from '../../components/machine/facts';
import { MachineMenu } from '../../components/machine/MachineMenu';
import { PowerButton } from '../../components/machine/PowerButton';
import { StateBadge } from '../../components/StateBadge';
import { useCommonStyles } from '../../components/styles';
import { Thumbnail } from '../../components/Thumbnail';
import { hasScreen } from '../../lib/machines';
import { reasonText, spoken, taskTitle } from '../../lib/words';
import { NameField } from './NameField';

const useStyles = makeStyles({
  card: {
    position: 'relative',
    display: 'grid',
    gridTemplateColumns: '176px minmax(0, 1fr) auto',
    gridTemplateAreas: '"picture facts acts" "picture chips chips"',
    gridTemplateRows: 'auto 1fr',
    columnGap: tokens.spacingHorizontalXL,
    rowGap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalXL,
    flexShrink: 0,
    '@media (max-width: 899px)': {
      gridTemplateColumns: '104px minmax(0, 1fr)',
      gridTemplateAreas: '"picture facts" "chips chips" "acts acts"',
      columnGap: tokens.spacingHorizontalM,
      padding: tokens.spacingHorizontalM,
    },
  },
  compact: {
    gridTemplateColumns: 'fit-content(50%) minmax(0, 1fr) auto',
    gridTemplateAreas: '"facts chips acts"',
    gridTemplateRows: 'auto',
    alignItems: 'center',
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalXL}`,
    '@media (max-width: 899px)': {
      gridTemplateColumns: 'minmax(0, 1fr)',
      gridTemplateAreas: '"facts" "chips" "acts"',
      padding: tokens.spacingHorizontalM,
    },
  },
  picture: { gridArea: 'picture', textDecorationLine: 'none' },
  facts: {
    gridArea: 'facts',
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'center',
    gap: tokens.spacingVerticalS,
    minWidth: 0,
  },
  state: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: tokens.spacingHorizontalL },
  time: { display: 'inline-flex', alignItems: 'center', gap: tokens.spacingHorizontalXS },
  chips: {
    gridArea: 'chips',
    display: 'flex',
    flexWrap: 'wrap',
    alignContent: 'flex-start',
    gap: tokens.spacingHorizontalS,
    ':empty': { display: 'none' },
  },
  acts: {
    gridArea: 'acts',
    display: 'flex',
    alignItems: 'flex-start',
    gap: tokens.spacingHorizontalS,
    '@media (max-width: 899px)': { flexWrap: 'wrap' },
  },
  log: { ...typographyStyles.caption1, color: tokens.colorBrandForegroundLink, alignSelf: 'flex-start' },
  progress: { position: 'absolute', left: '8px', right: '8px', bottom: 0, width: 'auto' },
  reason: { overflowWrap: 'anywhere', whiteSpace: 'pre-line', maxHeight: '96px', overflowY: 'auto' },
});

/** States whose reason somebody must read: what has failed, also beside a guest that goes on. */
const tellsWhy: readonly MachineStatus[] = ['crashed', 'running', 'paused'];

export function HeaderCard({ machine, compact }: { machine: Machine; compact: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const navigate = useNavigate();
  const task = useTasks().find((known) => known.id === machine.task && known.state === 'running');
  const { name, state } = machine;
  return (
    <header className={mergeClasses(common.card, styles.card, compact && styles.compact)}>
      {!compact && (
        <Link
          to={`/machines/${name}/screen`}
          className={styles.picture}
          aria-label={t('machine.openScreen', { name })}
        >
          <Thumbnail machine={machine} width={480} />
        </Link>
      )}
      <div className={styles.facts}>
        <NameField machine={machine} />
        <div className={styles.state}>
          <StateBadge status={state.status} reason={state.reason} />
          {state.startedAt && (
            <span className={styles.time}>
              <HistoryRegular aria-hidden />
              <Uptime machine={machine} />
            </span>
          )}
          {task && <Caption1>{taskTitle(t, task)}</Caption1>}
        </div>
        {tellsWhy.includes(state.status) && state.reason && (
          <Caption1 className={styles.reason} tabIndex={0}>
            {reasonText(state.reason)}
          </Caption1>
        )}
        {state.status === 'crashed' && (
          <Link to={`/machines/${name}/activity`} className={styles.log}>
            {t('activity.log')}
          </Link>
        )}
      </div>
      <div className={styles.chips}>
        {!compact && <SizeChips machine={machine} />}
        {!compact && <AcceleratorChip machine={machine} />}
        <AddressChips machine={machine} most={3} />
        {machine.pending.length > 0 && <PendingChip machine={machine} />}
      </div>
      <div className={styles.acts}>
        {!compact && (
          <Button
            icon={<DesktopRegular />}
            disabled={!hasScreen(machine)}
            onClick={() => navigate(`/machines/${name}/screen`)}
          >
            {t('tab.screen')}
          </Button>
        )}
        <PowerButton machine={machine} />
        <MachineMenu machine={machine} />
      </div>
      {task && (
        <ProgressBar
          className={styles.progress}
          value={task.progress > 0 ? task.progress : undefined}
          aria-label={taskTitle(t, task)}
        />
      )}
    </header>
  );
}

function AcceleratorChip({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const { accelerator, acceleratorReason } = machine.state;
  if (!accelerator) return null;
  return accelerator === 'kvm' ? (
    <Chip icon={<FlashRegular />}>{t('machine.kvm')}</Chip>
  ) : (
    <Chip icon={<WarningRegular />} title={spoken(acceleratorReason)}>
      {t('machine.emulated')}
    </Chip>
  );
}

function PendingChip({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const openDialog = useOpenDialog();
  return (
    <Chip attention icon={<ClockRegular />} onClick={() => openDialog('pending', [machine.name])}>
      {t('pending.chip', { count: machine.pending.length })}
    </Chip>
  );
}
