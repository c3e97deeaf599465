// The newest tasks beside whatever page is open.
import {
  Button,
  DrawerBody,
  DrawerHeader,
  DrawerHeaderTitle,
  OverlayDrawer,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';

import { useTasks } from '../../api/inventory';
import { usePhone } from '../../lib/hooks';
import { EmptyState } from '../EmptyState';
import { DismissRegular, TaskListSquareLtrRegular } from '../icons';
import { TaskCard } from '../TaskCard';
import { useCloseDialog } from './address';

const most = 12;

const useStyles = makeStyles({
  body: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    paddingBottom: tokens.spacingVerticalL,
  },
  drawer: { width: '440px' },
});

export function TaskDrawer() {
  const { t } = useTranslation();
  const styles = useStyles();
  const close = useCloseDialog();
  const phone = usePhone();
  const tasks = useTasks();
  const running = tasks.filter((task) => task.state === 'running');
  const shown = [...running, ...tasks.filter((task) => task.state !== 'running')].slice(
    0,
    Math.max(most, running.length),
  );
  return (
    <OverlayDrawer
      open
      position="end"
      size={phone ? 'full' : 'medium'}
      className={phone ? undefined : styles.drawer}
      onOpenChange={(_, data) => !data.open && close()}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          action={
            <Button
              appearance="subtle"
              icon={<DismissRegular />}
              aria-label={t('common.close')}
              onClick={close}
            />
          }
        >
          {t('page.tasks')}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody className={styles.body}>
        {shown.length === 0 && (
          <EmptyState
            picture={<TaskListSquareLtrRegular />}
            title={t('tasks.emptyTitle')}
            sentence={t('tasks.empty')}
          />
        )}
        {shown.map((task) => (
          <TaskCard key={task.id} task={task} open={task.state === 'running'} />
        ))}
        {tasks.length > shown.length && <Link to="/tasks">{t('tasks.all', { count: tasks.length })}</Link>}
      </DrawerBody>
    </OverlayDrawer>
  );
}
