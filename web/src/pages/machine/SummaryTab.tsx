import { makeStyles, tokens } from '@fluentui/react-components';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router-dom';

import { useHistory, useSamples } from '../../api/metrics';
import type { Machine, MetricsRange, Sample } from '../../api/types';
import { DeveloperBoardRegular, GlobeRegular, HardDriveRegular } from '../../components/icons';
import { ProblemMessage } from '../../components/ProblemMessage';
import { Segmented } from '../../components/Segmented';
import { formatBytes, formatPercent, formatRate } from '../../lib/format';
import { diskTotal, isActive, sizeNow } from '../../lib/machines';
import { columnsOf, spanOf, spanSeconds, spans } from '../../lib/series';
import { networkOf } from '../overview/TileGraphs';
import { GraphCard } from './GraphCard';
import { FactsCard } from './FactsCard';
import { MemoryCard } from './MemoryCard';
import { NotesCard } from './NotesCard';
import { VcpuTiles } from './VcpuTiles';

const one = '--colorBrandStroke1';
const other = '--colorPaletteMarigoldBorderActive';

const useStyles = makeStyles({
  head: { display: 'flex', justifyContent: 'flex-end' },
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(340px, 100%), 1fr))',
    gap: tokens.spacingHorizontalM,
  },
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
  const { cpus } = sizeNow(machine);
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
        <MemoryCard machine={machine} samples={samples} last={last} graph={graph} />
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
      <NotesCard machine={machine} />
      <FactsCard machine={machine} />
    </>
  );
}

function quietText(t: TFunction, on: boolean, span: MetricsRange): string {
  if (span !== 'recent') return t('summary.quietLong');
  return t(on ? 'summary.quietSoon' : 'summary.quiet');
}
