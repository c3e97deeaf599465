// The machine's name; a click on the pencil renames it in place. Enter keeps, Escape leaves.
import {
  Button,
  Field,
  Input,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { useState, type FormEvent, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';

import { renameMachine } from '../../api/calls';
import { useMachines } from '../../api/inventory';
import type { Machine } from '../../api/types';
import { CheckmarkRegular, DismissRegular, EditRegular } from '../../components/icons';
import { useRun } from '../../components/notify';
import { isMachineName } from '../../lib/machines';

const useStyles = makeStyles({
  line: { display: 'flex', alignItems: 'flex-start', gap: tokens.spacingHorizontalXS, minWidth: 0 },
  name: { ...typographyStyles.title3, margin: 0, overflowWrap: 'anywhere', minWidth: 0 },
  long: { ...typographyStyles.subtitle1 },
});

export function NameField({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [editing, setEditing] = useState(false);
  if (editing) return <NameEditor machine={machine} onEnd={() => setEditing(false)} />;
  const long = machine.name.length > 24;
  return (
    <div className={styles.line}>
      <h1 className={mergeClasses(styles.name, long && styles.long)}>{machine.name}</h1>
      <Button
        appearance="subtle"
        icon={<EditRegular />}
        aria-label={t('machine.rename')}
        onClick={() => setEditing(true)}
      />
    </div>
  );
}

function NameEditor({ machine, onEnd }: { machine: Machine; onEnd: () => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const run = useRun();
  const navigate = useNavigate();
  const machines = useMachines();
  const [name, setName] = useState(machine.name);
  const taken = name !== machine.name && machines.some((other) => other.name === name);
  const problem = taken ? t('create.nameTaken') : isMachineName(name) ? '' : t('create.nameRule');

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (problem) return;
    if (name === machine.name) {
      onEnd();
      return;
    }
    if (await run(() => renameMachine(machine.name, name))) {
      onEnd();
      navigate(`/machines/${name}`, { replace: true });
    }
  };

  return (
    <form className={styles.line} onSubmit={(event) => void submit(event)}>
      <Field validationMessage={problem || undefined}>
        <Input
          autoFocus
          aria-label={t('machine.rename')}
          value={name}
          onChange={(_, data) => setName(data.value)}
          onKeyDown={(event: KeyboardEvent) => event.key === 'Escape' && onEnd()}
        />
      </Field>
      <Button
        type="submit"
        appearance="subtle"
        icon={<CheckmarkRegular />}
        aria-label={t('common.keep')}
        disabled={problem !== ''}
      />
      <Button appearance="subtle" icon={<DismissRegular />} aria-label={t('common.cancel')} onClick={onEnd} />
    </form>
  );
}
