// Everything that can be done with a machine, behind three dots.
import {
  Button,
  Menu,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Tooltip,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';

import type { Machine } from '../../api/types';
import { copyRefusal } from '../../lib/clone';
import { powerActs, type PowerAct } from '../../lib/machines';
import { useOpenDialog } from '../dialogs/address';
import {
  AlbumRegular,
  CopyRegular,
  DeleteRegular,
  DesktopRegular,
  MoreHorizontalRegular,
  SettingsRegular,
  WindowConsoleRegular,
} from '../icons';
import { powerIcons } from './powerIcons';
import { usePower } from './usePower';

export function MachineMenu({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const openDialog = useOpenDialog();
  const power = usePower();
  const { primary, more } = powerActs(machine.state.status);
  const acts = [primary, ...more].filter((act): act is PowerAct => act !== null);
  const refused = copyRefusal(machine);
  const go = (tab: string) => navigate(`/machines/${machine.name}/${tab}`);
  return (
    <Menu positioning="below-end">
      <MenuTrigger disableButtonEnhancement>
        <Button
          appearance="subtle"
          icon={<MoreHorizontalRegular />}
          aria-label={t('machine.menuOf', { name: machine.name })}
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem icon={<DesktopRegular />} onClick={() => go('screen')}>
            {t('tab.screen')}
          </MenuItem>
          <MenuItem icon={<WindowConsoleRegular />} onClick={() => go('terminal')}>
            {t('tab.terminal')}
          </MenuItem>
          <MenuItem icon={<SettingsRegular />} onClick={() => go('settings')}>
            {t('tab.settings')}
          </MenuItem>
          <MenuDivider />
          {acts.map((act) => (
            <MenuItem key={act} icon={powerIcons[act]} onClick={() => power([machine.name], act)}>
              {t(`power.${act}`)}
            </MenuItem>
          ))}
          <MenuDivider />
          {(['clone', 'publish'] as const).map((act) => (
            <Tooltip
              key={act}
              relationship="description"
              positioning="before"
              content={refused ? t(`clone.refused.${refused}`) : t(`${act}.sentence`)}
            >
              <MenuItem
                icon={act === 'clone' ? <CopyRegular /> : <AlbumRegular />}
                disabled={refused !== undefined}
                onClick={() => openDialog(act, [machine.name])}
              >
                {t(`${act}.menu`)}
              </MenuItem>
            </Tooltip>
          ))}
          <MenuDivider />
          <MenuItem icon={<DeleteRegular />} onClick={() => openDialog('delete', [machine.name])}>
            {t('common.delete')}
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
