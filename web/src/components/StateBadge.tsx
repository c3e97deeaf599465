// A machine's state: always an icon and a word, the icon in the colour of its meaning.
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { MachineStatus } from '../api/types';
import { reasonText } from '../lib/words';
import {
  CircleRegular,
  ErrorCircleFilled,
  PauseCircleFilled,
  PlayCircleFilled,
  SaveRegular,
  SpinnerIosRegular,
} from './icons';
import { useCommonStyles } from './styles';

const useStyles = makeStyles({
  icon: { display: 'inline-flex', flexShrink: 0, fontSize: tokens.fontSizeBase400 },
  running: { color: tokens.colorStatusSuccessForeground1 },
  moving: {
    color: tokens.colorBrandForeground1,
    animationName: { to: { transform: 'rotate(360deg)' } },
    animationDuration: '1.2s',
    animationIterationCount: 'infinite',
    animationTimingFunction: 'linear',
  },
  paused: { color: tokens.colorStatusWarningForeground1 },
  crashed: { color: tokens.colorStatusDangerForeground1 },
  off: { color: tokens.colorNeutralForeground3 },
  gap: { gap: tokens.spacingHorizontalXS },
});

const icons: Record<
  MachineStatus,
  [typeof CircleRegular, 'running' | 'moving' | 'paused' | 'crashed' | 'off']
> = {
  running: [PlayCircleFilled, 'running'],
  starting: [SpinnerIosRegular, 'moving'],
  stopping: [SpinnerIosRegular, 'moving'],
  paused: [PauseCircleFilled, 'paused'],
  saved: [SaveRegular, 'off'],
  stopped: [CircleRegular, 'off'],
  crashed: [ErrorCircleFilled, 'crashed'],
};

export function StateIcon({ status }: { status: MachineStatus }) {
  const styles = useStyles();
  const [Icon, look] = icons[status] ?? icons.stopped;
  return <Icon aria-hidden className={mergeClasses(styles.icon, styles[look])} />;
}

export function StateBadge({ status, reason }: { status: MachineStatus; reason?: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  return (
    <span className={mergeClasses(common.row, styles.gap)} title={reason ? reasonText(reason) : undefined}>
      <StateIcon status={status} />
      <span className={common.ellipsis}>{t(`state.${status}`, { defaultValue: status })}</span>
    </span>
  );
}
