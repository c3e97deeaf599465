// All other settings of a disk, a row each, made from what the daemon tells of them.
import { Caption1, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useSettings } from '../../../api/inventory';
import type { Disk, JsonValue, Setting } from '../../../api/types';
import { ErrorCircleRegular } from '../../../components/icons';
import { SettingRow } from '../../../components/SettingRow';
import { settingSentence, settingTitle } from '../../../lib/words';
import { SettingControl } from '../SettingControl';

const prefix = 'disks[].';
/** Those that have a row of their own, or that nobody may change. */
const elsewhere = new Set(['id', 'device', 'volume', 'file', 'size', 'format', 'bus', 'bootIndex']);
/** What means something for a drive. */
const ofDrive = new Set(['serial', 'wwn', 'cache', 'aio', 'slot']);

const useStyles = makeStyles({
  problem: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusDangerForeground1,
  },
});

type Group = { [name: string]: JsonValue };

/** "limits.read" of a disk. */
function read(disk: Disk, name: string): JsonValue {
  let at: JsonValue = disk as unknown as Group;
  for (const part of name.split('.')) at = (at as Group)[part] ?? null;
  return at;
}

/** The part of a disk that changes with it. */
function partOf(disk: Disk, name: string, value: JsonValue): Partial<Disk> {
  const [first = '', second] = name.split('.');
  if (second === undefined) return { [first]: value };
  return { [first]: { ...(read(disk, first) as Group), [second]: value } };
}

interface DiskOptionsProps {
  disk: Disk;
  busy: boolean;
  onChange: (part: Partial<Disk>) => Promise<boolean>;
}

export function DiskOptions({ disk, busy, onChange }: DiskOptionsProps) {
  const settings = useSettings();
  const rows = (settings.data ?? []).filter(({ key }) => {
    const name = key.slice(prefix.length);
    return key.startsWith(prefix) && !elsewhere.has(name) && (disk.device === 'disk' || ofDrive.has(name));
  });
  return rows.map((setting) => (
    <OptionRow key={setting.key} setting={setting} disk={disk} busy={busy} onChange={onChange} />
  ));
}

interface OptionRowProps {
  setting: Setting;
  disk: Disk;
  busy: boolean;
  onChange: (part: Partial<Disk>) => Promise<boolean>;
}

function OptionRow({ setting, disk, busy, onChange }: OptionRowProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [problem, setProblem] = useState('');
  const name = setting.key.slice(prefix.length);
  const title = settingTitle(t, setting);
  return (
    <SettingRow
      title={title}
      sentence={settingSentence(t, setting)}
      below={
        problem && (
          <Caption1 className={styles.problem} role="alert">
            <ErrorCircleRegular aria-hidden /> {problem}
          </Caption1>
        )
      }
    >
      <SettingControl
        setting={setting}
        title={`${disk.id}: ${title}`}
        value={read(disk, name)}
        disabled={false}
        without={[]}
        busy={busy}
        onChange={(value) => {
          setProblem('');
          void onChange(partOf(disk, name, value));
        }}
        onProblem={setProblem}
        onTyped={() => undefined}
      />
    </SettingRow>
  );
}
