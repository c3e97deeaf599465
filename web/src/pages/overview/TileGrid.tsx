// Tiles in rows, in groups if wanted; only the rows in view exist, so two hundred machines cost as much as twenty.
import { makeStyles, tokens } from '@fluentui/react-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import { GroupHead, groupHeadHeight, useClosedGroups } from '../../components/machine/GroupHead';
import { useWidth } from '../../lib/hooks';
import { groupMachines, type GroupKey, type MachineGroup } from '../../lib/machines';
import { MachineTile } from './MachineTile';

const leastTileWidth = 318;
const gap = 16;
const guessedTileHeight = 240;

const useStyles = makeStyles({
  list: { position: 'relative' },
  row: {
    position: 'absolute',
    top: 0,
    left: 0,
    width: '100%',
    display: 'grid',
    gap: tokens.spacingHorizontalL,
  },
});

type GridRow =
  | { key: string; group: MachineGroup; machines: null }
  | { key: string; group: MachineGroup; machines: Machine[] };

/** What stands below each other: the head of each group, then its tiles in rows. */
function rowsOf(
  groups: MachineGroup[],
  columns: number,
  heads: boolean,
  isClosed: (group: MachineGroup) => boolean,
) {
  return groups.flatMap((group): GridRow[] => {
    const tiles = isClosed(group) ? [] : group.machines;
    const rows = Array.from({ length: Math.ceil(tiles.length / columns) }, (_, index) => ({
      key: `${group.name}/${index}`,
      group,
      machines: tiles.slice(index * columns, (index + 1) * columns),
    }));
    return heads ? [{ key: group.name, group, machines: null }, ...rows] : rows;
  });
}

interface TileGridProps {
  machines: Machine[];
  groupBy: GroupKey;
  selected: ReadonlySet<string>;
  onSelect: (names: string[], on: boolean) => void;
}

const scroller = () => document.getElementById('main');

export function TileGrid({ machines, groupBy, selected, onSelect }: TileGridProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const list = useRef<HTMLDivElement>(null);
  const width = useWidth(list);
  const [offset, setOffset] = useState(0);
  const { isClosed, toggle } = useClosedGroups(groupBy);
  const columns = Math.max(1, Math.floor((width + gap) / (leastTileWidth + gap)));
  const groups = useMemo(() => groupMachines(machines, groupBy), [machines, groupBy]);
  const grid = rowsOf(groups, columns, groupBy !== 'none', isClosed);

  useLayoutEffect(() => {
    const main = scroller();
    if (!main || !list.current) return;
    const top = list.current.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop;
    setOffset(Math.round(top));
  }, [width, selected.size]);

  const rows = useVirtualizer({
    count: grid.length,
    getScrollElement: scroller,
    estimateSize: (index) => (grid[index]?.machines ? guessedTileHeight : groupHeadHeight),
    getItemKey: (index) => grid[index]?.key ?? index,
    gap,
    overscan: 2,
    scrollMargin: offset,
  });

  return (
    <div
      ref={list}
      role="list"
      aria-label={t('page.machines')}
      className={styles.list}
      style={{ height: `${rows.getTotalSize()}px` }}
    >
      {width > 0 &&
        rows.getVirtualItems().map((row) => {
          const one = grid[row.index];
          return (
            one && (
              <div
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                role={one.machines ? 'presentation' : 'listitem'}
                className={styles.row}
                style={{
                  transform: `translateY(${row.start - offset}px)`,
                  gridTemplateColumns: one.machines ? `repeat(${columns}, minmax(0, 1fr))` : undefined,
                }}
              >
                {one.machines === null ? (
                  <GroupHead
                    by={groupBy}
                    group={one.group}
                    closed={isClosed(one.group)}
                    onToggle={() => toggle(one.group)}
                  />
                ) : (
                  one.machines.map((machine) => (
                    <MachineTile
                      key={machine.id}
                      machine={machine}
                      selected={selected.has(machine.name)}
                      selecting={selected.size > 0}
                      onSelect={onSelect}
                    />
                  ))
                )}
              </div>
            )
          );
        })}
    </div>
  );
}
