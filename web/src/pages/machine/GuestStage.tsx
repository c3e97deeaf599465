// The dark stage on which a guest's screen or terminal plays, with its tools above and its state over it.
import { Button, Spinner, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { ReactElement, ReactNode, RefObject } from 'react';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import { EmptyState } from '../../components/EmptyState';
import { FullScreenMaximizeRegular } from '../../components/icons';
import { PowerButton } from '../../components/machine/PowerButton';
import { useCommonStyles } from '../../components/styles';

export type StageState = 'connecting' | 'connected' | 'reconnecting';

const useStyles = makeStyles({
  card: { display: 'flex', flexDirection: 'column', flexGrow: 1, minHeight: '420px', overflow: 'hidden' },
  tools: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    padding: tokens.spacingHorizontalXS,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
  },
  stage: {
    position: 'relative',
    flex: '1 1 0',
    minHeight: '360px',
    backgroundColor: '#0c0c0c',
    overflow: 'hidden',
  },
  guest: { position: 'absolute', inset: 0 },
  padded: { inset: tokens.spacingHorizontalS },
  over: {
    position: 'absolute',
    inset: 0,
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    backgroundColor: 'rgba(0, 0, 0, 0.55)',
    pointerEvents: 'none',
  },
  word: { color: '#fff' },
});

interface GuestStageProps {
  label: string;
  stage: RefObject<HTMLDivElement | null>;
  guest: RefObject<HTMLDivElement | null>;
  state: StageState;
  padded?: boolean;
  tools?: ReactNode;
}

export function GuestStage({ label, stage, guest, state, padded, tools }: GuestStageProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  return (
    <section className={mergeClasses(common.card, styles.card)} aria-label={label}>
      <div className={styles.tools} role="toolbar" aria-label={label}>
        {tools}
        <span className={common.grow} />
        <Button
          appearance="subtle"
          icon={<FullScreenMaximizeRegular />}
          onClick={() => void stage.current?.requestFullscreen()}
        >
          {t('stage.fullScreen')}
        </Button>
      </div>
      <div ref={stage} className={styles.stage}>
        <div
          ref={guest}
          data-guest-input
          data-state={state}
          className={mergeClasses(styles.guest, padded && styles.padded)}
        />
        {state !== 'connected' && (
          <div className={styles.over} role="status">
            <Spinner size="small" label={{ children: t(`stage.${state}`), className: styles.word }} />
          </div>
        )}
      </div>
    </section>
  );
}

export function StageOff({
  machine,
  picture,
  sentence,
}: {
  machine: Machine;
  picture: ReactElement;
  sentence: string;
}) {
  const { t } = useTranslation();
  return (
    <EmptyState
      picture={picture}
      title={t('stage.offTitle', { state: t(`state.${machine.state.status}`) })}
      sentence={sentence}
    >
      <PowerButton machine={machine} />
    </EmptyState>
  );
}
