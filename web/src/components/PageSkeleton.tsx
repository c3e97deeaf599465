// The shape of the page that is coming, so that nothing jumps when it is here.
import { Skeleton, SkeletonItem, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

const useStyles = makeStyles({
  root: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalL,
    maxWidth: '1680px',
    margin: '0 auto',
    padding: `${tokens.spacingVerticalXL} ${tokens.spacingHorizontalXXL}`,
    '@media (max-width: 639px)': { padding: tokens.spacingHorizontalL },
  },
  title: { width: '180px' },
  strip: { height: '76px' },
  tiles: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(318px, 100%), 1fr))',
    gap: tokens.spacingHorizontalL,
  },
  tile: { height: '236px', borderRadius: tokens.borderRadiusXLarge },
  row: { height: '56px' },
});

export function PageSkeleton({ path }: { path: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const tiles = path === '/' || path === '/create';
  return (
    <Skeleton className={styles.root} aria-label={t('common.loading')}>
      <SkeletonItem size={28} className={styles.title} />
      <SkeletonItem className={styles.strip} />
      {tiles ? (
        <div className={styles.tiles}>
          {Array.from({ length: 6 }, (_, index) => (
            <SkeletonItem key={index} className={styles.tile} />
          ))}
        </div>
      ) : (
        Array.from({ length: 6 }, (_, index) => <SkeletonItem key={index} className={styles.row} />)
      )}
    </Skeleton>
  );
}
