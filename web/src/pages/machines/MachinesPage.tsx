// Every machine as a row: for hundreds of them.
import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router-dom';

import { useMachines } from '../../api/inventory';
import { useSamples } from '../../api/metrics';
import type { Machine } from '../../api/types';
import { EmptyState } from '../../components/EmptyState';
import { AddRegular, DesktopRegular } from '../../components/icons';
import { FilterBar, useMachineFilter } from '../../components/machine/FilterBar';
import { MachineMenu } from '../../components/machine/MachineMenu';
import { Uptime } from '../../components/machine/facts';
import { OsMark } from '../../components/OsMark';
import { Page } from '../../components/Page';
import { StateBadge } from '../../components/StateBadge';
import { useCommonStyles } from '../../components/styles';
import { formatBytes, formatPercent } from '../../lib/format';
import { usePhone } from '../../lib/hooks';
import { diskTotal, selectMachines } from '../../lib/machines';

const rowHeight = 52;

const columns = 'minmax(180px, 2fr) minmax(120px, 1fr) 110px 70px 80px 90px 90px minmax(110px, 1fr) 44px';
const phoneColumns = 'minmax(0, 1fr) minmax(90px, auto) 44px';

const useStyles = makeStyles({
  table: { overflow: 'hidden' },
  scroll: { overflowX: 'auto' },
  inner: { minWidth: '940px' },
  innerPhone: { minWidth: '0' },
  body: { position: 'relative' },
  row: {
    display: 'grid',
    gridTemplateColumns: columns,
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    height: `${rowHeight}px`,
    boxSizing: 'border-box',
    padding: `0 ${tokens.spacingHorizontalL}`,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  phoneRow: { gridTemplateColumns: phoneColumns, padding: `0 ${tokens.spacingHorizontalM}` },
  placed: { position: 'absolute', left: 0, top: 0, width: '100%' },
  head: {
    height: '36px',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    ':hover': { backgroundColor: 'transparent' },
  },
  name: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    minWidth: 0,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
  },
});

export default function MachinesPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const machines = useMachines();
  const [filter, setFilter] = useMachineFilter();
  const shown = useMemo(() => selectMachines(machines, filter), [machines, filter]);
  return (
    <Page
      title={t('page.machines')}
      sentence={t('machines.sentence', { count: machines.length })}
      actions={
        <Button
          appearance="primary"
          icon={<AddRegular />}
          onClick={() => navigate('/create', { state: { opened: true } })}
        >
          {t('create.open')}
        </Button>
      }
    >
      {machines.length === 0 ? (
        <EmptyState
          picture={<DesktopRegular />}
          title={t('overview.emptyTitle')}
          sentence={t('overview.empty')}
        />
      ) : (
        <>
          <FilterBar filter={filter} onChange={setFilter} />
          <MachineTable machines={shown} />
        </>
      )}
    </Page>
  );
}

function MachineTable({ machines }: { machines: Machine[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const phone = usePhone();
  const body = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: machines.length,
    getScrollElement: () => document.getElementById('main'),
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: 200,
  });
  const look = mergeClasses(styles.row, phone && styles.phoneRow);
  const heads = phone
    ? ['name', 'state', 'actions']
    : ['name', 'state', 'uptime', 'cpu', 'load', 'memory', 'disk', 'address', 'actions'];
  return (
    <div className={mergeClasses(common.card, styles.table)}>
      <div className={styles.scroll}>
        <div
          role="table"
          aria-label={t('page.machines')}
          aria-rowcount={machines.length + 1}
          className={mergeClasses(styles.inner, phone && styles.innerPhone)}
        >
          <div role="row" className={mergeClasses(look, styles.head)}>
            {heads.map((head) => (
              <span
                role="columnheader"
                key={head}
                aria-label={head === 'actions' ? t('column.actions') : undefined}
              >
                {head === 'actions' ? '' : t(`column.${head}`)}
              </span>
            ))}
          </div>
          <div
            ref={body}
            role="rowgroup"
            className={styles.body}
            style={{ height: `${rows.getTotalSize()}px` }}
          >
            {rows.getVirtualItems().map((row) => {
              const machine = machines[row.index];
              return (
                machine && (
                  <div
                    key={machine.id}
                    role="row"
                    aria-rowindex={row.index + 2}
                    className={mergeClasses(look, styles.placed)}
                    style={{ transform: `translateY(${row.index * rowHeight}px)` }}
                  >
                    <Cells machine={machine} phone={phone} />
                  </div>
                )
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

function Cells({ machine, phone }: { machine: Machine; phone: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const disk = diskTotal(machine);
  const sample = useSamples(machine.name, false).at(-1) ?? machine.metrics;
  const name = (
    <span role="cell">
      <Link to={`/machines/${machine.name}`} className={styles.name} title={machine.name}>
        <OsMark os={machine.spec.os} size="small" />
        <span className={common.ellipsis}>{machine.name}</span>
      </Link>
    </span>
  );
  const state = (
    <span role="cell">
      <StateBadge status={machine.state.status} reason={machine.state.reason} />
    </span>
  );
  const menu = (
    <span role="cell">
      <MachineMenu machine={machine} />
    </span>
  );
  if (phone)
    return (
      <>
        {name}
        {state}
        {menu}
      </>
    );
  return (
    <>
      {name}
      {state}
      <span role="cell">
        <Uptime machine={machine} />
      </span>
      <span role="cell">{t('fact.vcpus', { count: machine.spec.cpu.count })}</span>
      <span role="cell">
        {sample && machine.state.status === 'running' ? formatPercent(sample.cpuPercent) : '–'}
      </span>
      <span role="cell">{formatBytes(machine.spec.memory.size)}</span>
      <span role="cell">{disk > 0 ? formatBytes(disk) : '–'}</span>
      <span role="cell" className={common.ellipsis}>
        {machine.state.addresses[0] ?? '–'}
      </span>
      {menu}
    </>
  );
}
