// An image made here, from the distribution's own packages.
import { Body1, Dropdown, Field, Option } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { buildImage } from '../../api/calls';
import { useBuildable, useHost } from '../../api/inventory';
import { AskDialog } from '../../components/dialogs/AskDialog';
import { noteStarted } from '../../components/notify';
import { ProblemMessage } from '../../components/ProblemMessage';

export default function BuildDialog() {
  const { t } = useTranslation();
  const buildable = useBuildable();
  const host = useHost();
  const architectures = host?.qemu.map((qemu) => qemu.arch) ?? [];
  const [chosen, setChosen] = useState('');
  const [chosenArch, setChosenArch] = useState('');
  const offers = buildable.data ?? [];
  const name = chosen || offers[0]?.name || '';
  const architecture = chosenArch || architectures[0] || 'x86_64';
  return (
    <AskDialog
      title={t('images.build')}
      act={t('images.buildAct')}
      ready={name !== ''}
      onAct={async () => {
        noteStarted(await buildImage(name, architecture));
        return true;
      }}
    >
      <Body1>{t('images.buildSentence')}</Body1>
      {buildable.isError && (
        <ProblemMessage error={buildable.error} onRetry={() => void buildable.refetch()} />
      )}
      <Field label={t('images.system')}>
        <Dropdown
          value={offers.find((offer) => offer.name === name)?.title ?? ''}
          selectedOptions={[name]}
          onOptionSelect={(_, data) => setChosen(data.optionValue ?? '')}
        >
          {offers.map((offer) => (
            <Option key={offer.name} value={offer.name}>
              {offer.title}
            </Option>
          ))}
        </Dropdown>
      </Field>
      <Field label={t('images.architecture')}>
        <Dropdown
          value={architecture}
          selectedOptions={[architecture]}
          onOptionSelect={(_, data) => setChosenArch(data.optionValue ?? '')}
        >
          {architectures.map((arch) => (
            <Option key={arch} value={arch}>
              {arch}
            </Option>
          ))}
        </Dropdown>
      </Field>
    </AskDialog>
  );
}
