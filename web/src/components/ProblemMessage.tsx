// What went wrong, in place: what happened, what to do, and a way to try again.
import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { problemOf, problemText } from '../lib/words';
import { ProblemDetail } from './ProblemDetail';

export function ProblemMessage({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const problem = problemText(t, problemOf(error));
  return (
    <MessageBar intent="error" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{problem.title}</MessageBarTitle>
        <ProblemDetail problem={problem} />
      </MessageBarBody>
      {onRetry && (
        <MessageBarActions>
          <Button size="small" onClick={onRetry}>
            {t('common.tryAgain')}
          </Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}
