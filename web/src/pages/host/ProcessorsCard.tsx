// What the host's processors look like, fresh while one looks at it.
import { Skeleton, SkeletonItem, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { getTopology } from '../../api/calls';
import type { HostTopology } from '../../api/topologyTypes';
import { ProblemMessage } from '../../components/ProblemMessage';
import { useCommonStyles } from '../../components/styles';
import { OwnerList } from '../../components/topology/OwnerList';
import { OwnerMarks } from '../../components/topology/OwnerMark';
import { TopologyMap } from '../../components/topology/TopologyMap';
import { useHeatStyles } from '../../components/topology/heat';
import { useVisible } from '../../lib/hooks';
import { ownersByProcessor } from '../../lib/pinning';
import { kindMark, kindsOf, ranges, type Heat } from '../../lib/topology';

const refreshMilliseconds = 2000;
const heats: Heat[] = [0, 1, 2, 3, 4];

const useStyles = makeStyles({
  card: { overflow: 'hidden' },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    columnGap: tokens.spacingHorizontalXL,
    rowGap: tokens.spacingVerticalXS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
    '@media (max-width: 639px)': { padding: tokens.spacingHorizontalM },
  },
  legend: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: tokens.spacingHorizontalM },
  scale: { display: 'inline-flex', alignItems: 'center', gap: '2px' },
  swatch: {
    width: '16px',
    height: '12px',
    borderRadius: tokens.borderRadiusSmall,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  foot: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
    '@media (max-width: 639px)': { padding: tokens.spacingHorizontalM },
  },
  waiting: { padding: tokens.spacingHorizontalL },
  block: { height: '96px' },
});

function Legend({ topology }: { topology: HostTopology }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const heat = useHeatStyles();
  return (
    <div className={mergeClasses(styles.legend, common.secondary)}>
      <span className={styles.scale}>
        {t('topology.idle')}&nbsp;
        {heats.map((step) => (
          <span key={step} className={mergeClasses(styles.swatch, heat[step])} aria-hidden />
        ))}
        &nbsp;{t('topology.full')}
      </span>
      {kindsOf(topology).map((kind) => (
        <span key={kind}>
          <strong>{kindMark[kind]}</strong> {t(`topology.kind.${kind}`)}
        </span>
      ))}
    </div>
  );
}

export function ProcessorsCard() {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const card = useRef<HTMLDivElement>(null);
  const visible = useVisible(card);
  const { data, error, refetch } = useQuery({
    queryKey: ['topology'],
    queryFn: getTopology,
    enabled: visible,
    staleTime: 0,
    refetchInterval: refreshMilliseconds,
  });
  const owners = ownersByProcessor(data?.owners ?? []);
  const online = data?.processors.filter((processor) => processor.online) ?? [];
  const off = data?.processors.filter((processor) => !processor.online) ?? [];
  return (
    <div ref={card} className={mergeClasses(common.card, styles.card)} data-card="processors">
      {data && (
        <>
          <div className={styles.head}>
            <span>
              {[
                t('topology.packages', { count: data.packages.length }),
                t('topology.cores', { count: data.cores.length }),
                t('topology.processors', { count: online.length }),
              ].join(' · ')}
            </span>
            <Legend topology={data} />
          </div>
          <TopologyMap
            topology={data}
            slots={{ marks: (id) => <OwnerMarks owners={owners.get(id)} processor={id} /> }}
          />
          {data.owners.length > 0 && (
            <div className={styles.foot}>
              <OwnerList owners={data.owners} />
            </div>
          )}
          {off.length > 0 && (
            <div className={mergeClasses(styles.foot, common.secondary)}>
              {t('topology.off', { list: ranges(off.map(({ id }) => id)) })}
            </div>
          )}
        </>
      )}
      {!data && error && <ProblemMessage error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <Skeleton className={styles.waiting} aria-label={t('common.loading')}>
          <SkeletonItem className={styles.block} />
        </Skeleton>
      )}
    </div>
  );
}
