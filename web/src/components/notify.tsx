// Toasts: short news with at most one thing to do about it.
import {
  Link,
  Toast,
  ToastBody,
  ToastFooter,
  ToastTitle,
  ToastTrigger,
  useToastController,
} from '@fluentui/react-components';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { noteTask } from '../api/inventory';
import type { Task } from '../api/types';
import { problemOf, problemText } from '../lib/words';
import { ProblemDetail } from './ProblemDetail';

export const toasterId = 'visor';

interface Action {
  label: string;
  run: () => void;
}

export function useNotify() {
  const { t } = useTranslation();
  const { dispatchToast } = useToastController(toasterId);
  return useMemo(() => {
    const show = (
      intent: 'success' | 'error' | 'warning',
      title: string,
      body: ReactNode = null,
      action?: Action,
    ) =>
      dispatchToast(
        <Toast>
          <ToastTitle>{title}</ToastTitle>
          {body && <ToastBody>{body}</ToastBody>}
          {action && (
            <ToastFooter>
              <ToastTrigger>
                <Link onClick={action.run}>{action.label}</Link>
              </ToastTrigger>
            </ToastFooter>
          )}
        </Toast>,
        { intent, timeout: intent === 'success' && !action ? 5000 : 9000, pauseOnHover: true },
      );
    return {
      show,
      problem: (error: unknown, action?: Action) => {
        const words = problemText(t, problemOf(error));
        const body = words.hint || words.said ? <ProblemDetail problem={words} /> : null;
        show('error', words.title, body, action);
      },
    };
  }, [dispatchToast, t]);
}

/** The task that a request has started shows at once. */
export function noteStarted(answer: unknown): void {
  if (typeof answer === 'object' && answer !== null && 'task' in answer) noteTask(answer.task as Task);
}

/** Runs a request; what it starts shows at once, what it refuses is told. Answers whether it went through. */
export function useRun() {
  const notify = useNotify();
  return async (request: () => Promise<unknown>): Promise<boolean> => {
    try {
      noteStarted(await request());
      return true;
    } catch (error) {
      notify.problem(error);
      return false;
    }
  };
}
