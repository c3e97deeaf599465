// Which machines to show and in which order; the choice is part of the address.
import { Button, Dropdown, Option, SearchBox, makeStyles, tokens } from '@fluentui/react-components';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router-dom';

import type { MachineStatus } from '../../api/types';
import { allStatuses, type MachineFilter, type SortKey } from '../../lib/machines';
import { ArrowSortRegular, FilterRegular } from '../icons';

const sortKeys: SortKey[] = ['name', 'state', 'cpu', 'memory', 'created'];

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  search: { flex: '1 1 220px', maxWidth: '360px', '@media (max-width: 639px)': { maxWidth: 'none' } },
  choice: { minWidth: '0', flex: '0 1 170px', '@media (max-width: 639px)': { flex: '1 1 130px' } },
});

export function useMachineFilter(): [MachineFilter, (change: Partial<MachineFilter>) => void] {
  const [search, setSearch] = useSearchParams();
  const text = search.get('q') ?? '';
  const status: MachineFilter['status'] = allStatuses.find((known) => known === search.get('state')) ?? 'all';
  const sort = sortKeys.find((known) => known === search.get('sort')) ?? 'name';
  const filter = useMemo<MachineFilter>(() => ({ text, status, sort }), [text, status, sort]);
  const change = (wanted: Partial<MachineFilter>) => {
    const next = { ...filter, ...wanted };
    setSearch(
      (old) => {
        const params = new URLSearchParams(old);
        const put = (key: string, value: string, initial: string) =>
          value === initial ? params.delete(key) : params.set(key, value);
        put('q', next.text, '');
        put('state', next.status, 'all');
        put('sort', next.sort, 'name');
        return params;
      },
      { replace: true },
    );
  };
  return [filter, change];
}

interface FilterBarProps {
  filter: MachineFilter;
  onChange: (change: Partial<MachineFilter>) => void;
}

export function FilterBar({ filter, onChange }: FilterBarProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const statusWord = (status: MachineStatus | 'all') =>
    status === 'all' ? t('filter.allStates') : t(`state.${status}`);
  return (
    <div className={styles.bar} role="search">
      <SearchBox
        className={styles.search}
        placeholder={t('filter.placeholder')}
        aria-label={t('filter.placeholder')}
        value={filter.text}
        onChange={(_, data) => onChange({ text: data.value })}
      />
      <Dropdown
        className={styles.choice}
        aria-label={t('filter.state')}
        button={{ children: <ButtonFace icon={<FilterRegular />} text={statusWord(filter.status)} /> }}
        value={statusWord(filter.status)}
        selectedOptions={[filter.status]}
        onOptionSelect={(_, data) =>
          onChange({ status: (data.optionValue ?? 'all') as MachineStatus | 'all' })
        }
      >
        {(['all', ...allStatuses] as const).map((status) => (
          <Option key={status} value={status}>
            {statusWord(status)}
          </Option>
        ))}
      </Dropdown>
      <Dropdown
        className={styles.choice}
        aria-label={t('filter.sort')}
        button={{ children: <ButtonFace icon={<ArrowSortRegular />} text={t(`filter.by.${filter.sort}`)} /> }}
        value={t(`filter.by.${filter.sort}`)}
        selectedOptions={[filter.sort]}
        onOptionSelect={(_, data) => onChange({ sort: (data.optionValue ?? 'name') as SortKey })}
      >
        {sortKeys.map((key) => (
          <Option key={key} value={key}>
            {t(`filter.by.${key}`)}
          </Option>
        ))}
      </Dropdown>
      {(filter.text || filter.status !== 'all') && (
        <Button appearance="subtle" onClick={() => onChange({ text: '', status: 'all' })}>
          {t('filter.clear')}
        </Button>
      )}
    </div>
  );
}

const useFaceStyles = makeStyles({
  face: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalSNudge,
    whiteSpace: 'nowrap',
  },
});

function ButtonFace({ icon, text }: { icon: React.ReactElement; text: string }) {
  const styles = useFaceStyles();
  return (
    <span className={styles.face}>
      {icon}
      {text}
    </span>
  );
}
