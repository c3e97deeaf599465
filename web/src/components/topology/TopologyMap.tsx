// The processors as boxes in boxes: packages, NUMA nodes, caches, cores and, as cells, their threads with how busy they are.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { useContext, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import type { HostNumaNode, HostTopology } from '../../api/topologyTypes';
import { formatBytes } from '../../lib/format';
import { isArrow, nextBox } from '../../lib/spatial';
import { loadsOf, meanLoad, memoryOnly, topologyTree } from '../../lib/topology';
import type { CacheBranch, ClusterBranch, NodeBranch, PackageBranch } from '../../lib/topology';
import { useCommonStyles } from '../styles';
import { Core, type Loads } from './TopologyCore';
import { Slots, useDrop, type MapSlots } from './slots';

const small = '@media (max-width: 639px)';
const useStyles = makeStyles({
  map: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    maxHeight: '560px',
    overflow: 'auto',
    padding: tokens.spacingHorizontalL,
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: `-${tokens.strokeWidthThick}`,
    },
    [small]: { padding: tokens.spacingHorizontalS },
  },
  group: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    minWidth: 0,
    padding: tokens.spacingHorizontalM,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    [small]: { padding: tokens.spacingHorizontalS },
  },
  node: { backgroundColor: tokens.colorNeutralBackground2 },
  cache: { backgroundColor: tokens.colorNeutralBackground1, flexBasis: '250px' },
  cluster: { border: `${tokens.strokeWidthThin} dashed ${tokens.colorNeutralStroke1}`, flexGrow: 0 },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'baseline',
    columnGap: tokens.spacingHorizontalS,
    minHeight: '24px',
  },
  name: { ...typographyStyles.caption1Strong },
  side: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, minWidth: 0 },
  cores: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalXS,
    listStyleType: 'none',
    margin: 0,
    padding: 0,
  },
  over: { boxShadow: `inset 0 0 0 2px ${tokens.colorBrandStroke1}` },
});

interface GroupProps {
  name: string;
  facts: (string | null)[];
  processors?: number[];
  look?: string;
  /** How much of the room beside each other it takes. */
  share?: number;
  children?: ReactNode;
}

function Group({ name, facts, processors = [], look, share, children }: GroupProps) {
  const styles = useStyles();
  const { group } = useContext(Slots);
  const { over, handlers } = useDrop(processors);
  const common = useCommonStyles();
  return (
    <div
      className={mergeClasses(styles.group, look)}
      style={share === undefined ? undefined : { flexGrow: share }}
      role="group"
      aria-label={name}
    >
      <div
        className={mergeClasses(styles.head, over && styles.over)}
        {...(processors.length > 0 ? handlers : {})}
      >
        <span className={styles.name}>{name}</span>
        <span className={common.secondary}>{facts.filter(Boolean).join(' · ')}</span>
        {processors.length > 0 && group?.(processors, name)}
      </div>
      {children}
    </div>
  );
}

/** `18 % busy`, or nothing while nobody knows. */
function useBusy(loads: Loads) {
  const { t } = useTranslation();
  return (processors: number[]) => {
    const load = meanLoad(loads, processors);
    return load === null ? null : t('topology.busy', { load: `${Math.round(load)} %` });
  };
}

interface PartProps {
  topology: HostTopology;
  loads: Loads;
}

function Cluster({ topology, loads, branch }: PartProps & { branch: ClusterBranch }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const limits = new Map(topology.processors.map(({ id, maxMhz }) => [id, maxMhz]));
  const cores = (
    <ul className={styles.cores}>
      {branch.cores.map((core) => (
        <Core key={core.id} core={core} loads={loads} maxMhz={limits.get(core.processors[0] ?? -1) ?? null} />
      ))}
    </ul>
  );
  if (!branch.cluster) return cores;
  const size = branch.cluster.size > 0 ? formatBytes(branch.cluster.size) : null;
  return (
    <Group name={t('topology.l2')} facts={[size]} processors={branch.processors} look={styles.cluster}>
      {cores}
    </Group>
  );
}

function Cache({ topology, loads, branch }: PartProps & { branch: CacheBranch }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const busy = useBusy(loads);
  const clusters = branch.clusters.map((cluster) => (
    <Cluster key={cluster.key} topology={topology} loads={loads} branch={cluster} />
  ));
  if (topology.l3Groups.length === 0) return <div className={styles.side}>{clusters}</div>;
  const size = branch.l3 && branch.l3.size > 0 ? formatBytes(branch.l3.size) : null;
  return (
    <Group
      name={branch.l3 ? t('topology.l3', { id: branch.l3.id }) : t('topology.noL3')}
      facts={[size, busy(branch.processors)]}
      processors={branch.processors}
      look={styles.cache}
      share={branch.processors.length}
    >
      <div className={styles.side}>{clusters}</div>
    </Group>
  );
}

function useMemoryFact() {
  const { t } = useTranslation();
  return (node: HostNumaNode) =>
    t('topology.memory', { free: formatBytes(node.memoryFree), total: formatBytes(node.memoryTotal) });
}

function Node({ topology, loads, branch }: PartProps & { branch: NodeBranch }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const busy = useBusy(loads);
  const memory = useMemoryFact();
  const caches = (
    <div className={styles.side}>
      {branch.caches.map((cache) => (
        <Cache key={cache.key} topology={topology} loads={loads} branch={cache} />
      ))}
    </div>
  );
  if (!branch.node) return caches;
  return (
    <Group
      name={t('topology.node', { id: branch.node.id })}
      facts={[memory(branch.node), busy(branch.processors)]}
      processors={branch.processors}
      look={styles.node}
    >
      {caches}
    </Group>
  );
}

function Package({ topology, loads, branch }: PartProps & { branch: PackageBranch }) {
  const { t } = useTranslation();
  const busy = useBusy(loads);
  return (
    <Group
      name={t('topology.package', { id: branch.id })}
      facts={[busy(branch.processors)]}
      processors={branch.processors}
    >
      {branch.nodes.map((node) => (
        <Node key={node.key} topology={topology} loads={loads} branch={node} />
      ))}
    </Group>
  );
}

/** The buttons over the processors stand in two dimensions, and so do the arrow keys. */
function walk(event: KeyboardEvent<HTMLElement>) {
  if (!isArrow(event.key) || !(event.target instanceof HTMLButtonElement)) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-processor] > button')];
  const at = buttons.findIndex((button) => button === event.target);
  if (at < 0) return;
  event.preventDefault();
  const next = nextBox(
    buttons.map((button) => button.getBoundingClientRect()),
    at,
    event.key,
  );
  if (next !== null) buttons[next]?.focus();
}

interface TopologyMapProps {
  topology: HostTopology;
  slots?: MapSlots;
}

const nothing: MapSlots = {};

export function TopologyMap({ topology, slots = nothing }: TopologyMapProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const memory = useMemoryFact();
  const loads = loadsOf(topology);
  return (
    // It scrolls on a large host, so the keyboard must reach it.
    <div
      className={styles.map}
      tabIndex={0}
      role="region"
      aria-label={t('topology.picture')}
      onKeyDown={walk}
    >
      <Slots.Provider value={slots}>
        {topologyTree(topology).map((branch) => (
          <Package key={branch.key} topology={topology} loads={loads} branch={branch} />
        ))}
        {memoryOnly(topology).map((node) => (
          <Group
            key={node.id}
            name={t('topology.node', { id: node.id })}
            facts={[memory(node), t('topology.memoryOnly')]}
            look={styles.node}
          />
        ))}
      </Slots.Provider>
    </div>
  );
}
