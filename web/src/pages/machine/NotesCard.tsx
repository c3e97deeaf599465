// What people have written about the machine.
import { Button, makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router-dom';

import type { Machine } from '../../api/types';
import { EditRegular } from '../../components/icons';
import { Notes } from '../../components/notes/Notes';
import { useCommonStyles } from '../../components/styles';

const useStyles = makeStyles({
  card: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalL,
  },
  head: { display: 'flex', alignItems: 'center', justifyContent: 'space-between' },
  title: { ...typographyStyles.body1Strong, margin: 0 },
});

export function NotesCard({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const navigate = useNavigate();
  if (machine.description.trim() === '') return null;
  return (
    <section className={mergeClasses(common.card, styles.card)} aria-label={t('notes.title')}>
      <div className={styles.head}>
        <h2 className={styles.title}>{t('notes.title')}</h2>
        <Button
          appearance="subtle"
          size="small"
          icon={<EditRegular />}
          aria-label={t('notes.edit')}
          onClick={() => navigate(`/machines/${machine.name}/settings/general`)}
        />
      </div>
      <Notes text={machine.description} />
    </section>
  );
}
