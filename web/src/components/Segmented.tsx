// One of a few, all of them in view.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';

import { cardBorder } from './styles';

const useStyles = makeStyles({
  group: {
    display: 'inline-flex',
    padding: tokens.spacingHorizontalXXS,
    border: cardBorder,
    borderRadius: tokens.borderRadiusLarge,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  choice: {
    ...typographyStyles.caption1,
    minHeight: '26px',
    padding: `0 ${tokens.spacingHorizontalM}`,
    border: 'none',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground2,
    fontFamily: 'inherit',
    whiteSpace: 'nowrap',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundHover },
    ':focus-visible': { outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}` },
    '@media (hover: none)': { minHeight: '36px' },
  },
  chosen: {
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorBrandForeground2,
    fontWeight: tokens.fontWeightSemibold,
    ':hover': { backgroundColor: tokens.colorBrandBackground2Hover },
  },
});

interface SegmentedProps<T extends string> {
  label: string;
  choices: readonly { name: T; text: string }[];
  chosen: T;
  onChoose: (name: T) => void;
}

export function Segmented<T extends string>({ label, choices, chosen, onChoose }: SegmentedProps<T>) {
  const styles = useStyles();
  return (
    <div role="group" aria-label={label} className={styles.group}>
      {choices.map(({ name, text }) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === chosen}
          className={mergeClasses(styles.choice, name === chosen && styles.chosen)}
          onClick={() => onChoose(name)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
