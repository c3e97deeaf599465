import { Button, makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';

import { useImages, useTasks } from '../../api/inventory';
import type { Image } from '../../api/types';
import { Chip, CopyChip } from '../../components/Chip';
import { useOpenDialog } from '../../components/dialogs/address';
import { EmptyState } from '../../components/EmptyState';
import { AddRegular, DeleteRegular, LayerRegular } from '../../components/icons';
import { OsMark } from '../../components/OsMark';
import { Page } from '../../components/Page';
import { useCommonStyles } from '../../components/styles';
import { TaskCard } from '../../components/TaskCard';
import { formatBytes, formatDateTime } from '../../lib/format';
import { listText } from '../../lib/words';
import { IsosSection } from './IsosSection';
import { VolumesSection } from './VolumesSection';

const useStyles = makeStyles({
  card: {
    display: 'grid',
    gridTemplateColumns: 'auto minmax(0, 1fr) auto',
    alignItems: 'center',
    gap: tokens.spacingHorizontalL,
    padding: tokens.spacingHorizontalL,
    '@media (max-width: 639px)': {
      gridTemplateColumns: 'auto minmax(0, 1fr)',
      gap: tokens.spacingHorizontalM,
    },
  },
  name: { ...typographyStyles.subtitle2, margin: 0, overflowWrap: 'anywhere' },
  facts: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXS, minWidth: 0 },
  acts: {
    display: 'flex',
    gap: tokens.spacingHorizontalS,
    '@media (max-width: 639px)': { gridColumnStart: 1, gridColumnEnd: -1 },
  },
});

export default function ImagesPage() {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const openDialog = useOpenDialog();
  const images = useImages();
  const working = useTasks().filter((task) => task.kind.startsWith('image.') && task.state === 'running');
  const actions = (
    <>
      <Button onClick={() => openDialog('import')}>{t('images.import')}</Button>
      <Button appearance="primary" icon={<AddRegular />} onClick={() => openDialog('build')}>
        {t('images.build')}
      </Button>
    </>
  );
  return (
    <Page title={t('page.images')} sentence={t('images.sentence')} actions={actions} narrow>
      {working.length > 0 && (
        <div className={common.stack}>
          {working.map((task) => (
            <TaskCard key={task.id} task={task} open />
          ))}
        </div>
      )}
      {images.length === 0 && working.length === 0 && (
        <EmptyState picture={<LayerRegular />} title={t('images.emptyTitle')} sentence={t('images.empty')}>
          <Button appearance="primary" size="large" onClick={() => openDialog('build')}>
            {t('images.buildFirst')}
          </Button>
        </EmptyState>
      )}
      <div className={common.stack}>
        {images.map((image) => (
          <ImageCard key={image.id} image={image} />
        ))}
      </div>
      <IsosSection />
      <VolumesSection />
    </Page>
  );
}

function ImageCard({ image }: { image: Image }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const navigate = useNavigate();
  const openDialog = useOpenDialog();
  const source = t(`images.source.${image.source}`, { defaultValue: image.source });
  return (
    <article className={mergeClasses(common.card, styles.card)} aria-label={image.name}>
      <OsMark os={image.os} size="large" />
      <div className={styles.facts}>
        <h2 className={styles.name}>{image.name}</h2>
        <div className={common.secondary}>
          {[image.description, `${source} ${formatDateTime(image.created, i18n.language)}`]
            .filter(Boolean)
            .join(' · ')}
        </div>
        <div className={common.wrap}>
          <Chip>{image.architecture}</Chip>
          <Chip title={t('images.sizes')}>
            {t('images.sizeOf', { file: formatBytes(image.fileSize), whole: formatBytes(image.virtualSize) })}
          </Chip>
          <Chip>{image.format}</Chip>
          {image.cloudInit && <Chip>cloud-init</Chip>}
          {image.sha256 && <CopyChip text={`sha256:${image.sha256.slice(0, 12)}…`} value={image.sha256} />}
          {image.usedBy.length > 0 && (
            <Chip title={listText(t, image.usedBy)}>
              {t('images.usedBy', { count: image.usedBy.length })}
            </Chip>
          )}
        </div>
      </div>
      <div className={styles.acts}>
        <Button
          onClick={() => {
            sessionStorage.setItem('visor.create', JSON.stringify({ source: 'image', image: image.name }));
            navigate('/create', { state: { opened: true } });
          }}
        >
          {t('images.use')}
        </Button>
        <Button
          appearance="subtle"
          icon={<DeleteRegular />}
          aria-label={t('images.deleteTitle', { name: image.name })}
          onClick={() => openDialog('deleteImage', [image.name])}
        />
      </div>
    </article>
  );
}
