// A disc with what is in a folder of the host; with a machine it goes into its drive.
import { Body1 } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { buildIso } from '../../api/calls';
import { noteStarted } from '../notify';
import { TextField } from '../TextField';
import { AskDialog } from './AskDialog';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const labelPattern = /^[ -~]{0,32}$/;

export function BuildIsoDialog({ machine, drive }: { machine: string; drive: string }) {
  const { t } = useTranslation();
  const [folder, setFolder] = useState('');
  const [name, setName] = useState('');
  const [label, setLabel] = useState('');
  const folderFits = folder.trim().startsWith('/');
  const nameFits = name.trim() === '' || namePattern.test(name.trim());
  const labelFits = labelPattern.test(label);
  const act = async () => {
    noteStarted(
      await buildIso({
        folder: folder.trim(),
        ...(name.trim() && { name: name.trim() }),
        ...(label && { label }),
        ...(machine && { machine, drive }),
      }),
    );
    return true;
  };
  return (
    <AskDialog
      title={machine ? t('isos.buildFor', { machine }) : t('isos.build')}
      act={t(machine ? 'isos.buildAndInsert' : 'isos.buildAct')}
      ready={folderFits && nameFits && labelFits}
      onAct={act}
    >
      <Body1>{t('isos.buildSentence')}</Body1>
      <TextField
        label={t('isos.folder')}
        hint={t('isos.folderHint')}
        required
        problem={folder && !folderFits ? t('isos.folderRule') : undefined}
        placeholder="/srv/tools"
        value={folder}
        onChange={setFolder}
      />
      <TextField
        label={t('isos.name')}
        hint={t('isos.nameHint')}
        problem={nameFits ? undefined : t('isos.nameRule')}
        value={name}
        onChange={setName}
      />
      <TextField
        label={t('isos.label')}
        hint={t('isos.labelHint')}
        problem={labelFits ? undefined : t('isos.labelRule')}
        value={label}
        onChange={setLabel}
      />
    </AskDialog>
  );
}
