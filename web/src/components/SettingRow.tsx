// One setting, one row: what it is, a sentence, the control on the right, and below what must be said about it now.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import type { ReactElement, ReactNode } from 'react';

import { useCommonStyles } from './styles';

const useStyles = makeStyles({
  card: { overflow: 'hidden' },
  row: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) auto',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalXL,
    rowGap: tokens.spacingVerticalXS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    minHeight: '40px',
    ':not(:last-child)': { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}` },
    '@media (max-width: 639px)': {
      gridTemplateColumns: 'minmax(0, 1fr)',
      padding: tokens.spacingHorizontalM,
    },
  },
  words: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM, minWidth: 0 },
  icon: {
    display: 'inline-flex',
    fontSize: tokens.fontSizeBase600,
    color: tokens.colorNeutralForeground2,
    flexShrink: 0,
  },
  title: { ...typographyStyles.body1, overflowWrap: 'anywhere' },
  sentence: { overflowWrap: 'anywhere' },
  control: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'flex-end',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalS,
    minWidth: 0,
    '@media (max-width: 639px)': { justifyContent: 'flex-start' },
    ':empty': { display: 'none' },
  },
  // On a phone the control stands below the words, not below the icon.
  afterIcon: { '@media (max-width: 639px)': { marginLeft: '36px' } },
  below: {
    gridColumnStart: 1,
    gridColumnEnd: -1,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
  },
});

export function RowCard({ children }: { children: ReactNode }) {
  const styles = useStyles();
  const common = useCommonStyles();
  return <div className={mergeClasses(common.card, styles.card)}>{children}</div>;
}

interface SettingRowProps {
  title: ReactNode;
  sentence?: ReactNode;
  icon?: ReactElement;
  below?: ReactNode;
  children?: ReactNode;
}

export function SettingRow({ title, sentence, icon, below, children }: SettingRowProps) {
  const styles = useStyles();
  const common = useCommonStyles();
  return (
    <div className={styles.row}>
      <div className={styles.words}>
        {icon && (
          <span className={styles.icon} aria-hidden>
            {icon}
          </span>
        )}
        <div className={common.grow}>
          <div className={styles.title}>{title}</div>
          {sentence && <div className={mergeClasses(common.secondary, styles.sentence)}>{sentence}</div>}
        </div>
      </div>
      <div className={mergeClasses(styles.control, icon && styles.afterIcon)}>{children}</div>
      {below && <div className={styles.below}>{below}</div>}
    </div>
  );
}
