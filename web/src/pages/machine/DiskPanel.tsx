// The machine's disks and discs, one row each.
import { Dropdown, Option, makeStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { Disk, JsonValue, Machine } from '../../api/types';
import { Chip, CopyChip } from '../../components/Chip';
import { HardDriveRegular } from '../../components/icons';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { setCommand } from '../../lib/command';
import { formatBytes } from '../../lib/format';
import { useExplained } from './Explained';
import { useChangeSetting } from './useChangeSetting';

const buses = ['auto', 'virtio', 'scsi', 'sata', 'ide', 'nvme', 'usb'];

const useStyles = makeStyles({ bus: { minWidth: '130px' } });

export function DiskPanel({ machine }: { machine: Machine }) {
  if (machine.spec.disks.length === 0) return null;
  return (
    <RowCard>
      {machine.spec.disks.map((disk, index) => (
        <DiskRow key={disk.id} machine={machine} disk={disk} index={index} />
      ))}
    </RowCard>
  );
}

interface DiskRowProps {
  machine: Machine;
  disk: Disk;
  index: number;
}

function DiskRow({ machine, disk, index }: DiskRowProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { change, changed, problem, busy } = useChangeSetting(machine, 'disks', disk.id);
  const command = setCommand(machine.name, [{ key: `disks[${disk.id}].bus`, value: disk.bus }]);
  const { button, made } = useExplained(machine, `disks[${index}]`, disk.id, command);
  const put = (part: Partial<Disk>) =>
    void change(
      machine.spec.disks.map((other) =>
        other.id === disk.id ? { ...disk, ...part } : other,
      ) as unknown as JsonValue,
    );
  return (
    <SettingRow
      icon={<HardDriveRegular />}
      title={`${disk.id} · ${t(`device.${disk.device}`)}`}
      sentence={disk.volume || disk.file || t('disks.noMedium')}
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
      {disk.readOnly && <Chip>{t('disks.readOnly')}</Chip>}
      <Chip>{disk.format}</Chip>
      {disk.size > 0 && <Chip>{formatBytes(disk.size)}</Chip>}
      <Dropdown
        className={styles.bus}
        aria-label={t('disks.bus', { id: disk.id })}
        disabled={busy}
        value={disk.bus}
        selectedOptions={[disk.bus]}
        onOptionSelect={(_, data) =>
          data.optionValue && data.optionValue !== disk.bus && put({ bus: data.optionValue })
        }
      >
        {buses.map((bus) => (
          <Option key={bus}>{bus}</Option>
        ))}
      </Dropdown>
      {button}
    </SettingRow>
  );
}
