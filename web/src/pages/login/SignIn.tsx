// Shown instead of the page when the daemon does not know us.
import {
  Body1,
  Button,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Subtitle1,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { logIn } from '../../api/calls';
import { problemOf, problemText } from '../../lib/words';
import { CopyChip } from '../../components/Chip';
import { signedIn } from '../../components/frame/session';
import { LanguageMenu, ThemeMenu } from '../../components/frame/PreferenceMenus';
import { ProblemDetail } from '../../components/ProblemDetail';
import { useTitle } from '../../components/Page';
import { useCommonStyles } from '../../components/styles';
import { codeOf } from '../../lib/loginCode';

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
    minHeight: '100dvh',
    padding: tokens.spacingHorizontalL,
    boxSizing: 'border-box',
    backgroundColor: tokens.colorNeutralBackground2,
    color: tokens.colorNeutralForeground1,
  },
  card: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalL,
    width: '420px',
    maxWidth: '100%',
    padding: tokens.spacingHorizontalXXXL,
    boxShadow: tokens.shadow8,
  },
  mark: { width: '48px', height: '48px' },
  title: { margin: 0 },
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  menus: { display: 'flex', justifyContent: 'center', marginTop: tokens.spacingVerticalM },
});

interface SignInProps {
  /** A login link that was refused. */
  failure?: unknown;
  onSignedIn?: () => void;
}

export function SignIn({ failure, onSignedIn }: SignInProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(failure);
  const problem = error === undefined ? null : problemText(t, problemOf(error));
  useTitle(t('login.title'));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await logIn(codeOf(text));
      signedIn();
      onSignedIn?.();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className={styles.root}>
      <div className={`${common.card} ${styles.card}`}>
        <img src="/visor.svg" alt="" className={styles.mark} />
        <div className={common.stack}>
          <Subtitle1 as="h1" className={styles.title}>
            {t('login.title')}
          </Subtitle1>
          <Body1>{t('login.sentence')}</Body1>
          <div>
            <CopyChip text="visor web" />
          </div>
        </div>
        <form className={styles.form} onSubmit={(event) => void submit(event)}>
          <Field label={t('login.field')} hint={t('login.hint')}>
            <Input
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(_, data) => setText(data.value)}
            />
          </Field>
          {problem && (
            <MessageBar intent="error" layout="multiline">
              <MessageBarBody>
                {problem.title} <ProblemDetail problem={problem} />
              </MessageBarBody>
            </MessageBar>
          )}
          <Button type="submit" appearance="primary" disabled={busy || !text.trim()}>
            {t('login.act')}
          </Button>
        </form>
      </div>
      <div className={styles.menus}>
        <LanguageMenu />
        <ThemeMenu />
      </div>
    </main>
  );
}
