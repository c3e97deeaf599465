// Before a file of Visor's own goes: a disk file that nothing needs, or a disc that is in no drive.
import { Body1 } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { deleteIso, deleteVolume } from '../../api/calls';
import { DeleteRegular } from '../icons';
import { AskDialog } from './AskDialog';

const calls = { volumes: deleteVolume, isos: deleteIso };

export function DeleteFileDialog({ kind, name }: { kind: keyof typeof calls; name: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  return (
    <AskDialog
      title={t(`${kind}.deleteTitle`, { name })}
      act={t('common.delete')}
      icon={<DeleteRegular />}
      danger
      ready={name !== ''}
      onAct={async () => {
        await calls[kind](name);
        await queries.invalidateQueries({ queryKey: [kind] });
        return true;
      }}
    >
      <Body1>{t(`${kind}.deleteSentence`)}</Body1>
    </AskDialog>
  );
}
