// Processor, memory, disk and network of one machine at a glance.
import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { useSamples } from '../../api/metrics';
import type { Machine, Sample } from '../../api/types';
import { Sparkline } from '../../components/Sparkline';
import { formatPercent, formatRate } from '../../lib/format';
import { useVisible } from '../../lib/hooks';
import { isActive, sizeNow } from '../../lib/machines';

const leastRate = 64 * 1024;

const useStyles = makeStyles({
  graphs: {
    display: 'grid',
    gridTemplateColumns: 'repeat(4, minmax(0, 1fr))',
    gap: tokens.spacingHorizontalM,
  },
  label: {
    ...typographyStyles.caption2,
    display: 'flex',
    flexDirection: 'column',
    color: tokens.colorNeutralForeground3,
  },
  value: { ...typographyStyles.caption1, color: tokens.colorNeutralForeground1, whiteSpace: 'nowrap' },
});

export const memoryOf = (sample: Sample) => sample.memoryUsed ?? sample.memoryResident;
export const diskOf = (sample: Sample) => sample.diskReadRate + sample.diskWriteRate;
export const networkOf = (sample: Sample) =>
  sample.netReceiveRate === null || sample.netTransmitRate === null
    ? null
    : sample.netReceiveRate + sample.netTransmitRate;

export function TileGraphs({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const root = useRef<HTMLDivElement>(null);
  const visible = useVisible(root);
  const on = isActive(machine.state.status);
  const kept = useSamples(machine.name, visible && on);
  const samples = on ? kept : [];
  const last = samples.at(-1) ?? (on ? machine.metrics : null);
  const size = sizeNow(machine).memory;
  const graph = (
    key: string,
    of: (sample: Sample) => number | null,
    maximum: number,
    say: (value: number) => string,
  ) => {
    const values = samples.map((sample) => of(sample) ?? 0);
    const now = last && of(last);
    const word = now == null ? '–' : say(now);
    const title = t(`fact.${key}`);
    return (
      <div>
        <span className={styles.label}>
          {title}
          <span className={styles.value}>{word}</span>
        </span>
        <Sparkline
          values={values}
          maximum={maximum || Math.max(leastRate, ...values)}
          label={`${title} ${word}`}
        />
      </div>
    );
  };
  return (
    <div ref={root} className={styles.graphs}>
      {graph('cpu', (sample) => sample.cpuPercent, 100, formatPercent)}
      {graph('memory', memoryOf, size, (value) => formatPercent((100 * value) / size))}
      {graph('disk', diskOf, 0, formatRate)}
      {graph('network', networkOf, 0, formatRate)}
    </div>
  );
}
