// Folders of the host that the guest can mount: added and removed here, with the command that mounts each.
import {
  Button,
  Caption1,
  Dropdown,
  Input,
  Option,
  Switch,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { getMachineSettings } from '../../api/calls';
import type { JsonValue, Machine, Share } from '../../api/types';
import { CopyChip } from '../../components/Chip';
import { AddRegular, ClockRegular, DeleteRegular, FolderLinkRegular } from '../../components/icons';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { useCommonStyles } from '../../components/styles';
import { isDriver, mountCommand, servedBy, tagOf } from '../../lib/shares';
import { settingValue, spoken } from '../../lib/words';
import { useExplained } from './Explained';
import { useChangeSetting } from './useChangeSetting';

const useStyles = makeStyles({
  owners: { minWidth: '200px' },
  path: { width: '260px', maxWidth: '100%' },
  tag: { width: '130px' },
  note: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusWarningForeground1,
  },
});

export function SharePanel({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { change, problem, busy } = useChangeSetting(machine, 'shares', t('shares.title'));
  // The same answer that the rows of settings have.
  const known = useQuery({
    queryKey: ['machine settings', machine.name, machine.revision],
    queryFn: () => getMachineSettings(machine.name),
    retry: false,
  });
  const unavailable = known.data?.find(({ key }) => key === 'shares')?.unavailable;
  const { shares } = machine.spec;
  const put = (next: Share[]) => change(next as unknown as JsonValue);
  const waits = machine.pending.some(({ field }) => field.replace(/^spec\./, '').startsWith('shares'));
  return (
    <>
      {shares.length > 0 && (
        <RowCard>
          {shares.map((share, index) => (
            <ShareRow
              key={share.tag}
              machine={machine}
              share={share}
              index={index}
              busy={busy}
              onChange={(next) => void put(shares.map((other) => (other === share ? next : other)))}
              onRemove={() => void put(shares.filter((other) => other !== share))}
            />
          ))}
        </RowCard>
      )}
      <RowCard>
        <SettingRow
          title={t('shares.new')}
          sentence={
            shares.length > 0 ? t('shares.newSentence') : `${t('shares.none')} ${t('shares.newSentence')}`
          }
          below={
            <>
              <NewShare
                shares={shares}
                disabled={busy || Boolean(unavailable)}
                onAdd={(share) => put([...shares, share])}
              />
              {unavailable && <Caption1 className={styles.note}>{spoken(unavailable)}</Caption1>}
              {waits && (
                <Caption1 className={styles.note}>
                  <ClockRegular aria-hidden /> {t('settings.waits')}
                </Caption1>
              )}
              {problem}
            </>
          }
        />
      </RowCard>
      {shares.length > 0 && <Caption1>{t('shares.kernel')}</Caption1>}
    </>
  );
}

interface ShareRowProps {
  machine: Machine;
  share: Share;
  index: number;
  busy: boolean;
  onChange: (share: Share) => void;
  onRemove: () => void;
}

function ShareRow({ machine, share, index, busy, onChange, onRemove }: ShareRowProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const { tag, path, readOnly, owners, driver } = share;
  const { button, made } = useExplained(machine, `shares[${index}]`, tag);
  const choice = (value: string) => settingValue(t, 'shares[].owners', value);
  return (
    <SettingRow
      icon={<FolderLinkRegular />}
      title={tag}
      sentence={<span className={common.mono}>{path}</span>}
      below={
        <>
          <DriverChoice
            label={t('shares.driver', { tag })}
            value={driver}
            disabled={busy}
            onChange={(next) => onChange(servedBy(share, next))}
          />
          <Dropdown
            className={styles.owners}
            aria-label={t('shares.owners', { tag })}
            disabled={busy || driver === 'virtiofs'}
            value={choice(owners)}
            selectedOptions={[owners]}
            onOptionSelect={(_, { optionValue }) =>
              (optionValue === 'mapped' || optionValue === 'plain') &&
              optionValue !== owners &&
              onChange({ ...share, owners: optionValue })
            }
          >
            <Option value="mapped">{choice('mapped')}</Option>
            <Option value="plain">{choice('plain')}</Option>
          </Dropdown>
          <Caption1>{t('shares.inGuest')}</Caption1>
          <CopyChip text={mountCommand(share)} />
          {made}
        </>
      }
    >
      <Switch
        label={t('shares.readOnly')}
        aria-label={t('shares.readOnlyOf', { tag })}
        checked={readOnly}
        disabled={busy}
        onChange={(_, data) => onChange({ ...share, readOnly: data.checked })}
      />
      {button}
      <Button
        appearance="subtle"
        icon={<DeleteRegular />}
        disabled={busy}
        aria-label={t('shares.remove', { tag })}
        onClick={onRemove}
      />
    </SettingRow>
  );
}

interface DriverChoiceProps {
  label: string;
  value: Share['driver'];
  disabled: boolean;
  onChange: (driver: Share['driver']) => void;
}

function DriverChoice({ label, value, disabled, onChange }: DriverChoiceProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const choice = (driver: Share['driver']) => settingValue(t, 'shares[].driver', driver);
  return (
    <Dropdown
      className={styles.owners}
      aria-label={label}
      disabled={disabled}
      value={choice(value)}
      selectedOptions={[value]}
      onOptionSelect={(_, { optionValue }) =>
        isDriver(optionValue) && optionValue !== value && onChange(optionValue)
      }
    >
      <Option value="9p">{choice('9p')}</Option>
      <Option value="virtiofs">{choice('virtiofs')}</Option>
    </Dropdown>
  );
}

interface NewShareProps {
  shares: Share[];
  disabled: boolean;
  /** Answers whether it was taken. */
  onAdd: (share: Share) => Promise<boolean>;
}

function NewShare({ shares, disabled, onAdd }: NewShareProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const [path, setPath] = useState('');
  const [tag, setTag] = useState('');
  const [readOnly, setReadOnly] = useState(false);
  const [driver, setDriver] = useState<Share['driver']>('9p');
  const proposed = tagOf(
    path,
    shares.map((share) => share.tag),
  );
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const share: Share = { tag: tag || proposed, path, readOnly, owners: 'mapped', driver: '9p' };
    if (!(await onAdd(servedBy(share, driver)))) return;
    setPath('');
    setTag('');
    setReadOnly(false);
  };
  return (
    <form className={common.wrap} onSubmit={(event) => void add(event)}>
      <Input
        className={styles.path}
        placeholder="/home/me/src"
        aria-label={t('shares.folder')}
        value={path}
        disabled={disabled}
        onChange={(_, data) => setPath(data.value)}
      />
      <Input
        className={styles.tag}
        placeholder={path ? proposed : t('shares.tag')}
        aria-label={t('shares.tag')}
        value={tag}
        disabled={disabled}
        onChange={(_, data) => setTag(data.value)}
      />
      <DriverChoice label={t('shares.driverOfNew')} value={driver} disabled={disabled} onChange={setDriver} />
      <Switch
        label={t('shares.readOnly')}
        checked={readOnly}
        disabled={disabled}
        onChange={(_, data) => setReadOnly(data.checked)}
      />
      <Button type="submit" icon={<AddRegular />} disabled={disabled || path === ''}>
        {t('shares.add')}
      </Button>
    </form>
  );
}
