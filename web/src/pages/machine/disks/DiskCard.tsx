// One disk or drive: what holds it, its size or disc, its bus, and on demand all its settings.
import { Button, Caption1, Dropdown, Input, Option, makeStyles, tokens } from '@fluentui/react-components';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { insertDisc, resizeDisk } from '../../../api/calls';
import type { Disk, JsonValue, Machine } from '../../../api/types';
import { Chip, CopyChip } from '../../../components/Chip';
import { useOpenDialog } from '../../../components/dialogs/address';
import {
  ChevronDownRegular,
  ChevronUpRegular,
  ClockRegular,
  DeleteRegular,
  HardDriveRegular,
} from '../../../components/icons';
import { useRun } from '../../../components/notify';
import { RowCard, SettingRow } from '../../../components/SettingRow';
import { useCommonStyles } from '../../../components/styles';
import { setCommand } from '../../../lib/command';
import { formatBytes, parseBytes } from '../../../lib/format';
import { useExplained } from '../Explained';
import { useChangeSetting } from '../useChangeSetting';
import { DiskCare } from './DiskCare';
import { DiskOptions } from './DiskOptions';
import { buses } from './buses';

const useStyles = makeStyles({
  bus: { minWidth: '110px' },
  size: { width: '120px' },
  file: { flex: '1 1 180px', minWidth: 0, maxWidth: '300px' },
  waits: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusWarningForeground1,
  },
});

interface DiskCardProps {
  machine: Machine;
  disk: Disk;
  index: number;
}

export function DiskCard({ machine, disk, index }: DiskCardProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const openDialog = useOpenDialog();
  const [open, setOpen] = useState(false);
  const { change, changed, problem, busy } = useChangeSetting(machine, 'disks', disk.id);
  const command = setCommand(machine.name, [{ key: `disks[${disk.id}].bus`, value: disk.bus }]);
  const { button, made } = useExplained(machine, `disks[${index}]`, disk.id, command);
  const put = (part: Partial<Disk>) =>
    change(
      machine.spec.disks.map((other) =>
        other.id === disk.id ? { ...disk, ...part } : other,
      ) as unknown as JsonValue,
    );
  const waits = machine.pending.some(
    ({ field }) => field === 'spec.disks' || field === 'disks' || field.includes(`disks[${index}]`),
  );
  return (
    <RowCard>
      <SettingRow
        icon={<HardDriveRegular />}
        title={`${disk.id} · ${t(`device.${disk.device}`)}`}
        sentence={disk.volume || disk.file || t('disks.noMedium')}
        below={
          (problem || made || changed || waits) && (
            <>
              {problem && <Caption1 role="alert">{problem}</Caption1>}
              {waits && (
                <Caption1 className={styles.waits}>
                  <ClockRegular aria-hidden /> {t('settings.waits')}
                </Caption1>
              )}
              {changed && !made && <CopyChip text={command} />}
              {made}
            </>
          )
        }
      >
        {disk.readOnly && disk.device === 'disk' && <Chip>{t('disks.readOnly')}</Chip>}
        {disk.device === 'disk' && <Chip>{disk.format}</Chip>}
        {disk.size > 0 && <Chip>{formatBytes(disk.size)}</Chip>}
        <Dropdown
          className={styles.bus}
          aria-label={t('disks.bus', { id: disk.id })}
          disabled={busy}
          value={disk.bus}
          selectedOptions={[disk.bus]}
          onOptionSelect={(_, data) =>
            data.optionValue && data.optionValue !== disk.bus && void put({ bus: data.optionValue })
          }
        >
          {buses.map((bus) => (
            <Option key={bus}>{bus}</Option>
          ))}
        </Dropdown>
        {button}
        <Button
          appearance="subtle"
          icon={open ? <ChevronUpRegular /> : <ChevronDownRegular />}
          aria-expanded={open}
          aria-label={t('disks.options', { id: disk.id })}
          onClick={() => setOpen(!open)}
        />
        <Button
          appearance="subtle"
          icon={<DeleteRegular />}
          aria-label={t('disks.remove', { id: disk.id })}
          onClick={() => openDialog('removeDisk', [machine.name, disk.id])}
        />
      </SettingRow>
      {disk.device === 'cdrom' && <DiscRow machine={machine} disk={disk} />}
      {disk.volume && <SizeRow machine={machine} disk={disk} />}
      {open && disk.device === 'disk' && <DiskCare machine={machine} disk={disk} />}
      {open && <DiskOptions disk={disk} busy={busy} onChange={put} />}
    </RowCard>
  );
}

function SizeRow({ machine, disk }: { machine: Machine; disk: Disk }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const run = useRun();
  const [text, setText] = useState('');
  const wanted = parseBytes(text);
  const grow = async (event: FormEvent) => {
    event.preventDefault();
    if (wanted === null || wanted <= disk.size) return;
    if (await run(() => resizeDisk(machine.name, disk.id, wanted))) setText('');
  };
  return (
    <SettingRow title={t('disks.grow')} sentence={t('disks.growSentence')}>
      <form className={common.wrap} onSubmit={(event) => void grow(event)}>
        <Input
          className={styles.size}
          aria-label={t('disks.newSize', { id: disk.id })}
          placeholder={formatBytes(disk.size * 2)}
          value={text}
          onChange={(_, data) => setText(data.value)}
        />
        <Button type="submit" disabled={wanted === null || wanted <= disk.size}>
          {t('disks.growAct')}
        </Button>
      </form>
    </SettingRow>
  );
}

function DiscRow({ machine, disk }: { machine: Machine; disk: Disk }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const run = useRun();
  const openDialog = useOpenDialog();
  const [file, setFile] = useState('');
  const insert = async (event: FormEvent) => {
    event.preventDefault();
    if (await run(() => insertDisc(machine.name, disk.id, file))) setFile('');
  };
  return (
    <SettingRow
      title={t('disks.disc')}
      sentence={t('disks.discSentence')}
      below={
        <form className={common.wrap} onSubmit={(event) => void insert(event)}>
          <Input
            className={styles.file}
            aria-label={t('disks.discFile', { id: disk.id })}
            placeholder="/srv/iso/debian.iso"
            value={file}
            onChange={(_, data) => setFile(data.value)}
          />
          <Button type="submit" disabled={!file.startsWith('/')}>
            {t('disks.insert')}
          </Button>
          <Button
            disabled={disk.file === ''}
            onClick={() => void run(() => insertDisc(machine.name, disk.id, ''))}
          >
            {t('disks.eject')}
          </Button>
          <Button onClick={() => openDialog('buildIso', [machine.name, disk.id])}>
            {t('disks.fromFolder')}
          </Button>
        </form>
      }
    />
  );
}
