// Notes with their Markdown; as they were written until the code that knows Markdown is loaded.
import { makeStyles } from '@fluentui/react-components';
import { Suspense, lazy } from 'react';

const Markdown = lazy(() => import('./Markdown'));

const useStyles = makeStyles({ plain: { whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' } });

export function Notes({ text }: { text: string }) {
  const styles = useStyles();
  return (
    <Suspense fallback={<div className={styles.plain}>{text}</div>}>
      <Markdown text={text} />
    </Suspense>
  );
}
