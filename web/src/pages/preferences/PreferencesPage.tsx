import { Button, Dropdown, Option } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { getSession, logOut } from '../../api/calls';
import { useLanguageChoices, useThemeChoices } from '../../components/frame/PreferenceMenus';
import { signedOutNow } from '../../components/frame/session';
import { SignOutRegular } from '../../components/icons';
import { useRun } from '../../components/notify';
import { Page } from '../../components/Page';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { setPreferences, usePreferences, type LanguageChoice, type ThemeChoice } from '../../lib/preferences';

interface ChoiceProps {
  label: string;
  value: string;
  choices: { value: string; label: string }[];
  onChoose: (value: string) => void;
}

function Choice({ label, value, choices, onChoose }: ChoiceProps) {
  return (
    <Dropdown
      aria-label={label}
      value={choices.find((choice) => choice.value === value)?.label ?? ''}
      selectedOptions={[value]}
      onOptionSelect={(_, data) => data.optionValue && onChoose(data.optionValue)}
    >
      {choices.map((choice) => (
        <Option key={choice.value} value={choice.value}>
          {choice.label}
        </Option>
      ))}
    </Dropdown>
  );
}

export default function PreferencesPage() {
  const { t } = useTranslation();
  const run = useRun();
  const { theme, language } = usePreferences();
  const session = useQuery({ queryKey: ['session'], queryFn: getSession }).data;
  return (
    <Page title={t('page.preferences')} sentence={t('preferences.sentence')} narrow>
      <RowCard>
        <SettingRow title={t('language.title')} sentence={t('language.sentence')}>
          <Choice
            label={t('language.title')}
            value={language}
            choices={useLanguageChoices()}
            onChoose={(value) => setPreferences({ language: value as LanguageChoice })}
          />
        </SettingRow>
        <SettingRow title={t('theme.title')} sentence={t('theme.sentence')}>
          <Choice
            label={t('theme.title')}
            value={theme}
            choices={useThemeChoices()}
            onChoose={(value) => setPreferences({ theme: value as ThemeChoice })}
          />
        </SettingRow>
      </RowCard>
      <RowCard>
        <SettingRow
          title={t('preferences.session')}
          sentence={session ? t('preferences.sessionSentence', { user: session.user }) : '…'}
        >
          <Button
            icon={<SignOutRegular />}
            onClick={() => void run(logOut).then((done) => done && signedOutNow())}
          >
            {t('preferences.signOut')}
          </Button>
        </SettingRow>
      </RowCard>
    </Page>
  );
}
