// The head and the width of every page.
import { Subtitle1, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useEffect, type ReactNode } from 'react';

import { useCommonStyles } from './styles';

const useStyles = makeStyles({
  page: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalL,
    boxSizing: 'border-box',
    width: '100%',
    maxWidth: '1680px',
    margin: '0 auto',
    padding: `${tokens.spacingVerticalXL} ${tokens.spacingHorizontalXXL} ${tokens.spacingVerticalXXXL}`,
    '@media (max-width: 639px)': { padding: tokens.spacingHorizontalL },
  },
  narrow: { maxWidth: '1080px' },
  head: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalM,
  },
  title: { margin: 0 },
});

interface PageProps {
  title: string;
  sentence?: string;
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}

export function Page({ title, sentence, actions, narrow, children }: PageProps) {
  const styles = useStyles();
  const common = useCommonStyles();
  useTitle(title);
  return (
    <div className={mergeClasses(styles.page, narrow && styles.narrow)}>
      <div className={styles.head}>
        <div>
          <Subtitle1 as="h1" block className={styles.title}>
            {title}
          </Subtitle1>
          {sentence && <div className={common.secondary}>{sentence}</div>}
        </div>
        {actions && <div className={common.wrap}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Visor` : 'Visor';
  }, [title]);
}
