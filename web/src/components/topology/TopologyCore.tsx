// A core as a box with its threads in it.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { useContext } from 'react';
import { useTranslation } from 'react-i18next';

import type { HostCore } from '../../api/topologyTypes';
import { heatOf, kindMark } from '../../lib/topology';
import { useHeatStyles } from './heat';
import { Slots, useDrop } from './slots';

const useStyles = makeStyles({
  core: {
    display: 'flex',
    alignItems: 'stretch',
    gap: '2px',
    padding: '2px',
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  mark: {
    ...typographyStyles.caption2Strong,
    alignSelf: 'center',
    minWidth: '14px',
    textAlign: 'center',
    color: tokens.colorNeutralForeground2,
  },
  thread: {
    position: 'relative',
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    width: '40px',
    padding: '1px 0 2px',
    borderRadius: tokens.borderRadiusSmall,
    color: tokens.colorNeutralForeground1,
    fontVariantNumeric: 'tabular-nums',
  },
  id: { ...typographyStyles.caption2 },
  load: { ...typographyStyles.caption1Strong, whiteSpace: 'nowrap' },
  marks: { display: 'flex', flexWrap: 'wrap', justifyContent: 'center', gap: '1px', minHeight: '17px' },
  // Over all of the cell: what is in it cannot be pressed meanwhile.
  choice: {
    position: 'absolute',
    inset: 0,
    padding: 0,
    border: `${tokens.strokeWidthThin} dashed ${tokens.colorBrandStroke1}`,
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: 'transparent',
    cursor: 'pointer',
    ':hover': { boxShadow: `inset 0 0 0 2px ${tokens.colorBrandStroke1}` },
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: tokens.strokeWidthThin,
    },
  },
  over: { boxShadow: `inset 0 0 0 2px ${tokens.colorBrandStroke1}` },
  spoken: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  },
});

export type Loads = Map<number, number | null>;

function Thread({ id, load }: { id: number; load: number | null }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const heat = useHeatStyles();
  const { marks, choose } = useContext(Slots);
  const { over, handlers } = useDrop([id]);
  return (
    <span
      className={mergeClasses(styles.thread, heat[heatOf(load ?? 0)], over && styles.over)}
      data-processor={id}
      {...handlers}
    >
      <span className={styles.id}>
        <span className={styles.spoken}>{t('topology.processor')} </span>
        {id}
      </span>
      <span className={styles.load}>{load === null ? '–' : `${Math.round(load)} %`}</span>
      {marks && <span className={styles.marks}>{marks(id)}</span>}
      {choose && (
        <button
          type="button"
          className={styles.choice}
          aria-label={choose.label(id)}
          onClick={(event) => choose.run([id], event.shiftKey)}
        />
      )}
    </span>
  );
}

export function Core({ core, loads, maxMhz }: { core: HostCore; loads: Loads; maxMhz: number | null }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const facts = [
    t('topology.core', { id: core.id }),
    core.kind === 'plain' ? null : t(`topology.kind.${core.kind}`),
    maxMhz ? t('topology.upTo', { frequency: (maxMhz / 1000).toFixed(1) }) : null,
  ];
  return (
    <li className={styles.core} title={facts.filter(Boolean).join(' · ')}>
      {core.kind !== 'plain' && (
        <span className={styles.mark}>
          <span aria-hidden>{kindMark[core.kind]}</span>
          <span className={styles.spoken}>{t(`topology.kind.${core.kind}`)}</span>
        </span>
      )}
      {core.processors.map((id) => (
        <Thread key={id} id={id} load={loads.get(id) ?? null} />
      ))}
    </li>
  );
}
