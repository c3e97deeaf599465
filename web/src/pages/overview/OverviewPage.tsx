import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router-dom';

import { useHost, useImages, useMachines } from '../../api/inventory';
import { EmptyState } from '../../components/EmptyState';
import { AddRegular, CubeRegular, SearchRegular } from '../../components/icons';
import { FilterBar, useMachineFilter } from '../../components/machine/FilterBar';
import { BulkBar } from '../../components/machine/BulkBar';
import { useSelection } from '../../components/machine/useSelection';
import { Page } from '../../components/Page';
import { selectMachines } from '../../lib/machines';
import { HostStrip } from './HostStrip';
import { TileGrid } from './TileGrid';

const useStyles = makeStyles({
  link: { color: tokens.colorBrandForegroundLink, alignSelf: 'center' },
});

export function OverviewPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const machines = useMachines();
  const host = useHost();
  const [filter, setFilter] = useMachineFilter();
  const { selected, chosen, select, clear } = useSelection(machines);
  const shown = useMemo(() => selectMachines(machines, filter), [machines, filter]);
  const running = machines.filter((machine) => machine.state.status === 'running').length;

  return (
    <Page
      title={t('page.overview')}
      sentence={
        machines.length > 0 ? t('overview.sentence', { count: machines.length, running }) : host?.hostname
      }
      actions={
        <Button
          appearance="primary"
          icon={<AddRegular />}
          onClick={() => navigate('/create', { state: { opened: true } })}
        >
          {t('create.open')}
        </Button>
      }
    >
      <HostStrip />
      {machines.length === 0 ? (
        <FirstMachine />
      ) : (
        <>
          {chosen.length > 0 ? (
            <BulkBar
              machines={chosen}
              onSelectAll={() =>
                select(
                  shown.map((machine) => machine.name),
                  true,
                )
              }
              onClear={clear}
            />
          ) : (
            <FilterBar filter={filter} onChange={setFilter} />
          )}
          {shown.length === 0 ? (
            <EmptyState
              picture={<SearchRegular />}
              title={t('filter.nothingTitle')}
              sentence={t('filter.nothing')}
            >
              <Button onClick={() => setFilter({ text: '', status: 'all' })}>{t('filter.clear')}</Button>
            </EmptyState>
          ) : (
            <TileGrid machines={shown} groupBy={filter.group} selected={selected} onSelect={select} />
          )}
        </>
      )}
    </Page>
  );
}

function FirstMachine() {
  const { t } = useTranslation();
  const styles = useStyles();
  const navigate = useNavigate();
  const hasImages = useImages().length > 0;
  return (
    <EmptyState picture={<CubeRegular />} title={t('overview.emptyTitle')} sentence={t('overview.empty')}>
      <Button
        appearance="primary"
        size="large"
        icon={<AddRegular />}
        onClick={() => navigate('/create', { state: { opened: true } })}
      >
        {t('create.first')}
      </Button>
      {!hasImages && (
        <Link className={styles.link} to="/images">
          {t('overview.images')}
        </Link>
      )}
    </EmptyState>
  );
}
