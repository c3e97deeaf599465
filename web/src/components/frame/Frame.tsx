// The frame around every page: rail, top bar, connection banner, dialogs and the task drawer.
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet, useLocation } from 'react-router-dom';

import { useLiveInventory } from '../../api/inventory';
import { usePhone } from '../../lib/hooks';
import { SignIn } from '../../pages/login/SignIn';
import { DialogHost } from '../dialogs/DialogHost';
import { PageSkeleton } from '../PageSkeleton';
import { ProblemMessage } from '../ProblemMessage';
import { ConnectionBanner } from './ConnectionBanner';
import { BottomBar, Rail } from './Rail';
import { TopBar } from './TopBar';
import { useSignedOut } from './session';
import { useTaskNews } from './useTaskNews';

export const mainId = 'main';

const useStyles = makeStyles({
  frame: {
    display: 'grid',
    gridTemplateColumns: 'auto minmax(0, 1fr)',
    gridTemplateRows: 'auto minmax(0, 1fr)',
    gridTemplateAreas: '"top top" "rail main"',
    height: '100dvh',
    backgroundColor: tokens.colorNeutralBackground3,
    color: tokens.colorNeutralForeground1,
  },
  phone: {
    gridTemplateColumns: 'minmax(0, 1fr)',
    gridTemplateRows: 'auto minmax(0, 1fr) auto',
    gridTemplateAreas: '"top" "main" "rail"',
  },
  main: {
    gridArea: 'main',
    overflowY: 'auto',
    overflowX: 'hidden',
    backgroundColor: tokens.colorNeutralBackground2,
    borderTopLeftRadius: tokens.borderRadiusXLarge,
    boxShadow: `inset 1px 1px 0 ${tokens.colorNeutralStroke2}`,
    outline: 'none',
    scrollbarGutter: 'stable',
  },
  mainPhone: { borderTopLeftRadius: 0, scrollbarGutter: 'auto' },
  fault: { padding: tokens.spacingHorizontalXXL },
  skip: {
    position: 'absolute',
    left: tokens.spacingHorizontalM,
    top: '-100px',
    zIndex: 10,
    padding: tokens.spacingHorizontalS,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorBrandForegroundLink,
    ':focus': { top: tokens.spacingVerticalS },
  },
});

export function Frame() {
  const signedOut = useSignedOut();
  return signedOut ? <SignIn /> : <SignedInFrame />;
}

function SignedInFrame() {
  const { t } = useTranslation();
  const styles = useStyles();
  const phone = usePhone();
  const { pathname } = useLocation();
  const inventory = useLiveInventory();
  useTaskNews();
  const skeleton = <PageSkeleton path={pathname} />;
  return (
    <div className={mergeClasses(styles.frame, phone && styles.phone)}>
      <a className={styles.skip} href={`#${mainId}`}>
        {t('frame.skip')}
      </a>
      <TopBar />
      {phone ? <BottomBar /> : <Rail />}
      <main id={mainId} tabIndex={-1} className={mergeClasses(styles.main, phone && styles.mainPhone)}>
        <ConnectionBanner waiting={inventory.failureCount > 0 && !inventory.isError} />
        {inventory.isError && !inventory.data ? (
          <div className={styles.fault}>
            <ProblemMessage error={inventory.error} onRetry={() => void inventory.refetch()} />
          </div>
        ) : inventory.data ? (
          <Suspense fallback={skeleton}>
            <Outlet />
          </Suspense>
        ) : (
          skeleton
        )}
      </main>
      {inventory.data && <DialogHost />}
    </div>
  );
}
