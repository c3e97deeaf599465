// A live graph over time with axes and the value under the pointer. Gaps in the samples are gaps in the line.
import { makeStyles } from '@fluentui/react-components';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { useMedia, useWidth } from '../lib/hooks';
import { lonePoints, tickText } from '../lib/series';
import { usePreferences } from '../lib/preferences';

const height = 176;

const useStyles = makeStyles({
  chart: {
    height: `${height}px`,
    minWidth: 0,
    overflow: 'hidden',
    '& .u-legend': {
      display: 'none',
    },
  },
});

export interface ChartSeries {
  label: string;
  values: (number | null)[];
  /** Name of the colour token, such as `--colorBrandStroke1`. */
  color: string;
  filled?: boolean;
  /** A limit, not a reading. */
  dashed?: boolean;
}

interface ChartProps {
  label: string;
  times: number[];
  /** Both ends of the time axis, in seconds since 1970. */
  from: number;
  until: number;
  series: ChartSeries[];
  maximum?: number;
  say: (value: number) => string;
  onHover: (index: number | null) => void;
}

function withAlpha(color: string, alpha: string): string {
  return /^#[0-9a-f]{6}$/i.test(color) ? color + alpha : color;
}

function optionsOf(
  element: HTMLElement,
  props: ChartProps,
  ends: () => [number, number],
  width: number,
  language: string,
): uPlot.Options {
  const look = getComputedStyle(element);
  const color = (token: string) => look.getPropertyValue(token).trim();
  const axis = {
    stroke: color('--colorNeutralForeground3'),
    grid: { stroke: color('--colorNeutralStroke3'), width: 1 },
    ticks: { show: false },
    font: `11px ${look.fontFamily}`,
  };
  const { maximum, say } = props;
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: ends },
      y: { range: (_, __, high) => [0, maximum ?? niceMaximum(high)] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        space: 70,
        values: (_, ticks) => ticks.map((tick) => tickText(tick, props.until - props.from, language)),
      },
      {
        ...axis,
        size: 62,
        splits: (_, __, low, high) => [low, (low + high) / 2, high],
        values: (_, ticks) => ticks.map(say),
      },
    ],
    series: [
      {},
      ...props.series.map((series) => ({
        label: series.label,
        stroke: color(series.color),
        width: 1.5,
        dash: series.dashed ? [6, 4] : undefined,
        fill: series.filled ? withAlpha(color(series.color), '2e') : undefined,
        points: { size: 4, filter: (plot: uPlot, index: number) => lonePoints(plot.data[index] ?? []) },
      })),
    ],
    hooks: { setCursor: [(plot) => props.onHover(plot.cursor.idx ?? null)] },
  };
}

/** The next power of two from 64 up: rates get an axis that stays calm. */
function niceMaximum(high: number | null): number {
  return Math.max(65536, 2 ** Math.ceil(Math.log2(Math.max(1, high ?? 0))));
}

export function Chart(props: ChartProps) {
  const styles = useStyles();
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  const width = useWidth(root);
  const { i18n } = useTranslation();
  const { theme } = usePreferences();
  const systemIsDark = useMedia('(prefers-color-scheme: dark)');
  const seriesCount = props.series.length;
  const span = props.until - props.from;
  const dataOf = (source: ChartProps): uPlot.AlignedData => [
    source.times,
    ...source.series.map((series) => series.values),
  ];

  useEffect(() => {
    latest.current = props;
    plot.current?.setData(dataOf(props));
  });

  useEffect(() => {
    if (!root.current || width < 40) return undefined;
    const element = root.current;
    const options = optionsOf(
      element,
      { ...latest.current, onHover: (index) => latest.current.onHover(index) },
      () => [latest.current.from, latest.current.until],
      width,
      i18n.language,
    );
    plot.current = new uPlot(options, dataOf(latest.current), element);
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
    // The colours are read from the theme when the graph is made, so a change of theme makes it anew.
  }, [width, theme, systemIsDark, seriesCount, props.maximum, span, i18n.language]);

  return <div ref={root} className={styles.chart} role="img" aria-label={props.label} />;
}
