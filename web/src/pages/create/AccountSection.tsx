// Who the machine is, how many of it, and who may log in.
import { Field, Input, SpinButton, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { CreateForm, FormProblem } from '../../lib/create';
import { Section } from './Section';

const mostAtOnce = 50;

const useStyles = makeStyles({
  pair: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) 120px',
    gap: tokens.spacingHorizontalM,
    alignItems: 'start',
  },
  even: {
    display: 'grid',
    gridTemplateColumns: 'repeat(2, minmax(0, 1fr))',
    gap: tokens.spacingHorizontalM,
    alignItems: 'start',
  },
  number: { minWidth: '0', width: '100%', boxSizing: 'border-box' },
});

interface NameSectionProps {
  form: CreateForm;
  name: string;
  problems: FormProblem[];
  onChange: (part: Partial<CreateForm>) => void;
}

export function NameSection({ form, name, problems, onChange }: NameSectionProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const problem = problems.includes('nameTaken')
    ? t('create.nameTaken')
    : problems.includes('nameRule')
      ? t('create.nameRule')
      : undefined;
  return (
    <Section>
      <div className={styles.pair}>
        <Field
          label={t('create.name')}
          validationMessage={problem}
          hint={problem ? undefined : t('create.nameHint')}
        >
          <Input
            className={styles.number}
            autoComplete="off"
            spellCheck={false}
            placeholder={name}
            value={form.name}
            onChange={(_, data) => onChange({ name: data.value })}
          />
        </Field>
        <Field label={t('create.quantity')}>
          <SpinButton
            className={styles.number}
            min={1}
            max={mostAtOnce}
            value={form.quantity}
            onChange={(_, data) => {
              const wanted = data.value ?? Number(data.displayValue);
              if (Number.isInteger(wanted)) onChange({ quantity: Math.min(mostAtOnce, Math.max(1, wanted)) });
            }}
          />
        </Field>
      </div>
    </Section>
  );
}

interface LoginSectionProps {
  form: CreateForm;
  password: string;
  onPassword: (password: string) => void;
  onChange: (part: Partial<CreateForm>) => void;
}

export function LoginSection({ form, password, onPassword, onChange }: LoginSectionProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <Section title={t('create.login')}>
      <div className={styles.even}>
        <Field label={t('create.user')}>
          <Input
            className={styles.number}
            autoComplete="off"
            spellCheck={false}
            value={form.user}
            onChange={(_, data) => onChange({ user: data.value })}
          />
        </Field>
        <Field label={t('create.password')}>
          <Input
            className={styles.number}
            type="password"
            autoComplete="new-password"
            placeholder={t('create.optional')}
            value={password}
            onChange={(_, data) => onPassword(data.value)}
          />
        </Field>
      </div>
      <Field label={t('create.key')} hint={t('create.keyHint')}>
        <Textarea
          rows={2}
          spellCheck={false}
          placeholder="ssh-ed25519 AAAA…"
          value={form.sshKey}
          onChange={(_, data) => onChange({ sshKey: data.value })}
        />
      </Field>
    </Section>
  );
}
