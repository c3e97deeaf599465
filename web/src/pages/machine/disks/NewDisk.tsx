// Adds an empty disk, a file of the user, or a drive; a running machine has it at once where the bus allows it.
import { Button, Dropdown, Input, Option, makeStyles } from '@fluentui/react-components';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { addDisk } from '../../../api/calls';
import type { JsonValue, Machine } from '../../../api/types';
import { AddRegular } from '../../../components/icons';
import { useRun } from '../../../components/notify';
import { SettingRow } from '../../../components/SettingRow';
import { useCommonStyles } from '../../../components/styles';
import { parseBytes } from '../../../lib/format';
import { buses } from './buses';

const useStyles = makeStyles({
  kind: { minWidth: '150px' },
  what: { width: '240px', maxWidth: '100%' },
  bus: { minWidth: '110px' },
});

const kinds = ['empty', 'file', 'cdrom'] as const;
type Kind = (typeof kinds)[number];

/** What is asked of the daemon; nothing while the text does not say it. */
function requestOf(kind: Kind, text: string, bus: string): { [key: string]: JsonValue } | null {
  if (kind === 'empty') {
    const size = parseBytes(text);
    return size === null ? null : { size, bus };
  }
  if (kind === 'cdrom') {
    if (text !== '' && !text.startsWith('/')) return null;
    return { device: 'cdrom', file: text, bus };
  }
  return text.startsWith('/') ? { file: text, bus } : null;
}

export function NewDisk({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const run = useRun();
  const [kind, setKind] = useState<Kind>('empty');
  const [text, setText] = useState('');
  const [bus, setBus] = useState('auto');
  const request = requestOf(kind, text.trim(), bus);
  const usable = buses.filter((one) => kind !== 'cdrom' || (one !== 'virtio' && one !== 'nvme'));
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (request && (await run(() => addDisk(machine.name, request)))) setText('');
  };
  return (
    <SettingRow
      title={t('disks.new')}
      sentence={t('disks.newSentence')}
      below={
        <form className={common.wrap} onSubmit={(event) => void add(event)}>
          <Dropdown
            className={styles.kind}
            aria-label={t('disks.kind')}
            value={t(`disks.kinds.${kind}`)}
            selectedOptions={[kind]}
            onOptionSelect={(_, data) => {
              setKind(kinds.find((one) => one === data.optionValue) ?? 'empty');
              setText('');
              setBus('auto');
            }}
          >
            {kinds.map((one) => (
              <Option key={one} value={one}>
                {t(`disks.kinds.${one}`)}
              </Option>
            ))}
          </Dropdown>
          <Input
            className={styles.what}
            aria-label={t(kind === 'empty' ? 'disks.sizeOfNew' : 'disks.fileOfNew')}
            placeholder={t(`disks.placeholder.${kind}`)}
            value={text}
            onChange={(_, data) => setText(data.value)}
          />
          <Dropdown
            className={styles.bus}
            aria-label={t('disks.busOfNew')}
            value={bus}
            selectedOptions={[bus]}
            onOptionSelect={(_, data) => setBus(data.optionValue ?? 'auto')}
          >
            {usable.map((one) => (
              <Option key={one}>{one}</Option>
            ))}
          </Dropdown>
          <Button type="submit" icon={<AddRegular />} disabled={request === null}>
            {t('disks.add')}
          </Button>
        </form>
      }
    />
  );
}
