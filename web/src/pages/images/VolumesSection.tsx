// Every disk file, whose it is and what it stands on; those that nothing needs can be deleted.
import {
  Body1,
  Button,
  makeStyles,
  mergeClasses,
  Subtitle2,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { getVolumes } from '../../api/calls';
import { useMachines } from '../../api/inventory';
import type { Volume } from '../../api/volumeTypes';
import { Chip } from '../../components/Chip';
import { useOpenDialog } from '../../components/dialogs/address';
import { DeleteRegular } from '../../components/icons';
import { ProblemMessage } from '../../components/ProblemMessage';
import { useCommonStyles } from '../../components/styles';
import { formatBytes } from '../../lib/format';
import { listText } from '../../lib/words';

const useStyles = makeStyles({
  card: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
    padding: tokens.spacingHorizontalL,
  },
  facts: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXS, minWidth: 0 },
  file: {
    ...typographyStyles.caption1,
    fontFamily: tokens.fontFamilyMonospace,
    color: tokens.colorNeutralForeground2,
    overflowWrap: 'anywhere',
  },
});

export function VolumesSection() {
  const { t } = useTranslation();
  const common = useCommonStyles();
  // A disk comes and goes with its machine.
  const names = useMachines().map((machine) => machine.name);
  const volumes = useQuery({ queryKey: ['volumes', names], queryFn: getVolumes });
  const list = volumes.data ?? [];
  if (volumes.isError) return <ProblemMessage error={volumes.error} onRetry={() => void volumes.refetch()} />;
  if (list.length === 0) return null;
  return (
    <section className={common.stack} aria-labelledby="volumes">
      <Subtitle2 as="h2" id="volumes">
        {t('volumes.title')}
      </Subtitle2>
      <Body1>
        {t('volumes.sentence', { size: formatBytes(list.reduce((sum, one) => sum + one.used, 0)) })}
      </Body1>
      {list.map((volume) => (
        <VolumeCard key={volume.name} volume={volume} />
      ))}
    </section>
  );
}

function VolumeCard({ volume }: { volume: Volume }) {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const styles = useStyles();
  const openDialog = useOpenDialog();
  const { name, machine, disk, orphan, standsOn, heldBy } = volume;
  const owner = machine && disk ? t('volumes.owner', { machine, disk }) : machine;
  return (
    <article className={mergeClasses(common.card, styles.card)}>
      <div className={styles.facts}>
        <strong>{owner || t(orphan ? 'volumes.orphan' : 'volumes.noOwner')}</strong>
        <span className={styles.file}>{name}</span>
        {standsOn && <span className={styles.file}>{t('volumes.standsOn', { name: standsOn })}</span>}
        {heldBy.length > 0 && (
          <span className={styles.file}>{t('volumes.heldBy', { names: listText(t, heldBy) })}</span>
        )}
        {volume.problem && <span>{volume.problem}</span>}
        <span>
          <Chip>{volume.format}</Chip>{' '}
          {t('images.sizeOf', { file: formatBytes(volume.used), whole: formatBytes(volume.virtualSize) })}
        </span>
      </div>
      {orphan && (
        <Button
          icon={<DeleteRegular />}
          aria-label={t('volumes.deleteTitle', { name })}
          onClick={() => openDialog('deleteVolume', [name])}
        >
          {t('common.delete')}
        </Button>
      )}
    </article>
  );
}
