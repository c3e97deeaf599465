import type { ReactElement } from 'react';

import type { PowerAct } from '../../lib/machines';
import {
  ArrowClockwiseRegular,
  ArrowResetRegular,
  PauseRegular,
  PlayRegular,
  PowerRegular,
  SaveRegular,
  StopRegular,
} from '../icons';

export const powerIcons: Record<PowerAct, ReactElement> = {
  start: <PlayRegular />,
  resume: <PlayRegular />,
  stop: <PowerRegular />,
  restart: <ArrowClockwiseRegular />,
  pause: <PauseRegular />,
  save: <SaveRegular />,
  reset: <ArrowResetRegular />,
  turnOff: <StopRegular />,
};
