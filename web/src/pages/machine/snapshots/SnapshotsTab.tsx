// The machine's snapshots as a tree, and where the present stands in it.
import {
  Body1,
  Button,
  Caption1,
  Link,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { snapshotPicture, useSnapshots } from '../../../api/snapshots';
import type { Snapshot, SnapshotTree } from '../../../api/snapshotTypes';
import type { Machine } from '../../../api/types';
import { Chip } from '../../../components/Chip';
import { useOpenDialog } from '../../../components/dialogs/address';
import { EmptyState } from '../../../components/EmptyState';
import { AddRegular, DeleteRegular, EditRegular, HistoryRegular } from '../../../components/icons';
import { PageSkeleton } from '../../../components/PageSkeleton';
import { ProblemMessage } from '../../../components/ProblemMessage';
import { cardBorder, useCommonStyles } from '../../../components/styles';
import { formatBytes, formatDateTime } from '../../../lib/format';
import { treeRows } from '../../../lib/snapshots';

const useStyles = makeStyles({
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
  },
  title: { ...typographyStyles.subtitle2, margin: 0 },
  tree: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
  row: { display: 'flex', minWidth: 0 },
  step: {
    flexShrink: 0,
    width: tokens.spacingHorizontalXXL,
    borderLeft: cardBorder,
    marginLeft: tokens.spacingHorizontalS,
    '@media (max-width: 639px)': { width: tokens.spacingHorizontalXS },
  },
  card: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    flexGrow: 1,
    padding: tokens.spacingHorizontalM,
  },
  here: { border: `${tokens.strokeWidthThick} solid ${tokens.colorBrandStroke1}` },
  picture: {
    width: '96px',
    aspectRatio: '16 / 10',
    objectFit: 'contain',
    backgroundColor: tokens.colorNeutralBackgroundInverted,
    borderRadius: tokens.borderRadiusMedium,
  },
  words: { display: 'flex', flexDirection: 'column', flexGrow: 1, flexBasis: '180px', minWidth: 0 },
  name: { ...typographyStyles.body1Strong, overflowWrap: 'anywhere' },
  note: { whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' },
});

export default function SnapshotsTab({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const open = useOpenDialog();
  const tree = useSnapshots(machine);
  const create = () => open('snapshotCreate', [machine.name]);
  if (tree.isError) return <ProblemMessage error={tree.error} />;
  if (!tree.data) return <PageSkeleton path="" />;
  const button = (
    <Button appearance="primary" icon={<AddRegular />} disabled={Boolean(machine.task)} onClick={create}>
      {t('snapshots.create')}
    </Button>
  );
  if (tree.data.snapshots.length === 0) {
    return (
      <EmptyState
        picture={<HistoryRegular />}
        title={t('snapshots.emptyTitle')}
        sentence={t('snapshots.empty')}
      >
        {button}
      </EmptyState>
    );
  }
  return (
    <section className={common.stack} aria-label={t('tab.snapshots')}>
      <div className={styles.head}>
        <h2 className={styles.title}>{t('snapshots.count', { count: tree.data.snapshots.length })}</h2>
        {button}
      </div>
      <ul className={styles.tree}>
        {treeRows(tree.data).map(({ key, depth, snapshot }) => (
          <li key={key} className={styles.row} aria-level={depth + 1}>
            {Array.from({ length: depth }, (_, step) => (
              <span key={step} className={styles.step} aria-hidden />
            ))}
            {snapshot ? (
              <SnapshotCard machine={machine} snapshot={snapshot} />
            ) : (
              <PresentCard tree={tree.data} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function PresentCard({ tree }: { tree: SnapshotTree }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  return (
    <div className={mergeClasses(common.card, styles.card, styles.here)} aria-current="true">
      <div className={styles.words}>
        <span className={styles.name}>{t('snapshots.here')}</span>
        <Caption1 className={common.secondary}>
          {t(tree.changed ? 'snapshots.changed' : 'snapshots.unchanged')}
        </Caption1>
      </div>
      <Chip>{formatBytes(tree.size)}</Chip>
    </div>
  );
}

function SnapshotCard({ machine, snapshot }: { machine: Machine; snapshot: Snapshot }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const open = useOpenDialog();
  const targets = [machine.name, snapshot.id];
  const busy = Boolean(machine.task);
  return (
    <div className={mergeClasses(common.card, styles.card)}>
      {snapshot.screenshot && (
        <img
          className={styles.picture}
          src={snapshotPicture(machine.name, snapshot.name)}
          alt={t('snapshots.picture', { name: snapshot.name })}
          loading="lazy"
        />
      )}
      <div className={styles.words}>
        <span className={styles.name}>{snapshot.name}</span>
        {snapshot.note && <Body1 className={styles.note}>{snapshot.note}</Body1>}
        <Caption1 className={common.secondary}>{formatDateTime(snapshot.created, i18n.language)}</Caption1>
      </div>
      <Chip title={t(`snapshots.${snapshot.kind}Sentence`)}>{t(`snapshots.${snapshot.kind}`)}</Chip>
      <Chip>{formatBytes(snapshot.size)}</Chip>
      <div className={common.row}>
        <Link as="button" disabled={busy} onClick={() => open('snapshotRestore', targets)}>
          {t('snapshots.goTo')}
        </Link>
        <Button
          appearance="subtle"
          icon={<EditRegular />}
          aria-label={t('snapshots.rename', { name: snapshot.name })}
          onClick={() => open('snapshotRename', targets)}
        />
        <Button
          appearance="subtle"
          icon={<DeleteRegular />}
          aria-label={t('snapshots.delete', { name: snapshot.name })}
          disabled={busy}
          onClick={() => open('snapshotDelete', targets)}
        />
      </div>
    </div>
  );
}
