// A card with a headline number and the graph behind it. The pointer on the graph shows the value of that moment.
import {
  Skeleton,
  SkeletonItem,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { useState, type ReactElement, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { Chart, type ChartSeries } from '../../components/Chart';
import { useCommonStyles } from '../../components/styles';
import { momentText, type Columns } from '../../lib/series';

const useStyles = makeStyles({
  card: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalL,
  },
  head: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM, minWidth: 0 },
  icon: { display: 'inline-flex', fontSize: tokens.fontSizeHero700, color: tokens.colorNeutralForeground2 },
  title: { ...typographyStyles.body1Strong, margin: 0 },
  headline: {
    ...typographyStyles.subtitle1,
    fontWeight: tokens.fontWeightRegular,
    whiteSpace: 'nowrap',
    textAlign: 'right',
  },
  legend: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalM,
    rowGap: tokens.spacingVerticalXXS,
    minHeight: '16px',
  },
  entry: {
    ...typographyStyles.caption1,
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorNeutralForeground2,
  },
  swatch: { width: '10px', height: '10px', borderRadius: tokens.borderRadiusSmall },
  dashes: { width: '14px', borderTop: '2px dashed currentColor' },
  quiet: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    height: '176px',
    color: tokens.colorNeutralForeground3,
    textAlign: 'center',
  },
  loading: { width: '100%', height: '100%' },
});

function LoadingGraph() {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <Skeleton className={styles.loading} aria-label={t('common.loading')}>
      <SkeletonItem className={styles.loading} />
    </Skeleton>
  );
}

interface GraphCardProps {
  icon: ReactElement;
  title: string;
  sentence: string;
  headline: string;
  columns: Columns;
  series: ChartSeries[];
  maximum?: number;
  say: (value: number) => string;
  /** Said in place of the graph when there is nothing to draw. */
  quiet: string;
  loading: boolean;
  children?: ReactNode;
}

export function GraphCard({
  icon,
  title,
  sentence,
  headline,
  columns,
  series,
  maximum,
  say,
  quiet,
  loading,
  children,
}: GraphCardProps) {
  const { times, from, until } = columns;
  const { i18n } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const [hover, setHover] = useState<number | null>(null);
  const hoverTime = hover === null ? undefined : times[hover];
  // Where the axis goes on after the last sample, that one says nothing about now.
  const shown = hover ?? (times.at(-1) === until ? times.length - 1 : null);
  const valueAt = (one: ChartSeries) => {
    const value = shown === null ? null : one.values[shown];
    return value == null ? '–' : say(value);
  };
  return (
    <section className={mergeClasses(common.card, styles.card)} aria-label={title}>
      <div className={styles.head}>
        <span className={styles.icon} aria-hidden>
          {icon}
        </span>
        <div className={common.grow}>
          <h2 className={styles.title}>{title}</h2>
          <div className={mergeClasses(common.secondary, common.ellipsis)}>{sentence}</div>
        </div>
        <span className={styles.headline}>{headline}</span>
      </div>
      <div className={styles.legend}>
        {series.map((one) => (
          <span key={one.label} className={styles.entry}>
            {one.dashed ? (
              <span className={styles.dashes} style={{ color: `var(${one.color})` }} />
            ) : (
              <span className={styles.swatch} style={{ backgroundColor: `var(${one.color})` }} />
            )}
            {one.label} {valueAt(one)}
          </span>
        ))}
        {hoverTime !== undefined && (
          <span className={common.secondary}>{momentText(hoverTime, until - from, i18n.language)}</span>
        )}
      </div>
      {times.length > 0 ? (
        <Chart
          label={`${title}: ${headline}`}
          times={times}
          from={from}
          until={until}
          series={series}
          maximum={maximum}
          say={say}
          onHover={setHover}
        />
      ) : (
        <div className={styles.quiet}>{loading ? <LoadingGraph /> : quiet}</div>
      )}
      {children}
    </section>
  );
}
