import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router-dom';

import { useHistory, useSamples } from '../../api/metrics';
import type { Machine, MetricsRange, Sample } from '../../api/types';
import { DeveloperBoardRegular, GlobeRegular, HardDriveRegular, RamRegular } from '../../components/icons';
import { ProblemMessage } from '../../components/ProblemMessage';
import { Segmented } from '../../components/Segmented';
import { Sparkline } from '../../components/Sparkline';
import { formatBytes, formatPercent, formatRate } from '../../lib/format';
import { diskTotal, isActive, sizeNow } from '../../lib/machines';
import { columnsOf, spanOf, spanSeconds, spans } from '../../lib/series';
import { networkOf } from '../overview/TileGraphs';
import { GraphCard } from './GraphCard';
import { FactsCard } from './FactsCard';

const one = '--colorBrandStroke1';
const other = '--colorPaletteMarigoldBorderActive';

const useStyles = makeStyles({
  head: { display: 'flex', justifyContent: 'flex-end' },
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
  const [search, setSearch] = useSearchParams();
  const span = spanOf(search.get('span'));
  const on = isActive(machine.state.status);
  const kept = useSamples(machine.name, on);
  const live = on ? kept : [];
  const history = useHistory(machine.name, span);
  const samples = span === 'recent' ? live : (history.data?.samples ?? []);
  const columns = columnsOf(samples, {
    seconds: spanSeconds[span],
    interval: span === 'recent' ? 1 : (history.data?.intervalSeconds ?? 30),
    // What ended long ago must not look as if it were now.
    until: span !== 'recent' && !on ? history.dataUpdatedAt / 1000 : undefined,
  });
  const { of } = columns;
  const last = on ? (live.at(-1) ?? machine.metrics) : null;
  const { cpus, memory: size } = sizeNow(machine);
  const graph = {
    columns,
    loading: span !== 'recent' && history.isPending,
    quiet: quietText(t, on, span),
  };
  const choose = (next: MetricsRange) =>
    setSearch(
      (old) => {
        const params = new URLSearchParams(old);
        if (next === 'recent') params.delete('span');
        else params.set('span', next);
        return params;
      },
      { replace: true },
    );
  const say = (pick: (sample: Sample) => string) => (last ? pick(last) : '–');
  const disks = machine.spec.disks.filter((disk) => disk.device === 'disk').length;
  return (
    <>
      <div className={styles.head}>
        <Segmented
          label={t('summary.span')}
          choices={spans.map((name) => ({ name, text: t(`summary.spans.${name}`) }))}
          chosen={span}
          onChoose={choose}
        />
      </div>
      {history.isError && <ProblemMessage error={history.error} onRetry={() => void history.refetch()} />}
      <div className={styles.cards}>
        <GraphCard
          icon={<DeveloperBoardRegular />}
          title={t('fact.processor')}
          sentence={t('summary.processor', { count: cpus, model: machine.spec.cpu.model })}
          headline={say((sample) => formatPercent(sample.cpuPercent))}
          {...graph}
          series={[
            { label: t('fact.cpu'), values: of((sample) => sample.cpuPercent), color: one, filled: true },
          ]}
          maximum={100}
          say={formatPercent}
        >
          {last && cpus > 1 && <VcpuTiles samples={live} count={last.vcpuPercent.length} />}
        </GraphCard>
        <GraphCard
          icon={<RamRegular />}
          title={t('fact.memory')}
          sentence={t('summary.memory', { size: formatBytes(size) })}
          headline={say(
            (sample) => `${formatBytes(sample.memoryUsed ?? sample.memoryResident)} / ${formatBytes(size)}`,
          )}
          {...graph}
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
          sentence={
            disks > 0
              ? t('summary.disks', { count: disks, size: formatBytes(diskTotal(machine)) })
              : t('summary.noDisks')
          }
          headline={say((sample) => formatRate(sample.diskReadRate + sample.diskWriteRate))}
          {...graph}
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
          headline={say((sample) => {
            const rate = networkOf(sample);
            return rate === null ? '–' : formatRate(rate);
          })}
          {...graph}
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
      <FactsCard machine={machine} />
    </>
  );
}

function quietText(t: TFunction, on: boolean, span: MetricsRange): string {
  if (span !== 'recent') return t('summary.quietLong');
  return t(on ? 'summary.quietSoon' : 'summary.quiet');
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
            {t('summary.vcpuShort', { index })} {word}
            <Sparkline values={values} maximum={100} label={t('summary.vcpu', { index, word })} />
          </div>
        );
      })}
    </div>
  );
}
