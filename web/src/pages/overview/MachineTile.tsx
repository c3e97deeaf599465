import {
  Button,
  Checkbox,
  ProgressBar,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router-dom';

import { useTasks } from '../../api/inventory';
import type { Machine } from '../../api/types';
import { Chip } from '../../components/Chip';
import { useOpenDialog } from '../../components/dialogs/address';
import { ClockRegular, DesktopRegular } from '../../components/icons';
import { MachineMenu } from '../../components/machine/MachineMenu';
import { PowerButton } from '../../components/machine/PowerButton';
import { AddressChips, SizeChips, Uptime } from '../../components/machine/facts';
import { StateBadge } from '../../components/StateBadge';
import { useCommonStyles } from '../../components/styles';
import { Thumbnail } from '../../components/Thumbnail';
import { taskTitle } from '../../lib/words';
import { firstLine } from '../../lib/notes';
import { TileGraphs } from './TileGraphs';

const useStyles = makeStyles({
  tile: {
    position: 'relative',
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    transition: 'box-shadow 150ms',
    ':hover': { boxShadow: tokens.shadow8 },
    ':hover .tile-check': { opacity: 1 },
    ':focus-within .tile-check': { opacity: 1 },
  },
  selected: {
    outline: `${tokens.strokeWidthThick} solid ${tokens.colorCompoundBrandStroke}`,
    outlineOffset: '-1px',
  },
  top: { display: 'grid', gridTemplateColumns: '116px minmax(0, 1fr)', gap: tokens.spacingHorizontalM },
  words: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXXS,
    minWidth: 0,
  },
  name: {
    ...typographyStyles.subtitle2,
    paddingRight: '24px',
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    ':hover': { textDecorationLine: 'underline' },
  },
  state: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS, minWidth: 0 },
  fixed: { whiteSpace: 'nowrap', flexShrink: 0 },
  task: { ...typographyStyles.caption1, color: tokens.colorNeutralForeground3 },
  chips: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS, minHeight: '24px' },
  check: {
    position: 'absolute',
    top: tokens.spacingVerticalXS,
    right: tokens.spacingHorizontalXS,
    opacity: 0,
    '@media (hover: none)': { opacity: 1 },
  },
  shown: { opacity: 1 },
  foot: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS, marginTop: 'auto' },
  progress: { position: 'absolute', left: '8px', right: '8px', bottom: 0, width: 'auto' },
  picture: { borderRadius: tokens.borderRadiusLarge, textDecorationLine: 'none' },
});

interface MachineTileProps {
  machine: Machine;
  selected: boolean;
  selecting: boolean;
  onSelect: (names: string[], on: boolean) => void;
}

export const MachineTile = memo(function MachineTile({
  machine,
  selected,
  selecting,
  onSelect,
}: MachineTileProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const navigate = useNavigate();
  const openDialog = useOpenDialog();
  const task = useTasks().find((known) => known.id === machine.task && known.state === 'running');
  const { name } = machine;
  const running = machine.state.status === 'running';
  const address = `/machines/${name}`;
  return (
    <div
      role="listitem"
      aria-label={name}
      data-machine={name}
      className={mergeClasses(common.card, styles.tile, selected && styles.selected)}
    >
      <div className={styles.top}>
        <Link
          to={running ? `${address}/screen` : address}
          aria-label={t('machine.openScreen', { name })}
          className={styles.picture}
        >
          <Thumbnail machine={machine} />
        </Link>
        <div className={styles.words}>
          <Link to={address} className={mergeClasses(styles.name, common.ellipsis)} title={name}>
            {name}
          </Link>
          <span className={styles.state}>
            <StateBadge status={machine.state.status} reason={machine.state.reason} />
            <span className={mergeClasses(common.secondary, styles.fixed)}>
              <Uptime machine={machine} />
            </span>
          </span>
          {!task && machine.state.addresses.length > 0 ? (
            <span>
              <AddressChips machine={machine} />
            </span>
          ) : (
            <span className={mergeClasses(styles.task, common.ellipsis)}>
              {task ? taskTitle(t, task) : firstLine(machine.description) || machine.spec.os.id}
            </span>
          )}
        </div>
      </div>
      <Checkbox
        className={mergeClasses('tile-check', styles.check, (selected || selecting) && styles.shown)}
        checked={selected}
        aria-label={t('bulk.select', { name })}
        onChange={(_, data) => onSelect([name], data.checked === true)}
      />
      <div className={styles.chips}>
        <SizeChips machine={machine} />
        {machine.pending.length > 0 && (
          <Chip
            attention
            icon={<ClockRegular />}
            title={t('pending.chip', { count: machine.pending.length })}
            onClick={() => openDialog('pending', [name])}
          >
            {machine.pending.length}
          </Chip>
        )}
      </div>
      <TileGraphs machine={machine} />
      <div className={styles.foot}>
        {running ? (
          <Button icon={<DesktopRegular />} onClick={() => navigate(`${address}/screen`)}>
            {t('tab.screen')}
          </Button>
        ) : (
          <PowerButton machine={machine} />
        )}
        <span className={common.grow} />
        <MachineMenu machine={machine} />
      </div>
      {task && (
        <ProgressBar
          className={styles.progress}
          value={task.progress > 0 ? task.progress : undefined}
          aria-label={taskTitle(t, task)}
        />
      )}
    </div>
  );
});
