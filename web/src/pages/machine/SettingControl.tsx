// The control that fits a setting's type. Switches and choices apply at once, texts on Enter or when left.
import { Dropdown, Input, Option, Switch, makeStyles } from '@fluentui/react-components';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import type { JsonValue, Setting } from '../../api/types';
import { formatBytes, parseBytes } from '../../lib/format';
import { settingValue, valueText } from '../../lib/words';

const useStyles = makeStyles({
  choice: { minWidth: '180px' },
  number: { width: '140px' },
  text: { width: '280px', maxWidth: '100%' },
});

interface SettingControlProps {
  setting: Setting;
  title: string;
  value: JsonValue;
  disabled: boolean;
  /** Values of a choice that cannot be chosen here. */
  without: string[];
  /** A change is on its way: a text keeps the cursor, but takes no more. */
  busy: boolean;
  onChange: (value: JsonValue) => void;
  onProblem: (problem: string) => void;
  /** What the text would mean that is not sent yet; nothing when it is as it was or means nothing. */
  onTyped: (value: JsonValue | undefined) => void;
}

export function SettingControl(props: SettingControlProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { setting, title, value, busy, onChange } = props;
  const disabled = props.disabled || busy;
  const simpleList = Array.isArray(value) && value.every((entry) => typeof entry === 'string');
  if (setting.readOnly || (setting.type === 'list' && !simpleList))
    return <span>{valueText(t, setting.key, value, setting.type)}</span>;
  if (setting.type === 'boolean')
    return (
      <Switch
        aria-label={title}
        checked={value === true}
        disabled={disabled}
        onChange={(_, data) => onChange(data.checked)}
      />
    );
  if (setting.type === 'enum') {
    const chosen = String(value ?? '');
    return (
      <Dropdown
        className={styles.choice}
        aria-label={title}
        disabled={disabled}
        value={settingValue(t, setting.key, chosen)}
        selectedOptions={[chosen]}
        onOptionSelect={(_, data) =>
          data.optionValue !== undefined && data.optionValue !== chosen && onChange(data.optionValue)
        }
      >
        {(setting.values ?? []).map((one) => (
          <Option key={one} value={one} disabled={one !== chosen && props.without.includes(one)}>
            {settingValue(t, setting.key, one)}
          </Option>
        ))}
      </Dropdown>
    );
  }
  return <TextControl {...props} />;
}

function textOf(setting: Setting, value: JsonValue): string {
  if (setting.type === 'bytes' && typeof value === 'number') return formatBytes(value);
  if (Array.isArray(value)) return value.join(', ');
  return value == null ? '' : String(value);
}

/** What the text means for this setting; undefined when it means nothing. */
function meaningOf(setting: Setting, text: string): JsonValue | undefined {
  if (setting.type === 'bytes') return parseBytes(text) ?? undefined;
  if (setting.type === 'integer') return /^\s*-?\d+\s*$/.test(text) ? Number(text) : undefined;
  if (setting.type === 'list')
    return text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
  return text;
}

function TextControl(props: SettingControlProps) {
  const { setting, title, value, disabled, busy, onChange, onProblem, onTyped } = props;
  const { t } = useTranslation();
  const styles = useStyles();
  const shown = textOf(setting, value);
  const [text, setText] = useState(shown);
  // Enter and then leaving the field must not send the same text twice, nor a refused one again.
  const sent = useRef<string | null>(null);
  useEffect(() => setText(shown), [shown]);
  const isNumber = setting.type === 'integer' || setting.type === 'bytes';

  const range = () => {
    const say = (bound: number) => (setting.type === 'bytes' ? formatBytes(bound) : String(bound));
    return t('settings.range', {
      low: setting.minimum === undefined ? '–' : say(setting.minimum),
      high: setting.maximum === undefined ? '–' : say(setting.maximum),
    });
  };
  const commit = () => {
    if (disabled || busy || text === shown || text === sent.current) return;
    sent.current = text;
    onTyped(undefined);
    const meaning = meaningOf(setting, text);
    const outside =
      typeof meaning === 'number' &&
      (meaning < (setting.minimum ?? -Infinity) || meaning > (setting.maximum ?? Infinity));
    if (meaning === undefined || outside) {
      onProblem(outside ? range() : t(setting.type === 'bytes' ? 'settings.notSize' : 'settings.notNumber'));
      return;
    }
    if (JSON.stringify(meaning) === JSON.stringify(value)) setText(shown);
    else onChange(meaning);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') commit();
    if (event.key === 'Escape') {
      setText(shown);
      onProblem('');
      onTyped(undefined);
    }
  };
  const unit: ReactNode = setting.unit && setting.type === 'integer' ? setting.unit : undefined;
  return (
    <Input
      className={isNumber ? styles.number : styles.text}
      aria-label={title}
      value={text}
      disabled={disabled}
      readOnly={busy}
      inputMode={setting.type === 'integer' ? 'numeric' : 'text'}
      spellCheck={false}
      contentAfter={unit ? { children: unit } : undefined}
      onChange={(_, data) => {
        sent.current = null;
        setText(data.value);
        onTyped(data.value === shown ? undefined : meaningOf(setting, data.value));
      }}
      onBlur={commit}
      onKeyDown={onKeyDown}
    />
  );
}
