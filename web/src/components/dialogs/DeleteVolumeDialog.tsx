import { Body1 } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { deleteVolume } from '../../api/calls';
import { DeleteRegular } from '../icons';
import { AskDialog } from './AskDialog';

export function DeleteVolumeDialog({ name }: { name: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <AskDialog
      title={t('volumes.deleteTitle', { name })}
      act={t('common.delete')}
      icon={<DeleteRegular />}
      danger
      ready={name !== ''}
      onAct={async () => {
        await deleteVolume(name);
        await queries.invalidateQueries({ queryKey: ['volumes'] });
        return true;
      }}
    >
      <Body1>{t('volumes.deleteSentence')}</Body1>
    </AskDialog>
  );
}
