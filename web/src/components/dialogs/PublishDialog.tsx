// An image of the disk of a machine.
import { Body1, MessageBar, MessageBarBody, Switch } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { publishMachine } from '../../api/calls';
import { useImages, useMachines } from '../../api/inventory';
import { copyRefusal } from '../../lib/clone';
import { AlbumRegular } from '../icons';
import { noteStarted } from '../notify';
import { TextField } from '../TextField';
import { AskDialog } from './AskDialog';

export function PublishDialog({ source }: { source: string }) {
  const { t } = useTranslation();
  const machine = useMachines().find((known) => known.name === source);
  const images = useImages();
  const [name, setName] = useState('');
  const [compress, setCompress] = useState(false);
  const refused = machine && copyRefusal(machine);
  const taken = images.some((image) => image.name === name.trim());
  return (
    <AskDialog
      title={t('publish.title', { name: source })}
      act={t('publish.act')}
      icon={<AlbumRegular />}
      ready={machine !== undefined && !refused && !taken && name.trim() !== ''}
      onAct={async () => {
        noteStarted(await publishMachine(source, { name: name.trim(), compress }));
        return true;
      }}
    >
      <Body1>{t('publish.sentence')}</Body1>
      {refused && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>{t(`clone.refused.${refused}`)}</MessageBarBody>
        </MessageBar>
      )}
      <TextField
        label={t('images.name')}
        hint={t('images.nameHint')}
        problem={taken ? t('publish.taken') : undefined}
        required
        value={name}
        onChange={setName}
      />
      <Switch
        label={t('publish.compress')}
        checked={compress}
        onChange={(_, data) => setCompress(data.checked)}
      />
    </AskDialog>
  );
}
