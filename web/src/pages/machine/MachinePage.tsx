// One machine: its list of neighbours on a wide window, its header card, and a tab by the address.
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Suspense, lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router-dom';

import { useMachine, useTasks } from '../../api/inventory';
import { EmptyState } from '../../components/EmptyState';
import { SearchRegular } from '../../components/icons';
import { LinkTabs } from '../../components/LinkTabs';
import { useTitle } from '../../components/Page';
import { PageSkeleton } from '../../components/PageSkeleton';
import { useCommonStyles } from '../../components/styles';
import { TaskCard } from '../../components/TaskCard';
import { useWide } from '../../lib/hooks';
import { HeaderCard } from './HeaderCard';
import { NeighbourList } from './NeighbourList';

const SummaryTab = lazy(() => import('./SummaryTab'));
const ScreenTab = lazy(() => import('./ScreenTab'));
const TerminalTab = lazy(() => import('./TerminalTab'));
const SettingsTab = lazy(() => import('./SettingsTab'));
const SnapshotsTab = lazy(() => import('./snapshots/SnapshotsTab'));
const ActivityTab = lazy(() => import('./ActivityTab'));

const tabs = {
  summary: SummaryTab,
  screen: ScreenTab,
  terminal: TerminalTab,
  settings: SettingsTab,
  snapshots: SnapshotsTab,
  activity: ActivityTab,
};
type TabName = keyof typeof tabs;
const tabNames = Object.keys(tabs) as TabName[];

const useStyles = makeStyles({
  split: { display: 'grid', gridTemplateColumns: '220px minmax(0, 1fr)', minHeight: '100%' },
  page: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    boxSizing: 'border-box',
    width: '100%',
    maxWidth: '1440px',
    margin: '0 auto',
    padding: `${tokens.spacingVerticalXL} ${tokens.spacingHorizontalXXL} ${tokens.spacingVerticalXXXL}`,
    minWidth: 0,
    '@media (max-width: 639px)': { padding: tokens.spacingHorizontalM },
  },
  filling: { minHeight: '100%', paddingBottom: tokens.spacingVerticalL },
});

export default function MachinePage() {
  const styles = useStyles();
  const wide = useWide();
  const { name = '' } = useParams();
  return wide ? (
    <div className={styles.split}>
      <NeighbourList current={name} />
      <MachineBody key={name} name={name} />
    </div>
  ) : (
    <MachineBody key={name} name={name} />
  );
}

function MachineBody({ name }: { name: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const params = useParams();
  const machine = useMachine(name);
  const tab = tabNames.find((known) => known === params.tab) ?? 'summary';
  const Content = tabs[tab];
  useTitle(name);
  if (!machine) return <Missing name={name} />;
  return (
    <div className={mergeClasses(styles.page, (tab === 'screen' || tab === 'terminal') && styles.filling)}>
      <HeaderCard machine={machine} compact={tab === 'screen' || tab === 'terminal'} />
      <LinkTabs
        label={name}
        current={tab}
        tabs={tabNames.map((known) => ({
          name: known,
          label: t(`tab.${known}`),
          to: `/machines/${name}/${known}`,
        }))}
      />
      <Suspense fallback={<PageSkeleton path="" />}>
        <Content machine={machine} />
      </Suspense>
    </div>
  );
}

/** Not here: perhaps it is being made right now, perhaps it has never been. */
function Missing({ name }: { name: string }) {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const styles = useStyles();
  const task = useTasks().find((known) => known.subject?.kind === 'machine' && known.subject.name === name);
  return (
    <div className={styles.page}>
      {task?.state === 'running' || task?.state === 'failed' ? (
        <TaskCard task={task} open />
      ) : (
        <EmptyState
          picture={<SearchRegular />}
          title={t('machine.missingTitle', { name })}
          sentence={t('machine.missing')}
        >
          <Link to="/machines" className={common.link}>
            {t('machine.toAll')}
          </Link>
        </EmptyState>
      )}
    </div>
  );
}
