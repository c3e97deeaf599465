// The discs that Visor keeps: made of folders, to be put into drives.
import { Body1, Button, makeStyles, Subtitle2, tokens, typographyStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { getIsos } from '../../api/calls';
import { useMachines, useTasks } from '../../api/inventory';
import type { Iso } from '../../api/isoTypes';
import { Chip, CopyChip } from '../../components/Chip';
import { useOpenDialog } from '../../components/dialogs/address';
import { AddRegular } from '../../components/icons';
import { ProblemMessage } from '../../components/ProblemMessage';
import { useCommonStyles } from '../../components/styles';
import { formatBytes, formatDateTime } from '../../lib/format';
import { listText } from '../../lib/words';
import { FileCard } from './FileCard';

const useStyles = makeStyles({
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
  },
  name: { ...typographyStyles.body1Strong, overflowWrap: 'anywhere' },
});

export function IsosSection() {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const styles = useStyles();
  const openDialog = useOpenDialog();
  // A disc comes with a task, and is in the drives of machines.
  const discs = useMachines().map((machine) => machine.spec.disks.map((disk) => disk.file));
  const written = useTasks().filter((task) => task.result?.iso).length;
  const isos = useQuery({ queryKey: ['isos', discs, written], queryFn: getIsos });
  if (isos.isError) return <ProblemMessage error={isos.error} onRetry={() => void isos.refetch()} />;
  return (
    <section className={common.stack} aria-labelledby="isos">
      <div className={styles.head}>
        <Subtitle2 as="h2" id="isos">
          {t('isos.title')}
        </Subtitle2>
        <Button icon={<AddRegular />} onClick={() => openDialog('buildIso')}>
          {t('isos.build')}
        </Button>
      </div>
      <Body1>{t('isos.sentence')}</Body1>
      {isos.data?.map((iso) => (
        <IsoCard key={iso.name} iso={iso} />
      ))}
    </section>
  );
}

function IsoCard({ iso }: { iso: Iso }) {
  const { t, i18n } = useTranslation();
  const common = useCommonStyles();
  const styles = useStyles();
  const { name, path, size, created, usedBy } = iso;
  return (
    <FileCard kind="isos" name={name} deletable={usedBy.length === 0}>
      <strong className={styles.name}>{name}</strong>
      <span className={common.secondary}>
        {t('isos.written', { when: formatDateTime(created, i18n.language) })}
      </span>
      <div className={common.wrap}>
        <Chip>{formatBytes(size)}</Chip>
        <CopyChip text={path} />
        {usedBy.length > 0 && <Chip>{t('isos.usedBy', { names: listText(t, usedBy) })}</Chip>}
      </div>
    </FileCard>
  );
}
