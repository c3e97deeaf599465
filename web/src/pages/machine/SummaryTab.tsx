import { Dropdown, Option, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useSamples } from '../../api/metrics';
import type { Machine, Sample } from '../../api/types';
import { DeveloperBoardRegular, GlobeRegular, HardDriveRegular, RamRegular } from '../../components/icons';
import { Sparkline } from '../../components/Sparkline';
import { formatBytes, formatPercent, formatRate } from '../../lib/format';
import { diskTotal, isActive } from '../../lib/machines';
import { columnsOf } from '../../lib/series';
import { GraphCard } from './GraphCard';
import { FactsCard } from './FactsCard';

const spans = [60, 300] as const;
const one = '--colorBrandStroke1';
const other = '--colorPaletteMarigoldBorderActive';

const useStyles = makeStyles({
  head: { display: 'flex', justifyContent: 'flex-end' },
  span: { minWidth: '120px' },
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(340px, 100%), 1fr))',
    gap: tokens.spacingHorizontalM,
  },
  vcpus: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(72px, 1fr))',
    gap: tokens.spacingHorizontalS,
  },
  vcpu: { ...typographyStyles.caption2, color: tokens.colorNeutralForeground3, minWidth: 0 },
});

export default function SummaryTab({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [span, setSpan] = useState<number>(300);
  const on = isActive(machine.state.status);
  const kept = useSamples(machine.name, on);
  const samples = on ? kept : [];
  const { times, of } = columnsOf(samples, span);
  const last = samples.at(-1) ?? (on ? machine.metrics : null);
  const size = machine.spec.memory.size;
  const spanWord = (seconds: number) => t('summary.minutes', { count: seconds / 60 });
  const say = (pick: (sample: Sample) => string) => (last ? pick(last) : '–');
  const disks = machine.spec.disks.filter((disk) => disk.device === 'disk').length;
  return (
    <>
      <div className={styles.cards}>
        <GraphCard
          icon={<DeveloperBoardRegular />}
          title={t('fact.processor')}
          sentence={t('summary.processor', { count: machine.spec.cpu.count, model: machine.spec.cpu.model })}
          headline={say((sample) => formatPercent(sample.cpuPercent))}
          times={times}
          series={[
            { label: t('fact.cpu'), values: of((sample) => sample.cpuPercent), color: one, filled: true },
          ]}
          maximum={100}
          say={formatPercent}
        >
          {last && machine.spec.cpu.count > 1 && (
            <VcpuTiles samples={samples} count={last.vcpuPercent.length} />
          )}
        </GraphCard>
        <GraphCard
          icon={<RamRegular />}
          title={t('fact.memory')}
          sentence={t('summary.memory', { size: formatBytes(size) })}
          headline={say(
            (sample) => `${formatBytes(sample.memoryUsed ?? sample.memoryResident)} / ${formatBytes(size)}`,
          )}
          times={times}
          series={[
            {
              label: t('summary.guestUsed'),
              values: of((sample) => sample.memoryUsed),
              color: one,
              filled: true,
            },
            { label: t('summary.resident'), values: of((sample) => sample.memoryResident), color: other },
          ]}
          maximum={Math.max(size, ...samples.map((sample) => sample.memoryResident))}
          say={formatBytes}
        />
        <GraphCard
          icon={<HardDriveRegular />}
          title={t('fact.disks')}
          sentence={t('summary.disks', { count: disks, size: formatBytes(diskTotal(machine)) })}
          headline={say((sample) => formatRate(sample.diskReadRate + sample.diskWriteRate))}
          times={times}
          series={[
            {
              label: t('summary.read'),
              values: of((sample) => sample.diskReadRate),
              color: one,
              filled: true,
            },
            { label: t('summary.write'), values: of((sample) => sample.diskWriteRate), color: other },
          ]}
          say={formatRate}
        />
        <GraphCard
          icon={<GlobeRegular />}
          title={t('fact.network')}
          sentence={machine.state.addresses.join(', ') || t('summary.noAddress')}
          headline={say((sample) => formatRate(sample.netReceiveRate + sample.netTransmitRate))}
          times={times}
          series={[
            {
              label: t('summary.received'),
              values: of((sample) => sample.netReceiveRate),
              color: one,
              filled: true,
            },
            { label: t('summary.sent'), values: of((sample) => sample.netTransmitRate), color: other },
          ]}
          say={formatRate}
        />
      </div>
      {on && (
        <div className={styles.head}>
          <Dropdown
            className={styles.span}
            aria-label={t('summary.span')}
            value={spanWord(span)}
            selectedOptions={[String(span)]}
            onOptionSelect={(_, data) => setSpan(Number(data.optionValue))}
          >
            {spans.map((seconds) => (
              <Option key={seconds} value={String(seconds)}>
                {spanWord(seconds)}
              </Option>
            ))}
          </Dropdown>
        </div>
      )}
      <FactsCard machine={machine} />
    </>
  );
}

function VcpuTiles({ samples, count }: { samples: readonly Sample[]; count: number }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.vcpus}>
      {Array.from({ length: count }, (_, index) => {
        const values = samples.map((sample) => sample.vcpuPercent[index] ?? 0);
        const word = formatPercent(values.at(-1) ?? 0);
        return (
          <div key={index} className={styles.vcpu}>
            {index} · {word}
            <Sparkline values={values} maximum={100} label={t('summary.vcpu', { index, word })} />
          </div>
        );
      })}
    </div>
  );
}
