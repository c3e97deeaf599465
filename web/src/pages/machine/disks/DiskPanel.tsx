// The machine's disks and drives, a card each, and a row that adds another.
import { Caption1 } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../../api/types';
import { RowCard } from '../../../components/SettingRow';
import { DiskCard } from './DiskCard';
import { NewDisk } from './NewDisk';

export function DiskPanel({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  return (
    <>
      {machine.spec.disks.length === 0 && <Caption1>{t('disks.none')}</Caption1>}
      {machine.spec.disks.map((disk, index) => (
        <DiskCard key={disk.id} machine={machine} disk={disk} index={index} />
      ))}
      <RowCard>
        <NewDisk machine={machine} />
      </RowCard>
    </>
  );
}
