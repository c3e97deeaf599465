// What the guest shows, anew every few seconds while someone can see it. Drawn on a canvas: no flash between pictures.
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { screenshotPath } from '../api/calls';
import { send } from '../api/client';
import type { Machine } from '../api/types';
import { useVisible } from '../lib/hooks';
import { hasScreen } from '../lib/machines';
import { OsMark } from './OsMark';

const refreshMilliseconds = 3000;

const useStyles = makeStyles({
  frame: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    overflow: 'hidden',
    width: '100%',
    aspectRatio: '16 / 10',
    borderRadius: tokens.borderRadiusLarge,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorSubtleBackgroundHover,
    boxSizing: 'border-box',
  },
  lit: { backgroundColor: '#000' },
  picture: { position: 'absolute', inset: 0, width: '100%', height: '100%', objectFit: 'contain' },
  hidden: { visibility: 'hidden' },
  dim: { opacity: 0.6 },
});

async function drawScreenshot(name: string, width: number, canvas: HTMLCanvasElement, signal: AbortSignal) {
  const response = await send('GET', screenshotPath(name, width), { signal });
  const picture = await createImageBitmap(await response.blob());
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  picture.close();
}

export function Thumbnail({ machine, width = 320 }: { machine: Machine; width?: number }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState(false);
  const on = hasScreen(machine);
  const wanted = useVisible(frame) && on;
  const { name } = machine;

  useEffect(() => {
    if (!wanted) return undefined;
    const stop = new AbortController();
    let timer: number | undefined;
    const refresh = async () => {
      try {
        if (canvas.current) await drawScreenshot(name, width, canvas.current, stop.signal);
        if (!stop.signal.aborted) setDrawn(true);
      } catch {
        if (!stop.signal.aborted) setDrawn(false);
      }
      if (!stop.signal.aborted) timer = window.setTimeout(() => void refresh(), refreshMilliseconds);
    };
    void refresh();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [wanted, name, width]);

  const lit = drawn && on;
  return (
    <div ref={frame} className={mergeClasses(styles.frame, lit && styles.lit)}>
      {!lit && <OsMark os={machine.spec.os} size="large" />}
      <canvas
        ref={canvas}
        role="img"
        aria-label={t('machine.thumbnail', { name })}
        className={mergeClasses(
          styles.picture,
          !lit && styles.hidden,
          machine.state.status === 'paused' && styles.dim,
        )}
      />
    </div>
  );
}
