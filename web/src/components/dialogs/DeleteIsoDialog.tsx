import { Body1 } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { deleteIso } from '../../api/calls';
import { DeleteRegular } from '../icons';
import { AskDialog } from './AskDialog';

export function DeleteIsoDialog({ name }: { name: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <AskDialog
      title={t('isos.deleteTitle', { name })}
      act={t('common.delete')}
      icon={<DeleteRegular />}
      danger
      ready={name !== ''}
      onAct={async () => {
        await deleteIso(name);
        await queries.invalidateQueries({ queryKey: ['isos'] });
        return true;
      }}
    >
      <Body1>{t('isos.deleteSentence')}</Body1>
    </AskDialog>
  );
}
