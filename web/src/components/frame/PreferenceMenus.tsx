// Language and theme, one click away on every page.
import {
  Button,
  Menu,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Tooltip,
} from '@fluentui/react-components';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';

import { setPreferences, usePreferences, type LanguageChoice, type ThemeChoice } from '../../lib/preferences';
import { DarkThemeRegular, LocalLanguageRegular } from '../icons';

interface ChoiceMenuProps {
  label: string;
  icon: ReactElement;
  value: string;
  choices: { value: string; label: string }[];
  onChoose: (value: string) => void;
}

function ChoiceMenu({ label, icon, value, choices, onChoose }: ChoiceMenuProps) {
  return (
    <Menu
      positioning="below-end"
      checkedValues={{ choice: [value] }}
      onCheckedValueChange={(_, data) => data.checkedItems[0] && onChoose(data.checkedItems[0])}
    >
      <MenuTrigger disableButtonEnhancement>
        <Tooltip content={label} relationship="label">
          <Button appearance="subtle" icon={icon} />
        </Tooltip>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {choices.map((choice) => (
            <MenuItemRadio key={choice.value} name="choice" value={choice.value}>
              {choice.label}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

export function useThemeChoices() {
  const { t } = useTranslation();
  return (['system', 'light', 'dark'] as const).map((value) => ({ value, label: t(`theme.${value}`) }));
}

export function useLanguageChoices() {
  const { t } = useTranslation();
  return [
    { value: 'system', label: t('language.system') },
    { value: 'en', label: 'English' },
    { value: 'zh', label: '中文' },
  ];
}

export function ThemeMenu() {
  const { t } = useTranslation();
  const { theme } = usePreferences();
  return (
    <ChoiceMenu
      label={t('theme.title')}
      icon={<DarkThemeRegular />}
      value={theme}
      choices={useThemeChoices()}
      onChoose={(value) => setPreferences({ theme: value as ThemeChoice })}
    />
  );
}

export function LanguageMenu() {
  const { t } = useTranslation();
  const { language } = usePreferences();
  return (
    <ChoiceMenu
      label={t('language.title')}
      icon={<LocalLanguageRegular />}
      value={language}
      choices={useLanguageChoices()}
      onChoose={(value) => setPreferences({ language: value as LanguageChoice })}
    />
  );
}
