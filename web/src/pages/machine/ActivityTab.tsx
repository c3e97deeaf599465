// What has been done with the machine, what QEMU said, and how it is started.
import { Button, Link, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { getCommand, getLog } from '../../api/calls';
import { useTasks } from '../../api/inventory';
import type { Machine, QemuCommand } from '../../api/types';
import { copyText } from '../../components/Chip';
import { ArrowClockwiseRegular, CopyRegular } from '../../components/icons';
import { ProblemMessage } from '../../components/ProblemMessage';
import { useCommonStyles } from '../../components/styles';
import { TaskCard } from '../../components/TaskCard';

const useStyles = makeStyles({
  section: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  head: { display: 'flex', alignItems: 'center', justifyContent: 'space-between' },
  title: { ...typographyStyles.subtitle2, margin: 0 },
});

function Section({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  const styles = useStyles();
  return (
    <section className={styles.section} aria-label={title}>
      <div className={styles.head}>
        <h2 className={styles.title}>{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}

export default function ActivityTab({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const tasks = useTasks().filter(
    (task) => task.subject?.kind === 'machine' && task.subject.name === machine.name,
  );
  return (
    <div className={common.stack}>
      <Section title={t('page.tasks')}>
        {tasks.map((task) => (
          <TaskCard key={task.id} task={task} />
        ))}
        {tasks.length === 0 && <div className={common.secondary}>{t('activity.noTasks')}</div>}
      </Section>
      <LogSection name={machine.name} />
      <CommandSection name={machine.name} />
    </div>
  );
}

function LogSection({ name }: { name: string }) {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const log = useQuery({ queryKey: ['log', name], queryFn: () => getLog(name), staleTime: 0, retry: false });
  return (
    <Section
      title={t('activity.log')}
      action={
        <Button
          size="small"
          appearance="subtle"
          icon={<ArrowClockwiseRegular />}
          onClick={() => void log.refetch()}
        >
          {t('activity.refresh')}
        </Button>
      }
    >
      {log.isError && <ProblemMessage error={log.error} />}
      {log.data && (
        <pre className={common.log} tabIndex={0} aria-label={t('activity.log')}>
          {log.data.lines.join('\n') || t('activity.noLog')}
        </pre>
      )}
    </Section>
  );
}

const commandText = (command: QemuCommand) =>
  [command.program, ...command.arguments.map(({ argument, value }) => `${argument} ${value}`.trim())].join(
    ' \\\n  ',
  );

function CommandSection({ name }: { name: string }) {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const command = useQuery({
    queryKey: ['command', name],
    queryFn: () => getCommand(name),
    staleTime: 0,
    retry: false,
  });
  return (
    <Section
      title={t('activity.command')}
      action={
        command.data && (
          <Link as="button" onClick={() => void copyText(commandText(command.data))}>
            <CopyRegular aria-hidden /> {t('common.copy')}
          </Link>
        )
      }
    >
      {command.isError && <ProblemMessage error={command.error} />}
      {command.data && (
        <pre className={common.log} tabIndex={0} aria-label={t('activity.command')}>
          {commandText(command.data)}
        </pre>
      )}
    </Section>
  );
}
