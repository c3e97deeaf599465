// What the palette can find: pages, machines, and what can be done.
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';

import { useMachines } from '../../api/inventory';
import { powerActs, type PowerAct } from '../../lib/machines';
import { setPreferences } from '../../lib/preferences';
import { useOpenDialog } from '../dialogs/address';
import {
  AddRegular,
  DarkThemeRegular,
  DeleteRegular,
  DesktopRegular,
  LocalLanguageRegular,
  SettingsRegular,
  WindowConsoleRegular,
} from '../icons';
import { powerIcons } from '../machine/powerIcons';
import { usePower } from '../machine/usePower';
import { StateIcon } from '../StateBadge';
import { pages } from './pages';

export interface PaletteEntry {
  id: string;
  group: 'actions' | 'machines' | 'pages' | 'machineActions';
  icon: ReactElement;
  label: string;
  detail?: string;
  run: () => void;
}

function useMachineEntries(): PaletteEntry[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const openDialog = useOpenDialog();
  const power = usePower();
  return useMachines().flatMap((machine): PaletteEntry[] => {
    const { name } = machine;
    const { primary, more } = powerActs(machine.state.status);
    const acts = [primary, ...more].filter((act): act is PowerAct => act !== null);
    const entry = (id: string, icon: ReactElement, label: string, run: () => void): PaletteEntry => ({
      id: `${id}:${name}`,
      group: 'machineActions',
      icon,
      label: `${name}: ${label}`,
      run,
    });
    return [
      {
        id: `machine:${name}`,
        group: 'machines',
        icon: <StateIcon status={machine.state.status} />,
        label: name,
        detail: t(`state.${machine.state.status}`),
        run: () => navigate(`/machines/${name}`),
      },
      ...acts.map((act) => entry(act, powerIcons[act], t(`power.${act}`), () => power([name], act))),
      entry('screen', <DesktopRegular />, t('tab.screen'), () => navigate(`/machines/${name}/screen`)),
      entry('terminal', <WindowConsoleRegular />, t('tab.terminal'), () =>
        navigate(`/machines/${name}/terminal`),
      ),
      entry('settings', <SettingsRegular />, t('tab.settings'), () => navigate(`/machines/${name}/settings`)),
      entry('delete', <DeleteRegular />, t('common.delete'), () => openDialog('delete', [name])),
    ];
  });
}

export function usePaletteEntries(): PaletteEntry[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const machineEntries = useMachineEntries();
  const pageEntries = pages.map((page): PaletteEntry => ({
    id: page.path,
    group: 'pages',
    icon: <page.icon />,
    label: t(`page.${page.key}`),
    run: () => navigate(page.path),
  }));
  return [
    ...pageEntries,
    {
      id: '/settings',
      group: 'pages',
      icon: <SettingsRegular />,
      label: t('page.preferences'),
      run: () => navigate('/settings'),
    },
    ...machineEntries.filter((entry) => entry.group === 'machines'),
    {
      id: 'create',
      group: 'actions',
      icon: <AddRegular />,
      label: t('create.open'),
      run: () => navigate('/create'),
    },
    {
      id: 'import',
      group: 'actions',
      icon: <AddRegular />,
      label: t('images.import'),
      run: () => navigate('/images?dialog=import'),
    },
    ...(['light', 'dark', 'system'] as const).map((theme): PaletteEntry => ({
      id: `theme:${theme}`,
      group: 'actions',
      icon: <DarkThemeRegular />,
      label: `${t('theme.title')}: ${t(`theme.${theme}`)}`,
      run: () => setPreferences({ theme }),
    })),
    ...(
      [
        ['en', 'English'],
        ['zh', '中文'],
      ] as const
    ).map(([language, label]): PaletteEntry => ({
      id: `language:${language}`,
      group: 'actions',
      icon: <LocalLanguageRegular />,
      label: `${t('language.title')}: ${label}`,
      run: () => setPreferences({ language }),
    })),
    ...machineEntries.filter((entry) => entry.group === 'machineActions'),
  ];
}
