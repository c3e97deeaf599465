// The facts of a machine as chips, and how long it has been up.
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import { formatBytes, formatClock } from '../../lib/format';
import { useNow } from '../../lib/hooks';
import { diskTotal, sizeNow } from '../../lib/machines';
import { Chip, CopyChip } from '../Chip';
import { DeveloperBoardRegular, GlobeRegular, HardDriveRegular, RamRegular } from '../icons';

export function SizeChips({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const disk = diskTotal(machine);
  const { cpus, memory } = sizeNow(machine);
  return (
    <>
      <Chip icon={<DeveloperBoardRegular />} title={t('fact.cpu')}>
        {t('fact.vcpus', { count: cpus })}
      </Chip>
      <Chip icon={<RamRegular />} title={t('fact.memory')}>
        {formatBytes(memory)}
      </Chip>
      {disk > 0 && (
        <Chip icon={<HardDriveRegular />} title={t('fact.disk')}>
          {formatBytes(disk)}
        </Chip>
      )}
    </>
  );
}

export function AddressChips({ machine, most = 1 }: { machine: Machine; most?: number }) {
  return (
    <>
      {machine.state.addresses.slice(0, most).map((address) => (
        <CopyChip key={address} text={address} icon={<GlobeRegular />} />
      ))}
    </>
  );
}

export function Uptime({ machine }: { machine: Machine }) {
  const { i18n } = useTranslation();
  const { startedAt, status } = machine.state;
  const now = useNow(1000);
  if (!startedAt || status === 'stopped' || status === 'saved' || status === 'crashed') return null;
  return <span>{formatClock((now - new Date(startedAt).getTime()) / 1000, i18n.language)}</span>;
}
