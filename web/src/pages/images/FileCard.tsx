// One file of Visor's own in a list: what is known of it, and its end where nothing needs it.
import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { useOpenDialog } from '../../components/dialogs/address';
import { DeleteRegular } from '../../components/icons';
import { useCommonStyles } from '../../components/styles';

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
});

interface FileCardProps {
  kind: 'volumes' | 'isos';
  name: string;
  deletable: boolean;
  children: ReactNode;
}

export function FileCard({ kind, name, deletable, children }: FileCardProps) {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const styles = useStyles();
  const openDialog = useOpenDialog();
  return (
    <article className={mergeClasses(common.card, styles.card)} aria-label={name}>
      <div className={styles.facts}>{children}</div>
      {deletable && (
        <Button
          icon={<DeleteRegular />}
          aria-label={t(`${kind}.deleteTitle`, { name })}
          onClick={() => openDialog(kind === 'isos' ? 'deleteIso' : 'deleteVolume', [name])}
        >
          {t('common.delete')}
        </Button>
      )}
    </article>
  );
}
