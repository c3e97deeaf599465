// A radio group of cards. Native radio buttons inside, so that keys and screen readers work as everywhere.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { useId, type ReactElement } from 'react';

const useStyles = makeStyles({
  group: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(140px, 100%), 1fr))',
    gap: tokens.spacingHorizontalS,
    border: 'none',
    margin: 0,
    padding: 0,
    minWidth: 0,
  },
  wide: { gridTemplateColumns: 'repeat(auto-fill, minmax(min(200px, 100%), 1fr))' },
  card: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    padding: tokens.spacingHorizontalM,
    minWidth: 0,
    cursor: 'pointer',
    borderRadius: tokens.borderRadiusLarge,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}`,
    backgroundColor: tokens.colorNeutralBackground1,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-within': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: '1px',
    },
  },
  chosen: {
    border: `${tokens.strokeWidthThin} solid ${tokens.colorCompoundBrandStroke}`,
    boxShadow: `inset 0 0 0 1px ${tokens.colorCompoundBrandStroke}`,
    backgroundColor: tokens.colorNeutralBackground1Selected,
  },
  input: { position: 'absolute', opacity: 0, inset: 0, margin: 0, cursor: 'pointer' },
  words: { minWidth: 0 },
  title: { ...typographyStyles.body1Strong, display: 'block', overflowWrap: 'anywhere' },
  sentence: {
    ...typographyStyles.caption1,
    color: tokens.colorNeutralForeground3,
    overflowWrap: 'anywhere',
    whiteSpace: 'pre-line',
  },
  icon: {
    display: 'inline-flex',
    fontSize: tokens.fontSizeBase600,
    color: tokens.colorNeutralForeground2,
    flexShrink: 0,
  },
});

export interface Choice<T extends string> {
  value: T;
  title: string;
  sentence?: string;
  icon?: ReactElement;
}

interface ChoiceCardsProps<T extends string> {
  label: string;
  value: T;
  choices: Choice<T>[];
  onChoose: (value: T) => void;
  /** For titles that somebody else has chosen, such as the names of images. */
  wide?: boolean;
}

export function ChoiceCards<T extends string>({
  label,
  value,
  choices,
  onChoose,
  wide,
}: ChoiceCardsProps<T>) {
  const styles = useStyles();
  const group = useId();
  return (
    <fieldset className={mergeClasses(styles.group, wide && styles.wide)} aria-label={label}>
      {choices.map((choice) => (
        <label
          key={choice.value}
          className={mergeClasses(styles.card, choice.value === value && styles.chosen)}
        >
          <input
            type="radio"
            name={group}
            className={styles.input}
            checked={choice.value === value}
            onChange={() => onChoose(choice.value)}
          />
          {choice.icon && (
            <span className={styles.icon} aria-hidden>
              {choice.icon}
            </span>
          )}
          <span className={styles.words}>
            <span className={styles.title}>{choice.title}</span>
            {choice.sentence && <span className={styles.sentence}>{choice.sentence}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
