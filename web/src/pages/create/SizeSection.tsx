// How big: a preset, or numbers that are checked against what the host has left.
import {
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  SpinButton,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Host, Image } from '../../api/types';
import { ChoiceCards } from '../../components/ChoiceCards';
import { presets, sizeOf, sizeWarnings, type CreateForm, type PresetName, type Size } from '../../lib/create';
import { formatBytes, parseBytes, unbroken } from '../../lib/format';
import { Section } from './Section';

const names = Object.keys(presets) as Exclude<PresetName, 'custom'>[];

const useStyles = makeStyles({
  numbers: {
    display: 'grid',
    gridTemplateColumns: 'repeat(3, minmax(0, 1fr))',
    gap: tokens.spacingHorizontalM,
  },
  field: { minWidth: '0', width: '100%', boxSizing: 'border-box' },
});

interface SizeSectionProps {
  form: CreateForm;
  image: Image | undefined;
  host: Host | undefined;
  onChange: (part: Partial<CreateForm>) => void;
}

export function SizeSection({ form, image, host, onChange }: SizeSectionProps) {
  const { t } = useTranslation();
  const sentence = (size: Size) =>
    [
      `${t('fact.vcpus', { count: size.cpus })} · ${formatBytes(size.memory)}`,
      t('create.diskOf', { size: formatBytes(size.disk) }),
    ]
      .map(unbroken)
      .join('\n');
  const warnings = sizeWarnings(form, host, image);
  const choose = (preset: PresetName) =>
    onChange({ preset, custom: preset === 'custom' ? sizeOf(form) : form.custom });
  return (
    <Section title={t('create.size')}>
      <ChoiceCards
        label={t('create.size')}
        value={form.preset}
        choices={[
          ...names.map((name) => ({
            value: name as PresetName,
            title: t(`preset.${name}`),
            sentence: sentence(presets[name]),
          })),
          { value: 'custom', title: t('preset.custom'), sentence: t('preset.customSentence') },
        ]}
        onChoose={choose}
      />
      {form.preset === 'custom' && (
        <CustomSize size={form.custom} onChange={(custom) => onChange({ custom })} />
      )}
      {warnings.map((warning) => (
        <MessageBar
          key={warning}
          intent={warning === 'diskBelowImage' ? 'error' : 'warning'}
          layout="multiline"
        >
          <MessageBarBody>
            {t(`create.warn.${warning}`, {
              threads: host?.cpu.threads,
              memory: formatBytes(host?.memory.available ?? 0),
              disk: formatBytes(host?.storage.free ?? 0),
              image: formatBytes(image?.virtualSize ?? 0),
            })}
          </MessageBarBody>
        </MessageBar>
      ))}
    </Section>
  );
}

function CustomSize({ size, onChange }: { size: Size; onChange: (size: Size) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.numbers}>
      <Field label={t('fact.cpu')}>
        <SpinButton
          className={styles.field}
          min={1}
          max={288}
          value={size.cpus}
          onChange={(_, data) => {
            const wanted = data.value ?? Number(data.displayValue);
            if (Number.isInteger(wanted) && wanted >= 1 && wanted <= 288) onChange({ ...size, cpus: wanted });
          }}
        />
      </Field>
      <BytesField
        label={t('fact.memory')}
        value={size.memory}
        onChange={(memory) => onChange({ ...size, memory })}
      />
      <BytesField label={t('fact.disk')} value={size.disk} onChange={(disk) => onChange({ ...size, disk })} />
    </div>
  );
}

interface BytesFieldProps {
  label: string;
  value: number;
  onChange: (bytes: number) => void;
}

function BytesField({ label, value, onChange }: BytesFieldProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [text, setText] = useState(formatBytes(value));
  const bytes = parseBytes(text);
  useEffect(() => {
    setText((old) => (parseBytes(old) === value ? old : formatBytes(value)));
  }, [value]);
  return (
    <Field label={label} validationMessage={bytes === null ? t('settings.notSize') : undefined}>
      <Input
        className={styles.field}
        value={text}
        onChange={(_, data) => {
          setText(data.value);
          const next = parseBytes(data.value);
          if (next !== null) onChange(next);
        }}
      />
    </Field>
  );
}
