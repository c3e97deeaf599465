// Machines with copies of the disks of another one.
import { Body1, Field, MessageBar, MessageBarBody, SpinButton, Switch } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { cloneMachine } from '../../api/calls';
import { useMachines } from '../../api/inventory';
import { cloneNameProblem, copyRefusal, mostClones, nextCloneName } from '../../lib/clone';
import { CopyRegular } from '../icons';
import { noteStarted } from '../notify';
import { TextField } from '../TextField';
import { AskDialog } from './AskDialog';

export function CloneDialog({ source }: { source: string }) {
  const { t } = useTranslation();
  const machines = useMachines();
  const taken = new Set(machines.map((machine) => machine.name));
  const [name, setName] = useState(() => nextCloneName(source, taken));
  const [count, setCount] = useState(1);
  const [start, setStart] = useState(false);
  const machine = machines.find((known) => known.name === source);
  const refused = machine && copyRefusal(machine);
  const problem = cloneNameProblem(name, count, taken);
  const fits = Number.isInteger(count) && count >= 1 && count <= mostClones;
  return (
    <AskDialog
      title={t('clone.title', { name: source })}
      act={t('clone.act')}
      icon={<CopyRegular />}
      ready={machine !== undefined && !refused && !problem && fits}
      onAct={async () => {
        noteStarted(await cloneMachine(source, { name, count, start }));
        return true;
      }}
    >
      <Body1>{t('clone.sentence')}</Body1>
      {refused && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>{t(`clone.refused.${refused}`)}</MessageBarBody>
        </MessageBar>
      )}
      <TextField
        label={t('create.name')}
        hint={count > 1 ? t('clone.names', { first: `${name}-1`, last: `${name}-${count}` }) : undefined}
        problem={problem ? t(`create.${problem}`) : undefined}
        required
        value={name}
        onChange={setName}
      />
      <Field label={t('clone.count')}>
        <SpinButton
          min={1}
          max={mostClones}
          value={count}
          onChange={(_, data) => setCount(data.value ?? Number(data.displayValue))}
        />
      </Field>
      <Switch label={t('clone.start')} checked={start} onChange={(_, data) => setStart(data.checked)} />
      {machine?.spec.tpm?.enabled && <Body1>{t('clone.tpm')}</Body1>}
    </AskDialog>
  );
}
