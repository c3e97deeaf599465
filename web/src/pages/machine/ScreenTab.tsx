// The guest's screen, with keyboard and mouse, through noVNC.
import { Button, ToggleButton } from '@fluentui/react-components';
import RFB from '@novnc/novnc';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import {
  ArrowClockwiseRegular,
  DesktopRegular,
  KeyboardRegular,
  ScaleFitRegular,
} from '../../components/icons';
import { hasScreen } from '../../lib/machines';
import { GuestStage, StageOff, type StageState } from './GuestStage';
import { guestSocketUrl, retryDelay } from './guestSocket';

export default function ScreenTab({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  if (hasScreen(machine)) return <Screen name={machine.name} />;
  const sentence = machine.spec.display.model === 'none' ? t('stage.noDisplay') : t('stage.screenOff');
  return <StageOff machine={machine} picture={<DesktopRegular />} sentence={sentence} />;
}

function Screen({ name }: { name: string }) {
  const { t } = useTranslation();
  const stage = useRef<HTMLDivElement>(null);
  const guest = useRef<HTMLDivElement>(null);
  const rfb = useRef<RFB | null>(null);
  const [state, setState] = useState<StageState>('connecting');
  const [fit, setFit] = useState(true);
  const [round, setRound] = useState(0);
  const attempts = useRef(0);

  useEffect(() => {
    let left = false;
    let timer: number | undefined;
    const again = () => {
      if (left) return;
      setState('reconnecting');
      timer = window.setTimeout(() => setRound((number) => number + 1), retryDelay(attempts.current));
      attempts.current += 1;
    };
    guestSocketUrl(name, 'screen').then((url) => {
      if (left || !guest.current) return;
      const client = new RFB(guest.current, url, { shared: true, wsProtocols: ['binary'] });
      rfb.current = client;
      client.background = 'transparent';
      client.addEventListener('connect', () => {
        attempts.current = 0;
        setState('connected');
        client.focus();
      });
      client.addEventListener('disconnect', again);
    }, again);
    return () => {
      left = true;
      window.clearTimeout(timer);
      rfb.current?.disconnect();
      rfb.current = null;
    };
  }, [name, round]);

  useEffect(() => {
    if (rfb.current) rfb.current.scaleViewport = fit;
  }, [fit, state]);

  const reconnect = () => {
    setState('connecting');
    setRound((number) => number + 1);
  };

  return (
    <GuestStage
      label={t('tab.screen')}
      stage={stage}
      guest={guest}
      state={state}
      tools={
        <>
          <Button
            appearance="subtle"
            icon={<KeyboardRegular />}
            disabled={state !== 'connected'}
            onClick={() => {
              rfb.current?.sendCtrlAltDel();
              rfb.current?.focus();
            }}
          >
            Ctrl+Alt+Del
          </Button>
          <ToggleButton
            appearance="subtle"
            icon={<ScaleFitRegular />}
            checked={fit}
            onClick={() => setFit(!fit)}
          >
            {t('stage.fit')}
          </ToggleButton>
          <Button appearance="subtle" icon={<ArrowClockwiseRegular />} onClick={reconnect}>
            {t('stage.reconnect')}
          </Button>
        </>
      }
    />
  );
}
