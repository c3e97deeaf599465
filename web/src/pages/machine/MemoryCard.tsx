// Memory over time: what the guest uses, what it is given, what that takes of the host, and between which limits it may move.
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { getMemory } from '../../api/calls';
import type { Machine, Sample } from '../../api/types';
import { RamRegular } from '../../components/icons';
import { formatBytes } from '../../lib/format';
import { sizeNow } from '../../lib/machines';
import { memoryLines, type Columns } from '../../lib/series';
import { GraphCard } from './GraphCard';

interface MemoryCardProps {
  machine: Machine;
  samples: readonly Sample[];
  last: Sample | null | undefined;
  graph: { columns: Columns; loading: boolean; quiet: string };
}

export function MemoryCard({ machine, samples, last, graph }: MemoryCardProps) {
  const { t } = useTranslation();
  const { memory: size } = sizeNow(machine);
  const { enabled } = machine.spec.memory.dynamic;
  // Limits change with the machine's settings and its start only.
  const report = useQuery({
    queryKey: ['memory limits', machine.name, machine.revision, machine.state.status],
    queryFn: () => getMemory(machine.name),
    enabled,
    retry: false,
  });
  const limits = report.data?.dynamic ? report.data : null;
  const whole = Math.max(size, limits?.maximum ?? 0);
  const used = last ? (last.memoryUsed ?? last.memoryResident) : null;
  const given = last?.memoryAssigned ?? size;
  return (
    <GraphCard
      icon={<RamRegular />}
      title={t('fact.memory')}
      sentence={limits ? t('summary.memoryDynamic') : t('summary.memory', { size: formatBytes(size) })}
      headline={used === null ? '–' : `${formatBytes(used)} / ${formatBytes(given)}`}
      {...graph}
      series={memoryLines(graph.columns, limits).map(({ name, ...line }) => ({
        ...line,
        label: t(`summary.memoryLine.${name}`),
      }))}
      maximum={Math.max(whole, ...samples.map((sample) => sample.memoryResident))}
      say={formatBytes}
    />
  );
}
