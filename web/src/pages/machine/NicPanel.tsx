// Network cards: the model, the cable, and which ports of the host lead into the guest.
import { Button, Dropdown, Input, Option, Switch, makeStyles } from '@fluentui/react-components';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';

import type { JsonValue, Machine, Nic, PortForward } from '../../api/types';
import { AddRegular, DeleteRegular, GlobeRegular } from '../../components/icons';
import { CopyChip } from '../../components/Chip';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { useCommonStyles } from '../../components/styles';
import { setCommand } from '../../lib/command';
import { forwardText } from '../../lib/words';
import { useExplained } from './Explained';
import { useChangeSetting } from './useChangeSetting';

const models = ['virtio', 'e1000e', 'rtl8139'];

const useStyles = makeStyles({
  model: { minWidth: '130px' },
  port: { width: '110px' },
});

export function NicPanel({ machine }: { machine: Machine }) {
  return (
    <>
      {machine.spec.nics.map((nic, index) => (
        <NicCard key={nic.id} machine={machine} nic={nic} index={index} />
      ))}
    </>
  );
}

interface NicCardProps {
  machine: Machine;
  nic: Nic;
  index: number;
}

function NicCard({ machine, nic, index }: NicCardProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const { change, changed, problem, busy } = useChangeSetting(machine, 'nics', nic.id);
  const command = setCommand(machine.name, [
    { key: `nics[${nic.id}].model`, value: nic.model },
    { key: `nics[${nic.id}].linkUp`, value: nic.linkUp },
  ]);
  const { button, made } = useExplained(machine, `nics[${index}]`, nic.id, command);
  const put = (part: Partial<Nic>) =>
    void change(
      machine.spec.nics.map((other) =>
        other.id === nic.id ? { ...nic, ...part } : other,
      ) as unknown as JsonValue,
    );
  return (
    <RowCard>
      <SettingRow
        icon={<GlobeRegular />}
        title={`${nic.id} · ${nic.switch}`}
        sentence={<span className={common.mono}>{nic.mac}</span>}
        below={
          (problem || made || changed) && (
            <>
              {problem}
              {changed && !made && <CopyChip text={command} />}
              {made}
            </>
          )
        }
      >
        <Dropdown
          className={styles.model}
          aria-label={t('nics.model', { id: nic.id })}
          disabled={busy}
          value={nic.model}
          selectedOptions={[nic.model]}
          onOptionSelect={(_, data) =>
            data.optionValue && data.optionValue !== nic.model && put({ model: data.optionValue })
          }
        >
          {models.map((model) => (
            <Option key={model}>{model}</Option>
          ))}
        </Dropdown>
        {button}
      </SettingRow>
      <SettingRow title={t('nics.link')} sentence={t('nics.linkSentence')}>
        <Switch
          aria-label={t('nics.link')}
          checked={nic.linkUp}
          disabled={busy}
          onChange={(_, data) => put({ linkUp: data.checked })}
        />
      </SettingRow>
      {nic.forwards.map((forward) => (
        <SettingRow
          key={`${forward.protocol}${forward.hostAddress}${forward.hostPort}`}
          title={forwardText(t, forward)}
          sentence={t('nics.forward', { protocol: forward.protocol.toUpperCase() })}
        >
          <Button
            appearance="subtle"
            icon={<DeleteRegular />}
            disabled={busy}
            aria-label={t('nics.removeForward', { port: forward.hostPort })}
            onClick={() => put({ forwards: nic.forwards.filter((other) => other !== forward) })}
          />
        </SettingRow>
      ))}
      {nic.switch === 'user' && (
        <NewForward busy={busy} onAdd={(forward) => put({ forwards: [...nic.forwards, forward] })} />
      )}
    </RowCard>
  );
}

const portOf = (text: string) =>
  /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65536 ? Number(text) : null;

function NewForward({ busy, onAdd }: { busy: boolean; onAdd: (forward: PortForward) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const [host, setHost] = useState('');
  const [guest, setGuest] = useState('');
  const hostPort = portOf(host);
  const guestPort = portOf(guest);
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (hostPort === null || guestPort === null) return;
    onAdd({ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, guestPort });
    setHost('');
    setGuest('');
  };
  return (
    <SettingRow title={t('nics.newForward')} sentence={t('nics.newForwardSentence')}>
      <form className={common.wrap} onSubmit={add}>
        <Input
          className={styles.port}
          inputMode="numeric"
          placeholder={t('nics.hostPort')}
          aria-label={t('nics.hostPort')}
          value={host}
          onChange={(_, data) => setHost(data.value)}
        />
        <Input
          className={styles.port}
          inputMode="numeric"
          placeholder={t('nics.guestPort')}
          aria-label={t('nics.guestPort')}
          value={guest}
          onChange={(_, data) => setGuest(data.value)}
        />
        <Button
          type="submit"
          icon={<AddRegular />}
          disabled={busy || hostPort === null || guestPort === null}
        >
          {t('nics.add')}
        </Button>
      </form>
    </SettingRow>
  );
}
