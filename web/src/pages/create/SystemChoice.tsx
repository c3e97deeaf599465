// Which system the guest will be, found by typing, and what its preset decides for the machine.
import {
  Caption1,
  Combobox,
  Dropdown,
  Field,
  Option,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { getSystem, getSystems } from '../../api/calls';
import { useSettings } from '../../api/inventory';
import type { OperatingSystem, PresetChoice } from '../../api/catalogueTypes';
import { useNotify } from '../../components/notify';
import { useCommonStyles } from '../../components/styles';
import { shownChoices, withSystem, type CreateForm } from '../../lib/create';
import { matchScore } from '../../lib/search';
import { settingTitle, spoken, valueText } from '../../lib/words';

const families = ['linux', 'windows', 'other'] as const;
const mostShown = 40;

const useStyles = makeStyles({
  preset: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    margin: 0,
    padding: tokens.spacingHorizontalM,
    listStyleType: 'none',
  },
  choice: { display: 'flex', flexDirection: 'column' },
  list: { maxHeight: '320px' },
});

function Preset({ choices }: { choices: PresetChoice[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const settings = useSettings().data ?? [];
  // "Model" alone does not tell of what.
  const partOf = (setting: string) =>
    setting.startsWith('disks[]')
      ? [t('category.disks')]
      : setting.startsWith('nics[]')
        ? [t('category.network')]
        : [];
  if (choices.length === 0) return <div className={common.secondary}>{t('create.presetNone')}</div>;
  return (
    <ul className={mergeClasses(common.card, styles.preset)} aria-label={t('create.preset')}>
      {choices.map(({ setting, value, reason }) => {
        const known = settings.find(({ key }) => key === setting) ?? { key: setting, title: setting };
        return (
          <li key={setting} className={styles.choice} data-choice={setting}>
            <span>
              {[...partOf(setting), settingTitle(t, known)].join(' · ')}: {valueText(t, setting, value)}
            </span>
            <Caption1 className={common.secondary}>{spoken(reason)}</Caption1>
          </li>
        );
      })}
    </ul>
  );
}

interface SystemChoiceProps {
  form: CreateForm;
  onChange: (part: Partial<CreateForm>) => void;
}

export function SystemChoice({ form, onChange }: SystemChoiceProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const notify = useNotify();
  const { data: systems = [] } = useQuery({
    queryKey: ['systems'],
    queryFn: getSystems,
    staleTime: Infinity,
  });
  const os = form.os ?? '';
  const chosen = systems.find(({ id }) => id === os);
  const [query, setQuery] = useState<string | null>(null);
  const { data: known } = useQuery({
    queryKey: ['system', os],
    queryFn: () => getSystem(os),
    enabled: os !== '',
  });
  const text = query ?? chosen?.name ?? '';
  const found = systems
    .filter(({ id, name }) => !query || matchScore(`${name} ${id}`, query))
    .slice(0, mostShown);
  const choose = async (system: OperatingSystem | undefined) => {
    setQuery(null);
    if (!system) return;
    try {
      onChange(withSystem(await getSystem(system.id)));
    } catch (error) {
      notify.problem(error);
    }
  };
  return (
    <>
      {systems.length > 0 && (
        <Field label={t('create.system')} hint={t('create.systemHint')}>
          <Combobox
            freeform
            placeholder={t('create.systemSearch')}
            listbox={{ className: styles.list }}
            value={text}
            selectedOptions={os ? [os] : []}
            onChange={(event) => {
              setQuery(event.target.value);
              if (event.target.value === '') onChange({ os: '' });
            }}
            onBlur={() => setQuery(null)}
            onOptionSelect={(_, data) => void choose(systems.find(({ id }) => id === data.optionValue))}
          >
            {found.map(({ id, name }) => (
              <Option key={id} value={id} text={name}>
                {name}
              </Option>
            ))}
          </Combobox>
        </Field>
      )}
      {os === '' && (
        <Field label={t('create.family')}>
          <Dropdown
            value={t(`family.${form.family}`)}
            selectedOptions={[form.family]}
            onOptionSelect={(_, data) => data.optionValue && onChange({ family: data.optionValue })}
          >
            {families.map((family) => (
              <Option key={family} value={family}>
                {t(`family.${family}`)}
              </Option>
            ))}
          </Dropdown>
        </Field>
      )}
      {os !== '' && known && <Preset choices={shownChoices(known)} />}
    </>
  );
}
