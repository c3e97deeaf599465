// Which machines to show and in which order; the choice is part of the address.
import { Button, Dropdown, Option, SearchBox, makeStyles, tokens } from '@fluentui/react-components';
import { useMemo, type ReactElement, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router-dom';

import { allStatuses, type GroupKey, type MachineFilter, type SortKey } from '../../lib/machines';
import { ArrowSortRegular, FilterRegular, GroupListRegular } from '../icons';

const sortKeys: SortKey[] = ['name', 'state', 'cpu', 'memory', 'created'];

const groupKeys: GroupKey[] = ['none', 'group', 'tag', 'state'];

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
  const group = groupKeys.find((known) => known === search.get('group')) ?? 'none';
  const filter = useMemo<MachineFilter>(() => ({ text, status, sort, group }), [text, status, sort, group]);
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
        put('group', next.group, 'none');
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
  children?: ReactNode;
}

export function FilterBar({ filter, onChange, children }: FilterBarProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.bar} role="search">
      <SearchBox
        className={styles.search}
        placeholder={t('filter.placeholder')}
        aria-label={t('filter.placeholder')}
        value={filter.text}
        onChange={(_, data) => onChange({ text: data.value })}
      />
      <Choice
        label={t('filter.state')}
        icon={<FilterRegular />}
        chosen={filter.status}
        choices={['all', ...allStatuses]}
        word={(status) => (status === 'all' ? t('filter.allStates') : t(`state.${status}`))}
        onChoose={(status) => onChange({ status })}
      />
      <Choice
        label={t('filter.sort')}
        icon={<ArrowSortRegular />}
        chosen={filter.sort}
        choices={sortKeys}
        word={(sort) => t(`filter.by.${sort}`)}
        onChoose={(sort) => onChange({ sort })}
      />
      <Choice
        label={t('filter.group')}
        icon={<GroupListRegular />}
        chosen={filter.group}
        choices={groupKeys}
        word={(group) => t(`filter.groupBy.${group}`)}
        onChoose={(group) => onChange({ group })}
      />
      {(filter.text || filter.status !== 'all') && (
        <Button appearance="subtle" onClick={() => onChange({ text: '', status: 'all' })}>
          {t('filter.clear')}
        </Button>
      )}
      {children}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  icon: ReactElement;
  chosen: T;
  choices: readonly T[];
  word: (choice: T) => string;
  onChoose: (choice: T) => void;
}

function Choice<T extends string>({ label, icon, chosen, choices, word, onChoose }: ChoiceProps<T>) {
  const styles = useStyles();
  return (
    <Dropdown
      className={styles.choice}
      aria-label={label}
      button={{ children: <ButtonFace icon={icon} text={word(chosen)} /> }}
      value={word(chosen)}
      selectedOptions={[chosen]}
      onOptionSelect={(_, data) => onChoose(choices.find((choice) => choice === data.optionValue) ?? chosen)}
    >
      {choices.map((choice) => (
        <Option key={choice} value={choice}>
          {word(choice)}
        </Option>
      ))}
    </Dropdown>
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

function ButtonFace({ icon, text }: { icon: ReactElement; text: string }) {
  const styles = useFaceStyles();
  return (
    <span className={styles.face}>
      {icon}
      {text}
    </span>
  );
}
