import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router-dom';

import { useTasks } from '../../api/inventory';
import type { Task } from '../../api/types';
import { EmptyState } from '../../components/EmptyState';
import { LinkTabs } from '../../components/LinkTabs';
import { Page } from '../../components/Page';
import { TaskCard } from '../../components/TaskCard';
import { TaskListSquareLtrRegular } from '../../components/icons';
import { useCommonStyles } from '../../components/styles';

const filters = ['all', 'running', 'failed'] as const;
type Filter = (typeof filters)[number];

const keeps: Record<Filter, (task: Task) => boolean> = {
  all: () => true,
  running: (task) => task.state === 'running',
  failed: (task) => task.state !== 'running' && task.state !== 'succeeded',
};

export default function TasksPage() {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const tasks = useTasks();
  const [search] = useSearchParams();
  const filter = filters.find((known) => known === search.get('show')) ?? 'all';
  const wanted = search.get('task');
  const shown = tasks.filter((task) => keeps[filter](task) || task.id === wanted);
  return (
    <Page title={t('page.tasks')} sentence={t('tasks.sentence')} narrow>
      <LinkTabs
        label={t('page.tasks')}
        current={filter}
        tabs={filters.map((known) => ({
          name: known,
          label: t(`tasks.filter.${known}`),
          to: known === 'all' ? '/tasks' : `/tasks?show=${known}`,
        }))}
      />
      <div className={common.stack}>
        {shown.map((task) => (
          <TaskCard key={task.id} task={task} open={task.id === wanted || undefined} />
        ))}
      </div>
      {shown.length === 0 && (
        <EmptyState
          picture={<TaskListSquareLtrRegular />}
          title={t('tasks.emptyTitle')}
          sentence={t('tasks.empty')}
        />
      )}
    </Page>
  );
}
