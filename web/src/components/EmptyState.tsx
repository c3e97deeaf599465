// A picture, a sentence and the one button that leads on.
import { Body1, Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    textAlign: 'center',
    gap: tokens.spacingVerticalM,
    padding: `${tokens.spacingVerticalXXXL} ${tokens.spacingHorizontalL}`,
    marginTop: tokens.spacingVerticalXXL,
  },
  picture: { fontSize: '72px', lineHeight: 1, color: tokens.colorBrandForeground1, display: 'flex' },
  sentence: { color: tokens.colorNeutralForeground3, maxWidth: '440px', textAlign: 'center' },
  title: { margin: 0, textAlign: 'center' },
  actions: { display: 'flex', flexWrap: 'wrap', justifyContent: 'center', gap: tokens.spacingHorizontalS },
});

interface EmptyStateProps {
  picture: ReactNode;
  title: string;
  sentence: string;
  children?: ReactNode;
}

export function EmptyState({ picture, title, sentence, children }: EmptyStateProps) {
  const styles = useStyles();
  return (
    <div className={styles.root}>
      <div className={styles.picture} aria-hidden>
        {picture}
      </div>
      <Subtitle2 as="h2" className={styles.title}>
        {title}
      </Subtitle2>
      <Body1 className={styles.sentence}>{sentence}</Body1>
      {children && <div className={styles.actions}>{children}</div>}
    </div>
  );
}
