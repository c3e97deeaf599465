// One task: what it does, how far it is, each step with its time, its log, and a way to cancel.
import {
  Body1Strong,
  Button,
  ProgressBar,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router-dom';

import { cancelTask } from '../api/calls';
import type { StepState, Task, TaskState, TaskStep } from '../api/types';
import { formatAge, formatSpan } from '../lib/format';
import { useNow } from '../lib/hooks';
import { problemText, spoken, stepTitle, taskTitle } from '../lib/words';
import {
  ArrowUndoRegular,
  CheckmarkCircleFilled,
  ChevronDownRegular,
  ChevronRightRegular,
  CircleRegular,
  DismissCircleFilled,
  SpinnerIosRegular,
  WarningFilled,
} from './icons';
import { useRun } from './notify';
import { ProblemDetail } from './ProblemDetail';
import { useCommonStyles } from './styles';

const useStyles = makeStyles({
  card: {
    padding: tokens.spacingHorizontalM,
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
  },
  head: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM, minWidth: 0 },
  icon: { display: 'inline-flex', flexShrink: 0, fontSize: tokens.fontSizeBase500 },
  small: { fontSize: tokens.fontSizeBase400, height: tokens.lineHeightBase300, alignItems: 'center' },
  good: { color: tokens.colorStatusSuccessForeground1 },
  bad: { color: tokens.colorStatusDangerForeground1 },
  warn: { color: tokens.colorStatusWarningForeground1 },
  calm: { color: tokens.colorNeutralForeground3 },
  spin: {
    color: tokens.colorBrandForeground1,
    animationName: { to: { transform: 'rotate(360deg)' } },
    animationDuration: '1.2s',
    animationIterationCount: 'infinite',
    animationTimingFunction: 'linear',
  },
  steps: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
  },
  time: { whiteSpace: 'nowrap', flexShrink: 0 },
  step: { display: 'flex', alignItems: 'flex-start', gap: tokens.spacingHorizontalS, minHeight: '20px' },
  body: { paddingLeft: '32px', display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  error: {
    padding: tokens.spacingHorizontalS,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorStatusDangerBackground1,
    color: tokens.colorStatusDangerForeground1,
    overflowWrap: 'anywhere',
  },
  stopped: {
    backgroundColor: tokens.colorStatusWarningBackground1,
    color: tokens.colorStatusWarningForeground1,
  },
  text: { overflowWrap: 'anywhere' },
});

type Look = 'good' | 'bad' | 'warn' | 'calm' | 'spin';
const taskLooks: Record<TaskState, [typeof CircleRegular, Look]> = {
  running: [SpinnerIosRegular, 'spin'],
  succeeded: [CheckmarkCircleFilled, 'good'],
  failed: [DismissCircleFilled, 'bad'],
  cancelled: [WarningFilled, 'warn'],
  undone: [ArrowUndoRegular, 'warn'],
};
const stepLooks: Record<StepState, [typeof CircleRegular, Look]> = {
  waiting: [CircleRegular, 'calm'],
  running: [SpinnerIosRegular, 'spin'],
  done: [CheckmarkCircleFilled, 'good'],
  failed: [DismissCircleFilled, 'bad'],
  undone: [ArrowUndoRegular, 'warn'],
};

function span(started: string | null, ended: string | null, now: number, language: string): string {
  if (!started) return '';
  return formatSpan((ended ? new Date(ended).getTime() : now) - new Date(started).getTime(), language);
}

function Step({ step, now }: { step: TaskStep; now: number }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const [Icon, look] = stepLooks[step.state] ?? stepLooks.waiting;
  return (
    <li className={styles.step}>
      <Icon
        className={mergeClasses(styles.icon, styles.small, styles[look])}
        aria-label={t(`stepState.${step.state}`)}
      />
      <span className={common.grow}>
        <span className={styles.text}>{stepTitle(step.title)}</span>
        {step.detail && (
          <div className={mergeClasses(common.secondary, styles.text)}>{spoken(step.detail)}</div>
        )}
      </span>
      <span className={mergeClasses(common.secondary, styles.time)}>
        {span(step.started, step.ended, now, i18n.language)}
      </span>
    </li>
  );
}

function TaskBody({ task, now }: { task: Task; now: number }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const problem = task.error && problemText(t, task.error);
  return (
    <div className={styles.body}>
      {problem && (
        <div className={mergeClasses(styles.error, task.state !== 'failed' && styles.stopped)}>
          <Body1Strong block>{problem.title}</Body1Strong>
          <ProblemDetail problem={problem} />
        </div>
      )}
      <ol className={styles.steps}>
        {task.steps.map((step, index) => (
          <Step key={index} step={step} now={now} />
        ))}
      </ol>
      {task.log.length > 0 && (
        <pre className={common.log} tabIndex={0} aria-label={t('tasks.log')}>
          {task.log.map(spoken).join('\n')}
        </pre>
      )}
    </div>
  );
}

export function TaskCard({ task, open: openAtFirst }: { task: Task; open?: boolean }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const run = useRun();
  const running = task.state === 'running';
  const [chosen, setChosen] = useState<boolean | null>(null);
  const open = chosen ?? openAtFirst ?? (running || task.state === 'failed');
  const now = useNow(running ? 500 : 30000);
  const [Icon, look] = taskLooks[task.state] ?? taskLooks.running;
  const title = taskTitle(t, task);
  const subject =
    task.subject?.kind === 'machine' && task.kind !== 'machine.delete' ? task.subject.name : null;
  return (
    <article className={mergeClasses(common.card, styles.card)} aria-label={title}>
      <div className={styles.head}>
        <Icon className={mergeClasses(styles.icon, styles[look])} aria-hidden />
        <div className={common.grow}>
          <Body1Strong block className={common.ellipsis} title={title}>
            {subject ? <TaskLink name={subject}>{title}</TaskLink> : title}
          </Body1Strong>
          <div className={mergeClasses(common.secondary, common.ellipsis)}>
            {t(`taskState.${task.state}`)} · {span(task.created, task.ended, now, i18n.language)}
            {running ? '' : ` · ${formatAge(task.created, now, i18n.language)}`}
            {running && task.waitsFor ? ` · ${t('tasks.waitsFor', { what: spoken(task.waitsFor) })}` : ''}
          </div>
        </div>
        {running && task.cancellable && (
          <Button size="small" onClick={() => void run(() => cancelTask(task.id))}>
            {t('common.cancel')}
          </Button>
        )}
        <Button
          size="small"
          appearance="subtle"
          icon={open ? <ChevronDownRegular /> : <ChevronRightRegular />}
          aria-expanded={open}
          aria-label={t('tasks.showSteps', { title })}
          onClick={() => setChosen(!open)}
        />
      </div>
      {running && <ProgressBar value={task.progress > 0 ? task.progress : undefined} aria-label={title} />}
      {open && <TaskBody task={task} now={now} />}
    </article>
  );
}

const useLinkStyles = makeStyles({
  link: {
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    ':hover': { textDecorationLine: 'underline' },
  },
});

function TaskLink({ name, children }: { name: string; children: string }) {
  const styles = useLinkStyles();
  return (
    <Link className={styles.link} to={`/machines/${name}`}>
      {children}
    </Link>
  );
}
