// The columns that the list of machines can show.
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { useSamples } from '../../api/metrics';
import type { Machine, Sample } from '../../api/types';
import { Uptime } from '../../components/machine/facts';
import { StateBadge } from '../../components/StateBadge';
import { formatAge, formatBytes, formatPercent, formatRate } from '../../lib/format';
import { useNow } from '../../lib/hooks';
import { diskTotal, isActive, sizeNow, type SortKey } from '../../lib/machines';
import { firstLine } from '../../lib/notes';
import { diskOf, memoryOf, networkOf } from '../overview/TileGraphs';

interface Column {
  /** A track of the grid. */
  width: string;
  least: number;
  sort?: SortKey;
  show: (machine: Machine, t: TFunction) => ReactNode;
}

const nothing = '–';

/** The newest reading of a machine that is on. */
function Reading({ machine, say }: { machine: Machine; say: (sample: Sample) => string }) {
  const last = useSamples(machine.name, false).at(-1) ?? machine.metrics;
  return <>{last && isActive(machine.state.status) ? say(last) : nothing}</>;
}

function Age({ time }: { time: string }) {
  const { i18n } = useTranslation();
  return <>{formatAge(time, useNow(60_000), i18n.language)}</>;
}

const rateOf = (value: number | null) => (value === null ? nothing : formatRate(value));

export const columns = {
  state: {
    width: 'minmax(110px, 1fr)',
    least: 110,
    sort: 'state',
    show: (machine) => <StateBadge status={machine.state.status} reason={machine.state.reason} />,
  },
  uptime: {
    width: '96px',
    least: 96,
    show: (machine) => (isActive(machine.state.status) ? <Uptime machine={machine} /> : nothing),
  },
  load: {
    width: '64px',
    least: 64,
    sort: 'cpu',
    show: (machine) => <Reading machine={machine} say={(sample) => formatPercent(sample.cpuPercent)} />,
  },
  cpu: {
    width: '72px',
    least: 72,
    show: (machine, t) => t('fact.vcpus', { count: sizeNow(machine).cpus }),
  },
  memory: {
    width: '84px',
    least: 84,
    sort: 'memory',
    show: (machine) => formatBytes(sizeNow(machine).memory),
  },
  used: {
    width: '110px',
    least: 110,
    show: (machine) => <Reading machine={machine} say={(sample) => formatBytes(memoryOf(sample))} />,
  },
  disk: {
    width: '84px',
    least: 84,
    show: (machine) => (diskTotal(machine) > 0 ? formatBytes(diskTotal(machine)) : nothing),
  },
  diskRate: {
    width: '100px',
    least: 100,
    show: (machine) => <Reading machine={machine} say={(sample) => rateOf(diskOf(sample))} />,
  },
  netRate: {
    width: '110px',
    least: 110,
    show: (machine) => <Reading machine={machine} say={(sample) => rateOf(networkOf(sample))} />,
  },
  address: {
    width: 'minmax(100px, 1fr)',
    least: 100,
    show: (machine) => machine.state.addresses[0] ?? nothing,
  },
  group: { width: 'minmax(80px, 1fr)', least: 80, show: (machine) => machine.group || nothing },
  tags: { width: 'minmax(100px, 1fr)', least: 100, show: (machine) => machine.tags.join(', ') || nothing },
  os: {
    width: 'minmax(100px, 1fr)',
    least: 100,
    show: (machine) => machine.state.guestOs || machine.spec.os.id || nothing,
  },
  created: {
    width: '120px',
    least: 120,
    sort: 'created',
    show: (machine) => <Age time={machine.created} />,
  },
  description: {
    width: 'minmax(140px, 2fr)',
    least: 140,
    show: (machine) => firstLine(machine.description) || nothing,
  },
} satisfies Record<string, Column>;

export type ColumnName = keyof typeof columns;
export const columnNames = Object.keys(columns) as ColumnName[];
export const columnOf = (name: ColumnName): Column => columns[name];

/** In the order of the table above, whatever the order they were chosen in; unknown ones were chosen in another release. */
export const chosenColumns = (chosen: readonly string[]) =>
  columnNames.filter((name) => chosen.includes(name));
