import { Body1, MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { deleteImage } from '../../api/calls';
import { useImages } from '../../api/inventory';
import { formatBytes } from '../../lib/format';
import { listText } from '../../lib/words';
import { DeleteRegular } from '../icons';
import { useRun } from '../notify';
import { AskDialog } from './AskDialog';

export function DeleteImageDialog({ name }: { name: string }) {
  const { t } = useTranslation();
  const run = useRun();
  const image = useImages().find((known) => known.name === name);
  const users = image?.usedBy ?? [];
  return (
    <AskDialog
      title={t('images.deleteTitle', { name })}
      act={t('common.delete')}
      icon={<DeleteRegular />}
      danger
      ready={image !== undefined && users.length === 0}
      onAct={() => run(() => deleteImage(name))}
    >
      {users.length > 0 ? (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>{t('images.inUse', { names: listText(t, users) })}</MessageBarBody>
        </MessageBar>
      ) : (
        <Body1>{t('images.deleteSentence', { size: formatBytes(image?.fileSize ?? 0) })}</Body1>
      )}
    </AskDialog>
  );
}
