// The machine's disks and discs, one row each.
import { Dropdown, Option, makeStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { Disk, JsonValue, Machine } from '../../api/types';
import { Chip } from '../../components/Chip';
import { HardDriveRegular } from '../../components/icons';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { formatBytes } from '../../lib/format';
import { useChangeSetting } from './useChangeSetting';

const buses = ['auto', 'virtio', 'scsi', 'sata', 'ide', 'nvme', 'usb'];

const useStyles = makeStyles({ bus: { minWidth: '130px' } });

export function DiskPanel({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { change, problem, busy } = useChangeSetting(machine, 'disks', t('category.disks'));
  const put = (id: string, part: Partial<Disk>) =>
    void change(
      machine.spec.disks.map((disk) =>
        disk.id === id ? { ...disk, ...part } : disk,
      ) as unknown as JsonValue,
    );
  if (machine.spec.disks.length === 0) return null;
  return (
    <RowCard>
      {machine.spec.disks.map((disk, index) => (
        <SettingRow
          key={disk.id}
          icon={<HardDriveRegular />}
          title={`${disk.id} · ${t(`device.${disk.device}`)}`}
          sentence={disk.volume || disk.file || t('disks.noMedium')}
          below={index === machine.spec.disks.length - 1 && problem}
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
              data.optionValue && data.optionValue !== disk.bus && put(disk.id, { bus: data.optionValue })
            }
          >
            {buses.map((bus) => (
              <Option key={bus}>{bus}</Option>
            ))}
          </Dropdown>
        </SettingRow>
      ))}
    </RowCard>
  );
}
