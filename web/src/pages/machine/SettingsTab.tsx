// Every setting as one row, in categories, found by search.
import { Button, SearchBox, Switch, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router-dom';

import { getMachineSettings } from '../../api/calls';
import { useSettings } from '../../api/inventory';
import type { Machine, Setting } from '../../api/types';
import { useOpenDialog } from '../../components/dialogs/address';
import { LayerRegular } from '../../components/icons';
import { LinkTabs } from '../../components/LinkTabs';
import { PageSkeleton } from '../../components/PageSkeleton';
import { ProblemMessage } from '../../components/ProblemMessage';
import { RowCard } from '../../components/SettingRow';
import { useCommonStyles } from '../../components/styles';
import { bootDevices } from '../../lib/bootOrder';
import { useMedia } from '../../lib/hooks';
import { setPreferences, usePreferences } from '../../lib/preferences';
import { matchScore } from '../../lib/search';
import {
  categories,
  categoryOf,
  inGroups,
  isRow,
  ownSettings,
  readSetting,
  type Category,
} from '../../lib/settings';
import { settingSentence, settingTitle } from '../../lib/words';
import { BootOrderPanel } from './BootOrderPanel';
import { DiskPanel } from './disks/DiskPanel';
import { MachineSettingRow } from './MachineSettingRow';
import { MemoryRow } from './MemoryRow';
import { NicPanel } from './NicPanel';
import { NotesRow } from './NotesRow';
import { PinningPanel } from './pinning/PinningPanel';
import { ProcessorRow } from './ProcessorRow';
import { SharePanel } from './SharePanel';

const useStyles = makeStyles({
  tools: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
  },
  search: { flex: '1 1 220px', maxWidth: '360px' },
  split: { display: 'grid', gridTemplateColumns: '176px minmax(0, 1fr)', gap: tokens.spacingHorizontalL },
  stacked: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  title: { ...typographyStyles.subtitle2, margin: 0 },
  group: { ...typographyStyles.body1Strong, margin: 0 },
});

export default function SettingsTab({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const settings = useSettings();
  const [query, setQuery] = useState('');
  const { showCommands } = usePreferences();
  const common = useCommonStyles();
  const openDialog = useOpenDialog();
  if (settings.isPending) return <PageSkeleton path="" />;
  if (settings.isError)
    return <ProblemMessage error={settings.error} onRetry={() => void settings.refetch()} />;
  return (
    <div className={styles.stacked}>
      <div className={styles.tools}>
        <SearchBox
          className={styles.search}
          placeholder={t('settings.search')}
          aria-label={t('settings.search')}
          value={query}
          onChange={(_, data) => setQuery(data.value)}
        />
        <div className={common.wrap}>
          <Switch
            label={t('settings.showCommands')}
            checked={showCommands}
            onChange={(_, data) => setPreferences({ showCommands: data.checked })}
          />
          <Button icon={<LayerRegular />} onClick={() => openDialog('profile', [machine.name])}>
            {t('profiles.open')}
          </Button>
        </div>
      </div>
      {query.trim() ? (
        <Found machine={machine} settings={settings.data} query={query} />
      ) : (
        <Categories machine={machine} settings={settings.data} />
      )}
    </div>
  );
}

interface RowsProps {
  machine: Machine;
  settings: Setting[];
}

/** A setting the machine does not have is not shown. */
const rowsOf = (machine: Machine, settings: Setting[]) =>
  [...ownSettings, ...settings].filter(
    (setting) => isRow(setting) && readSetting(machine, setting.key) !== undefined,
  );

function Rows({ machine, settings }: RowsProps) {
  // What can be used depends on the other settings: the answer holds for one revision. The last one stays until the next comes.
  const known = useQuery({
    queryKey: ['machine settings', machine.name, machine.revision],
    queryFn: () => getMachineSettings(machine.name),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const answers = new Map(known.data?.map((one) => [one.key, one]));
  if (settings.length === 0) return null;
  return (
    <RowCard>
      {settings.map((setting) =>
        setting.key === 'description' ? (
          <NotesRow key={setting.key} machine={machine} setting={setting} />
        ) : (
          <MachineSettingRow
            key={setting.key}
            machine={machine}
            setting={setting}
            unavailable={answers.get(setting.key)?.unavailable}
            unavailableValues={answers.get(setting.key)?.unavailableValues}
          />
        ),
      )}
    </RowCard>
  );
}

function Found({ machine, settings, query }: RowsProps & { query: string }) {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const found = rowsOf(machine, settings).filter((setting) =>
    matchScore(
      `${settingTitle(t, setting)} ${settingSentence(t, setting)} ${setting.key} ${setting.title}`,
      query,
    ),
  );
  return found.length > 0 ? (
    <Rows machine={machine} settings={found} />
  ) : (
    <div className={common.secondary}>{t('settings.nothing')}</div>
  );
}

function Categories({ machine, settings }: RowsProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const narrow = useMedia('(max-width: 899px)');
  const params = useParams();
  const rows = rowsOf(machine, settings);
  const filled = categories.filter(
    (name) =>
      (name === 'disks' && machine.spec.disks.length > 0) ||
      (name === 'network' && machine.spec.nics.length > 0) ||
      name === 'sharing' ||
      rows.some((setting) => categoryOf(setting.key) === name),
  );
  const current: Category = filled.find((name) => name === params.category) ?? filled[0] ?? 'general';
  const shown = rows.filter((setting) => categoryOf(setting.key) === current);
  return (
    <div className={narrow ? styles.stacked : styles.split}>
      <LinkTabs
        label={t('tab.settings')}
        vertical={!narrow}
        current={current}
        tabs={filled.map((name) => ({
          name,
          label: t(`category.${name}`),
          to: `/machines/${machine.name}/settings/${name}`,
        }))}
      />
      <div className={styles.stacked}>
        {!narrow && <h2 className={styles.title}>{t(`category.${current}`)}</h2>}
        {inGroups(shown).map(({ group, rows: members }) => (
          <section key={group} className={styles.stacked}>
            {group && <h3 className={styles.group}>{t(`settings.group.${group}`)}</h3>}
            <Rows machine={machine} settings={members} />
            {group === 'dynamic' && machine.spec.memory.dynamic.enabled && (
              <RowCard>
                <MemoryRow machine={machine} />
              </RowCard>
            )}
            {group === 'features' && machine.spec.arch === 'x86_64' && (
              <RowCard>
                <ProcessorRow machine={machine} />
              </RowCard>
            )}
            {group === 'pinning' && <PinningPanel machine={machine} />}
          </section>
        ))}
        {current === 'boot' && bootDevices(machine.spec).length > 0 && <BootOrderPanel machine={machine} />}
        {current === 'disks' && <DiskPanel machine={machine} />}
        {current === 'network' && <NicPanel machine={machine} />}
        {current === 'sharing' && <SharePanel machine={machine} />}
      </div>
    </div>
  );
}
