// The main thing to do with a machine's power, and behind the arrow the rest.
import {
  Button,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  SplitButton,
  type MenuButtonProps,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import { powerActs } from '../../lib/machines';
import { powerIcons } from './powerIcons';
import { usePower } from './usePower';

interface PowerButtonProps {
  machine: Machine;
  size?: 'small' | 'medium' | 'large';
}

export function PowerButton({ machine, size = 'medium' }: PowerButtonProps) {
  const { t } = useTranslation();
  const power = usePower();
  const { status } = machine.state;
  const { primary, more } = powerActs(status);
  const busy = machine.task !== null;
  const appearance = primary === 'start' || primary === 'resume' ? 'primary' : 'secondary';
  const doPrimary = () => primary && power([machine.name], primary);
  const label = primary ? t(`power.${primary}`) : t(`state.${status}`);
  const icon = primary ? powerIcons[primary] : undefined;

  if (more.length === 0)
    return (
      <Button appearance={appearance} size={size} icon={icon} disabled={busy} onClick={doPrimary}>
        {label}
      </Button>
    );

  const items = (
    <MenuPopover>
      <MenuList>
        {more.map((act) => (
          <MenuItem key={act} icon={powerIcons[act]} onClick={() => power([machine.name], act)}>
            {t(`power.${act}`)}
          </MenuItem>
        ))}
      </MenuList>
    </MenuPopover>
  );

  if (!primary)
    return (
      <Menu positioning="below-end">
        <MenuTrigger disableButtonEnhancement>
          <MenuButton size={size}>{label}</MenuButton>
        </MenuTrigger>
        {items}
      </Menu>
    );

  return (
    <Menu positioning="below-end">
      <MenuTrigger disableButtonEnhancement>
        {(trigger: MenuButtonProps) => (
          <SplitButton
            appearance={appearance}
            size={size}
            icon={icon}
            menuButton={{ ...trigger, 'aria-label': t('power.more', { name: machine.name }) }}
            primaryActionButton={{ onClick: doPrimary, disabled: busy }}
          >
            {label}
          </SplitButton>
        )}
      </MenuTrigger>
      {items}
    </Menu>
  );
}
