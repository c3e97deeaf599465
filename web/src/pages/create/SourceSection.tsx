// What the machine starts from: an image, an installer, or nothing.
import { Button, Field, Input } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { buildImage } from '../../api/calls';
import { useBuildable, useHost, useImages, useTasks } from '../../api/inventory';
import type { Image } from '../../api/types';
import { ChoiceCards } from '../../components/ChoiceCards';
import { AlbumRegular, HardDriveRegular, LayerRegular } from '../../components/icons';
import { OsMark } from '../../components/OsMark';
import { useRun } from '../../components/notify';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { TaskCard } from '../../components/TaskCard';
import type { CreateForm, Source } from '../../lib/create';
import { formatBytes, unbroken } from '../../lib/format';
import { Section } from './Section';
import { SystemChoice } from './SystemChoice';

const sources: Source[] = ['image', 'iso', 'empty'];
const sourceIcons = { image: <LayerRegular />, iso: <AlbumRegular />, empty: <HardDriveRegular /> };

interface SourceSectionProps {
  form: CreateForm;
  image: Image | undefined;
  onChange: (part: Partial<CreateForm>) => void;
}

export function SourceSection({ form, image, onChange }: SourceSectionProps) {
  const { t } = useTranslation();
  return (
    <Section title={t('create.source')}>
      <ChoiceCards
        label={t('create.source')}
        value={form.source}
        choices={sources.map((source) => ({
          value: source,
          title: t(`create.from.${source}`),
          icon: sourceIcons[source],
        }))}
        onChoose={(source) => onChange({ source })}
      />
      {form.source === 'image' && <ImageChoice image={image} onChange={onChange} />}
      {form.source === 'iso' && (
        <Field label={t('create.iso')} hint={t('create.isoHint')}>
          <Input
            placeholder="/srv/iso/debian-12.iso"
            spellCheck={false}
            value={form.iso}
            onChange={(_, data) => onChange({ iso: data.value })}
          />
        </Field>
      )}
      {form.source !== 'image' && <SystemChoice form={form} onChange={onChange} />}
    </Section>
  );
}

function ImageChoice({ image, onChange }: Omit<SourceSectionProps, 'form'>) {
  const { t } = useTranslation();
  const images = useImages();
  return (
    <>
      {images.length > 0 && (
        <ChoiceCards
          wide
          label={t('create.from.image')}
          value={image?.name ?? ''}
          choices={images.map((one) => ({
            value: one.name,
            title: one.name,
            sentence: `${one.architecture} · ${unbroken(formatBytes(one.virtualSize))}`,
            icon: <OsMark os={one.os} />,
          }))}
          onChoose={(name) => onChange({ image: name })}
        />
      )}
      <BuildOffers images={images} />
    </>
  );
}

/** Images that the daemon can build and has not yet; while one is built, its task is shown here. */
function BuildOffers({ images }: { images: Image[] }) {
  const { t } = useTranslation();
  const run = useRun();
  const host = useHost();
  const offers = (useBuildable().data ?? []).filter(
    (one) => !images.some((image) => image.name === one.name),
  );
  const tasks = useTasks().filter((task) => task.kind === 'image.build');
  const architecture =
    host?.qemu.find((qemu) => qemu.accelerator === 'kvm')?.arch ?? host?.qemu[0]?.arch ?? 'x86_64';
  if (offers.length === 0) return null;
  return (
    <>
      {offers.map((offer) => {
        const task = tasks.find((known) => known.subject?.name === offer.name);
        if (task?.state === 'running') return <TaskCard key={offer.name} task={task} open={false} />;
        return (
          <RowCard key={offer.name}>
            <SettingRow title={offer.title} sentence={t('create.buildSentence')}>
              <Button onClick={() => void run(() => buildImage(offer.name, architecture))}>
                {t('images.buildAct')}
              </Button>
            </SettingRow>
          </RowCard>
        );
      })}
    </>
  );
}
