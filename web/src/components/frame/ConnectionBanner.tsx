// Says when the page shows the past, and that it is trying.
import { MessageBar, MessageBarBody, MessageBarTitle, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useConnection } from '../../api/inventory';

const calmMilliseconds = 700;

const useStyles = makeStyles({
  root: {
    position: 'sticky',
    top: 0,
    zIndex: 5,
    borderRadius: 0,
    backgroundColor: tokens.colorStatusWarningBackground1,
  },
});

export function ConnectionBanner({ waiting }: { waiting: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const away = useConnection() === 'offline' || waiting;
  const [shown, setShown] = useState(false);
  // A blink of the connection is no news.
  useEffect(() => {
    if (!away) {
      setShown(false);
      return undefined;
    }
    const timer = window.setTimeout(() => setShown(true), calmMilliseconds);
    return () => window.clearTimeout(timer);
  }, [away]);
  if (!shown) return null;
  return (
    <MessageBar intent="warning" className={styles.root} politeness="assertive">
      <MessageBarBody>
        <MessageBarTitle>{t('connection.lost')}</MessageBarTitle>
        {t('connection.trying')}
      </MessageBarBody>
    </MessageBar>
  );
}
