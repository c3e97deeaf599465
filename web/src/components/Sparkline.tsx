// A graph the size of a word. The numbers are in its label for those who cannot see it.
import { makeStyles, tokens } from '@fluentui/react-components';

const useStyles = makeStyles({
  graph: {
    display: 'block',
    width: '100%',
    height: '28px',
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  line: {
    fill: 'none',
    stroke: tokens.colorBrandStroke1,
    strokeWidth: '1.5',
    vectorEffect: 'non-scaling-stroke',
  },
  area: { fill: tokens.colorBrandBackground2, stroke: 'none' },
});

const width = 120;
const height = 28;

/** Points from right (newest) to left; `slots` samples fill the width. */
export function sparkPoints(values: readonly number[], maximum: number, slots: number): [number, number][] {
  const shown = values.slice(-slots);
  const step = width / (slots - 1);
  return shown.map((value, index) => [
    width - (shown.length - 1 - index) * step,
    height - 1 - Math.min(1, Math.max(0, value / (maximum || 1))) * (height - 3),
  ]);
}

interface SparklineProps {
  values: readonly number[];
  maximum: number;
  label: string;
  slots?: number;
}

export function Sparkline({ values, maximum, label, slots = 60 }: SparklineProps) {
  const styles = useStyles();
  const points = sparkPoints(values, maximum, slots);
  const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  const first = points[0]?.[0] ?? 0;
  return (
    <svg
      className={styles.graph}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {points.length > 1 && (
        <>
          <polygon className={styles.area} points={`${first},${height} ${line} ${width},${height}`} />
          <polyline className={styles.line} points={line} />
        </>
      )}
    </svg>
  );
}
