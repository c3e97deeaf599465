// Every disk file, whose it is and what it stands on; those that nothing needs can be deleted.
import { Body1, makeStyles, Subtitle2, tokens, typographyStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { getVolumes } from '../../api/calls';
import { useMachines } from '../../api/inventory';
import type { Volume } from '../../api/volumeTypes';
import { Chip } from '../../components/Chip';
import { ProblemMessage } from '../../components/ProblemMessage';
import { useCommonStyles } from '../../components/styles';
import { formatBytes } from '../../lib/format';
import { listText } from '../../lib/words';
import { FileCard } from './FileCard';

const useStyles = makeStyles({
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
  const styles = useStyles();
  const { name, machine, disk, orphan, standsOn, heldBy } = volume;
  const owner = machine && disk ? t('volumes.owner', { machine, disk }) : machine;
  return (
    <FileCard kind="volumes" name={name} deletable={orphan}>
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
    </FileCard>
  );
}
