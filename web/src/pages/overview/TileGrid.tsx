// Tiles in rows; only the rows in view exist, so two hundred machines cost as much as twenty.
import { makeStyles, tokens } from '@fluentui/react-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import { useWidth } from '../../lib/hooks';
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

interface TileGridProps {
  machines: Machine[];
  selected: ReadonlySet<string>;
  onSelect: (name: string, on: boolean) => void;
}

const scroller = () => document.getElementById('main');

export function TileGrid({ machines, selected, onSelect }: TileGridProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const list = useRef<HTMLDivElement>(null);
  const width = useWidth(list);
  const [offset, setOffset] = useState(0);
  const columns = Math.max(1, Math.floor((width + gap) / (leastTileWidth + gap)));

  useLayoutEffect(() => {
    const main = scroller();
    if (!main || !list.current) return;
    const top = list.current.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop;
    setOffset(Math.round(top));
  }, [width, selected.size]);

  const rows = useVirtualizer({
    count: Math.ceil(machines.length / columns),
    getScrollElement: scroller,
    estimateSize: () => guessedTileHeight,
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
        rows.getVirtualItems().map((row) => (
          <div
            key={row.key}
            ref={rows.measureElement}
            data-index={row.index}
            role="presentation"
            className={styles.row}
            style={{
              transform: `translateY(${row.start - offset}px)`,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            }}
          >
            {machines.slice(row.index * columns, (row.index + 1) * columns).map((machine) => (
              <MachineTile
                key={machine.id}
                machine={machine}
                selected={selected.has(machine.name)}
                selecting={selected.size > 0}
                onSelect={onSelect}
              />
            ))}
          </div>
        ))}
    </div>
  );
}
