// All machines beside the open one, to walk from one to the next.
import { SearchBox, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router-dom';

import { useMachines } from '../../api/inventory';
import { StateIcon } from '../../components/StateBadge';
import { useCommonStyles } from '../../components/styles';
import { selectMachines } from '../../lib/machines';

const rowHeight = 40;

const useStyles = makeStyles({
  pane: {
    position: 'sticky',
    top: 0,
    height: 'calc(100dvh - 48px)',
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    boxSizing: 'border-box',
    padding: `${tokens.spacingVerticalXL} 0 ${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
  },
  list: { flexGrow: 1, overflowY: 'auto', minHeight: 0 },
  inner: { position: 'relative', listStyleType: 'none', margin: 0, padding: 0 },
  item: { position: 'absolute', top: 0, left: 0, right: 0, height: `${rowHeight}px` },
  link: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    height: '38px',
    padding: `0 ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecorationLine: 'none',
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundHover },
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: '-2px',
    },
  },
  current: {
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    fontWeight: tokens.fontWeightSemibold,
    '::before': {
      content: '""',
      position: 'absolute',
      left: 0,
      top: '10px',
      width: '3px',
      height: '18px',
      borderRadius: tokens.borderRadiusCircular,
      backgroundColor: tokens.colorCompoundBrandStroke,
    },
  },
});

export function NeighbourList({ current }: { current: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const machines = useMachines();
  const { tab } = useParams();
  const [text, setText] = useState('');
  const shown = useMemo(
    () => selectMachines(machines, { text, status: 'all', sort: 'name' }),
    [machines, text],
  );
  const list = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => list.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  return (
    <nav className={styles.pane} aria-label={t('page.machines')}>
      <SearchBox
        placeholder={t('filter.placeholder')}
        aria-label={t('filter.placeholder')}
        value={text}
        onChange={(_, data) => setText(data.value)}
      />
      <div ref={list} className={styles.list}>
        <ul className={styles.inner} style={{ height: `${rows.getTotalSize()}px` }}>
          {rows.getVirtualItems().map((row) => {
            const machine = shown[row.index];
            return (
              machine && (
                <li
                  key={machine.id}
                  className={styles.item}
                  style={{ transform: `translateY(${row.start}px)` }}
                >
                  <Link
                    to={`/machines/${machine.name}${tab ? `/${tab}` : ''}`}
                    className={mergeClasses(styles.link, machine.name === current && styles.current)}
                    aria-current={machine.name === current ? 'page' : undefined}
                    title={machine.name}
                  >
                    <StateIcon status={machine.state.status} />
                    <span className={common.ellipsis}>{machine.name}</span>
                  </Link>
                </li>
              )
            );
          })}
        </ul>
      </div>
    </nav>
  );
}
