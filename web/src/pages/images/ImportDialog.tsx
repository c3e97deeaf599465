// An image from a file of the host or from the network.
import { Dropdown, Field, Input, Option } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { importImage } from '../../api/calls';
import { AskDialog } from '../../components/dialogs/AskDialog';
import { noteStarted } from '../../components/notify';
import { TextField } from '../../components/TextField';

const formats = ['', 'qcow2', 'raw', 'vmdk', 'vhdx', 'vdi'];

export default function ImportDialog() {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [source, setSource] = useState('');
  const [format, setFormat] = useState('');
  const [sha256, setSha256] = useState('');
  const [description, setDescription] = useState('');
  const sourceFits = /^(\/|https?:\/\/)\S+/.test(source.trim());
  const sumFits = sha256.trim() === '' || /^[0-9a-f]{64}$/i.test(sha256.trim());
  const formatWord = (value: string) => value || t('images.formatAuto');
  const act = async () => {
    noteStarted(
      await importImage({
        name: name.trim(),
        source: source.trim(),
        ...(format && { format }),
        ...(sha256.trim() && { sha256: sha256.trim().toLowerCase() }),
        ...(description.trim() && { description: description.trim() }),
      }),
    );
    return true;
  };
  return (
    <AskDialog
      title={t('images.import')}
      act={t('images.importAct')}
      ready={name.trim() !== '' && sourceFits && sumFits}
      onAct={act}
    >
      <TextField
        label={t('images.name')}
        hint={t('images.nameHint')}
        required
        value={name}
        onChange={setName}
      />
      <TextField
        label={t('images.from')}
        hint={t('images.fromHint')}
        required
        problem={source && !sourceFits ? t('images.fromRule') : undefined}
        value={source}
        onChange={setSource}
      />
      <Field label={t('images.format')}>
        <Dropdown
          value={formatWord(format)}
          selectedOptions={[format]}
          onOptionSelect={(_, data) => setFormat(data.optionValue ?? '')}
        >
          {formats.map((value) => (
            <Option key={value} value={value}>
              {formatWord(value)}
            </Option>
          ))}
        </Dropdown>
      </Field>
      <TextField
        label="SHA-256"
        hint={t('images.sumHint')}
        problem={sumFits ? undefined : t('images.sumRule')}
        value={sha256}
        onChange={setSha256}
      />
      <Field label={t('images.description')}>
        <Input value={description} onChange={(_, data) => setDescription(data.value)} />
      </Field>
    </AskDialog>
  );
}
