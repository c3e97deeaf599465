// Every machine as a row: for hundreds of them.
import { Button } from '@fluentui/react-components';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';

import { useMachines } from '../../api/inventory';
import { EmptyState } from '../../components/EmptyState';
import { AddRegular, DesktopRegular, SearchRegular } from '../../components/icons';
import { BulkBar } from '../../components/machine/BulkBar';
import { FilterBar, useMachineFilter } from '../../components/machine/FilterBar';
import { useSelection } from '../../components/machine/useSelection';
import { Page } from '../../components/Page';
import { usePhone } from '../../lib/hooks';
import { selectMachines } from '../../lib/machines';
import { ColumnsMenu } from './ColumnsMenu';
import { MachineTable } from './MachineTable';

export default function MachinesPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const machines = useMachines();
  const phone = usePhone();
  const [filter, setFilter] = useMachineFilter();
  const { selected, chosen, select, clear } = useSelection(machines);
  const shown = useMemo(() => selectMachines(machines, filter), [machines, filter]);
  const create = (
    <Button
      appearance="primary"
      icon={<AddRegular />}
      onClick={() => navigate('/create', { state: { opened: true } })}
    >
      {t('create.open')}
    </Button>
  );
  return (
    <Page
      title={t('page.machines')}
      sentence={t('machines.sentence', { count: machines.length })}
      actions={machines.length > 0 && create}
    >
      {machines.length === 0 ? (
        <EmptyState
          picture={<DesktopRegular />}
          title={t('overview.emptyTitle')}
          sentence={t('overview.empty')}
        >
          {create}
        </EmptyState>
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
            <FilterBar filter={filter} onChange={setFilter}>
              {!phone && <ColumnsMenu />}
            </FilterBar>
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
            <MachineTable
              machines={shown}
              groupBy={filter.group}
              sort={filter.sort}
              onSort={(sort) => setFilter({ sort })}
              selected={selected}
              onSelect={select}
            />
          )}
        </>
      )}
    </Page>
  );
}
