// Asks before a disk goes: with its data, when Visor made it.
import { Body1 } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { removeDisk } from '../../api/calls';
import { useMachine } from '../../api/inventory';
import { DeleteRegular } from '../icons';
import { useRun } from '../notify';
import { AskDialog } from './AskDialog';

export function RemoveDiskDialog({ name, disk: id }: { name: string; disk: string }) {
  const { t } = useTranslation();
  const run = useRun();
  const disk = useMachine(name)?.spec.disks.find((one) => one.id === id);
  return (
    <AskDialog
      title={t('disks.removeTitle', { id, name })}
      act={t('disks.removeAct')}
      icon={<DeleteRegular />}
      danger
      ready={disk !== undefined}
      onAct={() => run(() => removeDisk(name, id))}
    >
      <Body1>{t(disk?.volume ? 'disks.removeVolume' : 'disks.removeFile')}</Body1>
    </AskDialog>
  );
}
