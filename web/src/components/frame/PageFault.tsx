// When a page itself breaks, or there is none at the address.
import { Button } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { Link, useRouteError } from 'react-router-dom';

import { EmptyState } from '../EmptyState';
import { useCommonStyles } from '../styles';
import { ErrorCircleRegular, SearchRegular } from '../icons';

export function PageFault() {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <EmptyState
      picture={<ErrorCircleRegular />}
      title={t('fault.title')}
      sentence={error instanceof Error ? error.message : t('fault.sentence')}
    >
      <Button appearance="primary" onClick={() => window.location.reload()}>
        {t('fault.reload')}
      </Button>
    </EmptyState>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  const common = useCommonStyles();
  return (
    <EmptyState picture={<SearchRegular />} title={t('notFound.title')} sentence={t('notFound.sentence')}>
      <Link to="/" className={common.link}>
        {t('notFound.home')}
      </Link>
    </EmptyState>
  );
}
