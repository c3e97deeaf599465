// How much of the host is left: processor, memory by machine, storage.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import type { ReactElement, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';

import { useHost, useMachines } from '../../api/inventory';
import { metricsStore } from '../../api/metrics';
import type { Host, Machine } from '../../api/types';
import { DeveloperBoardRegular, HardDriveRegular, RamRegular } from '../../components/icons';
import { useCommonStyles } from '../../components/styles';
import { formatBytes, formatPercent } from '../../lib/format';
import { isActive } from '../../lib/machines';

const useStyles = makeStyles({
  strip: {
    display: 'grid',
    gridTemplateColumns: 'repeat(3, minmax(0, 1fr))',
    '@media (max-width: 639px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  cell: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    minWidth: 0,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    borderRadius: tokens.borderRadiusXLarge,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    '@media (max-width: 639px)': { padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}` },
  },
  head: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS, minWidth: 0 },
  icon: { display: 'inline-flex', fontSize: tokens.fontSizeBase500, color: tokens.colorNeutralForeground2 },
  headline: { ...typographyStyles.body1Strong, whiteSpace: 'nowrap' },
  track: {
    display: 'flex',
    gap: '1px',
    height: '6px',
    overflow: 'hidden',
    borderRadius: tokens.borderRadiusCircular,
    backgroundColor: tokens.colorNeutralBackground6,
  },
  part: { minWidth: '2px', backgroundColor: tokens.colorCompoundBrandBackground, transition: 'width 200ms' },
  rest: { backgroundColor: tokens.colorNeutralForeground4 },
  full: { backgroundColor: tokens.colorStatusDangerBackground3 },
});

interface Part {
  key: string;
  label: string;
  share: number;
  rest?: boolean;
}

interface CellProps {
  icon: ReactElement;
  title: string;
  headline: ReactNode;
  detail: string;
  parts: Part[];
}

function Cell({ icon, title, headline, detail, parts }: CellProps) {
  const styles = useStyles();
  const common = useCommonStyles();
  const used = parts.reduce((sum, part) => sum + part.share, 0);
  return (
    <Link to="/host" className={styles.cell}>
      <div className={styles.head}>
        <span className={styles.icon} aria-hidden>
          {icon}
        </span>
        <span>{title}</span>
        <span className={mergeClasses(common.grow, common.secondary, common.ellipsis, common.right)}>
          {detail}
        </span>
        <span className={styles.headline}>{headline}</span>
      </div>
      <div className={styles.track} aria-hidden>
        {parts.map((part) => (
          <span
            key={part.key}
            title={part.label}
            className={mergeClasses(styles.part, part.rest && styles.rest, used > 0.95 && styles.full)}
            style={{ width: `${Math.max(0, part.share) * 100}%` }}
          />
        ))}
      </div>
    </Link>
  );
}

const most = 12;

/** What each machine takes of the host's processors, the rest being the host's own work. */
function cpuParts(host: Host, machines: Machine[], others: string): Part[] {
  const own = machines
    .filter((machine) => isActive(machine.state.status))
    .map((machine) => {
      const sample = metricsStore.newest(machine);
      const threads = (sample?.vcpuPercent ?? []).reduce((sum, percent) => sum + percent, 0) / 100;
      return { name: machine.name, share: threads / host.cpu.threads };
    })
    .filter(({ share }) => share > 0.002)
    .sort((a, b) => b.share - a.share)
    .slice(0, most);
  const sum = own.reduce((total, { share }) => total + share, 0);
  return [
    { key: '', label: others, share: Math.max(0, host.cpuPercent / 100 - sum), rest: true },
    ...own.map(({ name, share }) => ({
      key: name,
      label: `${name}: ${formatPercent(share * 100)}`,
      share,
    })),
  ];
}

function memoryParts(host: Host, machines: Machine[], others: string): Part[] {
  const used = host.memory.total - host.memory.available;
  const own = machines
    .filter((machine) => isActive(machine.state.status))
    .map((machine) => ({ name: machine.name, bytes: metricsStore.newest(machine)?.memoryResident ?? 0 }))
    .sort((a, b) => b.bytes - a.bytes);
  const sum = own.reduce((total, { bytes }) => total + bytes, 0);
  return [
    { key: '', label: others, share: Math.max(0, used - sum) / host.memory.total, rest: true },
    ...own.slice(0, most).map(({ name, bytes }) => ({
      key: name,
      label: `${name}: ${formatBytes(bytes)}`,
      share: bytes / host.memory.total,
    })),
  ];
}

export function HostStrip() {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const host = useHost();
  const machines = useMachines();
  if (!host) return null;
  const { memory, storage } = host;
  return (
    <section className={mergeClasses(common.card, styles.strip)} aria-label={t('page.host')}>
      <Cell
        icon={<DeveloperBoardRegular />}
        title={t('fact.cpu')}
        headline={formatPercent(host.cpuPercent)}
        detail={t('host.threads', { count: host.cpu.threads })}
        parts={cpuParts(host, machines, t('host.others'))}
      />
      <Cell
        icon={<RamRegular />}
        title={t('fact.memory')}
        headline={formatBytes(memory.total - memory.available)}
        detail={t('host.left', { size: formatBytes(memory.available) })}
        parts={memoryParts(host, machines, t('host.others'))}
      />
      <Cell
        icon={<HardDriveRegular />}
        title={t('fact.storage')}
        headline={formatBytes(storage.total - storage.free)}
        detail={t('host.left', { size: formatBytes(storage.free) })}
        parts={[
          { key: 'disk', label: storage.path, share: (storage.total - storage.free) / (storage.total || 1) },
        ]}
      />
    </section>
  );
}
