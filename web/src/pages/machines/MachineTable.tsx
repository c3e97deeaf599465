// Machines as rows of a table; only those in view exist.
import { Checkbox, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';

import type { Machine } from '../../api/types';
import { GroupHead, groupHeadHeight, useClosedGroups } from '../../components/machine/GroupHead';
import { MachineMenu } from '../../components/machine/MachineMenu';
import { OsMark } from '../../components/OsMark';
import { useCommonStyles } from '../../components/styles';
import { usePhone } from '../../lib/hooks';
import { groupMachines, type GroupKey, type MachineGroup, type SortKey } from '../../lib/machines';
import { usePreferences } from '../../lib/preferences';
import { chosenColumns, columnOf, type ColumnName } from './columns';

const rowHeight = 48;
const gap = 12;
const nameLeast = 180;
const checkWidth = 32;
const menuWidth = 44;

const useStyles = makeStyles({
  table: { overflow: 'hidden' },
  scroll: { overflowX: 'auto' },
  body: { position: 'relative' },
  row: {
    display: 'grid',
    alignItems: 'center',
    columnGap: `${gap}px`,
    height: `${rowHeight}px`,
    boxSizing: 'border-box',
    padding: `0 ${tokens.spacingHorizontalM}`,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  placed: { position: 'absolute', left: 0, top: 0, width: '100%' },
  chosen: { backgroundColor: tokens.colorNeutralBackground1Selected },
  group: { padding: 0, backgroundColor: tokens.colorNeutralBackground2 },
  wide: { gridColumnStart: 1, gridColumnEnd: -1 },
  head: {
    height: '36px',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    ':hover': { backgroundColor: 'transparent' },
  },
  sort: {
    padding: 0,
    border: 'none',
    backgroundColor: 'transparent',
    color: 'inherit',
    font: 'inherit',
    cursor: 'pointer',
    maxWidth: '100%',
    ':hover': { color: tokens.colorNeutralForeground1 },
    ':focus-visible': { outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}` },
  },
  sorted: { color: tokens.colorNeutralForeground1, fontWeight: tokens.fontWeightSemibold },
  name: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    minWidth: 0,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
  },
});

type TableRow = { group: MachineGroup; machine: Machine | null };

interface MachineTableProps {
  machines: Machine[];
  groupBy: GroupKey;
  sort: SortKey;
  onSort: (key: SortKey) => void;
  selected: ReadonlySet<string>;
  onSelect: (names: string[], on: boolean) => void;
}

export function MachineTable({ machines, groupBy, sort, onSort, selected, onSelect }: MachineTableProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const shown = useShownColumns();
  const { isClosed, toggle } = useClosedGroups(groupBy);
  const body = useRef<HTMLDivElement>(null);
  const groups = useMemo(() => groupMachines(machines, groupBy), [machines, groupBy]);
  const table = groups.flatMap((group): TableRow[] => [
    ...(groupBy === 'none' ? [] : [{ group, machine: null }]),
    ...(isClosed(group) ? [] : group.machines.map((machine) => ({ group, machine }))),
  ]);
  const rows = useVirtualizer({
    count: table.length,
    getScrollElement: () => document.getElementById('main'),
    estimateSize: (index) => (table[index]?.machine ? rowHeight : groupHeadHeight),
    overscan: 12,
    scrollMargin: 200,
  });
  const look = { gridTemplateColumns: shown.tracks };
  return (
    <div className={mergeClasses(common.card, styles.table)}>
      <div className={styles.scroll}>
        <div
          role="table"
          aria-label={t('page.machines')}
          aria-rowcount={table.length + 1}
          style={{ minWidth: `${shown.least}px` }}
        >
          <Heads
            machines={machines}
            names={shown.names}
            tracks={shown.tracks}
            {...{ sort, onSort, selected, onSelect }}
          />
          <div
            ref={body}
            role="rowgroup"
            className={styles.body}
            style={{ height: `${rows.getTotalSize()}px` }}
          >
            {rows.getVirtualItems().map((row) => {
              const one = table[row.index];
              if (!one) return null;
              const { group, machine } = one;
              return (
                <div
                  key={`${group.name}/${machine?.id ?? ''}`}
                  role="row"
                  aria-rowindex={row.index + 2}
                  data-machine={machine?.name}
                  className={mergeClasses(
                    styles.row,
                    styles.placed,
                    machine === null && styles.group,
                    machine !== null && selected.has(machine.name) && styles.chosen,
                  )}
                  style={{
                    ...look,
                    height: `${row.size}px`,
                    transform: `translateY(${row.start - 200}px)`,
                  }}
                >
                  {machine === null ? (
                    <span role="cell" className={styles.wide} aria-colspan={shown.names.length + 3}>
                      <GroupHead
                        by={groupBy}
                        group={group}
                        closed={isClosed(group)}
                        onToggle={() => toggle(group)}
                      />
                    </span>
                  ) : (
                    <Cells
                      machine={machine}
                      names={shown.names}
                      selected={selected.has(machine.name)}
                      onSelect={onSelect}
                    />
                  )}
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

/** The columns that are wanted and their grid; a phone has room for the state only. */
function useShownColumns() {
  const phone = usePhone();
  const { machineColumns } = usePreferences();
  const names: ColumnName[] = phone ? ['state'] : chosenColumns(machineColumns);
  const tracks = phone
    ? `${checkWidth}px minmax(0, 1fr) minmax(84px, auto) ${menuWidth}px`
    : `${checkWidth}px minmax(${nameLeast}px, 2fr) ${names.map((name) => columnOf(name).width).join(' ')} ${menuWidth}px`;
  const least =
    checkWidth +
    nameLeast +
    menuWidth +
    names.reduce((sum, name) => sum + columnOf(name).least + gap, 3 * gap + 24);
  return { names, tracks, least: phone ? 0 : least };
}

interface HeadsProps extends Pick<
  MachineTableProps,
  'machines' | 'sort' | 'onSort' | 'selected' | 'onSelect'
> {
  names: ColumnName[];
  tracks: string;
}

function Heads({ machines, names, tracks, sort, onSort, selected, onSelect }: HeadsProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const count = machines.filter((machine) => selected.has(machine.name)).length;
  const head = (name: 'name' | ColumnName, by?: SortKey) => (
    <span
      role="columnheader"
      key={name}
      className={common.ellipsis}
      aria-sort={by === sort ? 'other' : undefined}
    >
      {by ? (
        <button
          type="button"
          className={mergeClasses(styles.sort, common.ellipsis, by === sort && styles.sorted)}
          onClick={() => onSort(by)}
        >
          {t(`column.${name}`)}
        </button>
      ) : (
        t(`column.${name}`)
      )}
    </span>
  );
  return (
    <div role="row" className={mergeClasses(styles.row, styles.head)} style={{ gridTemplateColumns: tracks }}>
      <span role="columnheader" aria-label={t('bulk.all')}>
        <Checkbox
          aria-label={t('bulk.all')}
          checked={count === 0 ? false : count === machines.length || 'mixed'}
          onChange={(_, data) =>
            onSelect(
              machines.map((machine) => machine.name),
              data.checked === true,
            )
          }
        />
      </span>
      {head('name', 'name')}
      {names.map((name) => head(name, columnOf(name).sort))}
      <span role="columnheader" aria-label={t('column.actions')} />
    </div>
  );
}

interface CellsProps {
  machine: Machine;
  names: ColumnName[];
  selected: boolean;
  onSelect: (names: string[], on: boolean) => void;
}

function Cells({ machine, names, selected, onSelect }: CellsProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  return (
    <>
      <span role="cell">
        <Checkbox
          aria-label={t('bulk.select', { name: machine.name })}
          checked={selected}
          onChange={(_, data) => onSelect([machine.name], data.checked === true)}
        />
      </span>
      <span role="cell">
        <Link to={`/machines/${machine.name}`} className={styles.name} title={machine.name}>
          <OsMark os={machine.spec.os} size="small" />
          <span className={common.ellipsis}>{machine.name}</span>
        </Link>
      </span>
      {names.map((name) => (
        <span role="cell" key={name} data-column={name} className={common.ellipsis}>
          {columnOf(name).show(machine, t)}
        </span>
      ))}
      <span role="cell">
        <MachineMenu machine={machine} />
      </span>
    </>
  );
}
