// Tells when a task that was running ends badly while the page is open.
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';

import { useTasks } from '../../api/inventory';
import { problemText, taskTitle } from '../../lib/words';
import { useNotify } from '../notify';

export function useTaskNews(): void {
  const { t } = useTranslation();
  const notify = useNotify();
  const navigate = useNavigate();
  const tasks = useTasks();
  const running = useRef(new Set<string>());
  useEffect(() => {
    for (const task of tasks) {
      if (task.state === 'running') {
        running.current.add(task.id);
        continue;
      }
      if (!running.current.delete(task.id) || !['failed', 'undone'].includes(task.state)) continue;
      const reason = task.error ? problemText(t, task.error) : null;
      notify.show(
        'error',
        t('tasks.failedNews', { title: taskTitle(t, task) }),
        reason && `${reason.title} ${reason.hint} ${reason.said}`,
        {
          label: t('tasks.details'),
          run: () => navigate(`/tasks?task=${task.id}`),
        },
      );
    }
  }, [tasks, t, notify, navigate]);
}
