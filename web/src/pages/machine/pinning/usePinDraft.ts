// Where the user has put the pieces of a machine and not yet bound them.
import { useState } from 'react';

import type { Pinning } from '../../../api/topologyTypes';
import type { Machine } from '../../../api/types';
import {
  changesOf,
  draftOf,
  move,
  pinningOf,
  place,
  release,
  type Piece,
  type PinChange,
  type PinDraft,
} from '../../../lib/pinning';

/** What was taken hold of: a piece, and the processor it was taken from when it stood on one. */
export interface Hold {
  piece: Piece;
  from?: number;
}

export interface PinEditor {
  draft: PinDraft;
  changes: PinChange[];
  /** What would be sent. */
  wanted: Omit<Pinning, 'exclusive'>;
  put: (hold: Hold, processors: number[], add: boolean) => void;
  free: (hold: Hold) => void;
  use: (pinning: Pinning) => void;
  forget: () => void;
}

export function usePinDraft({ spec }: Machine): PinEditor {
  const [changed, setChanged] = useState<PinDraft | null>(null);
  const count = Math.max(spec.cpu.count, spec.cpu.maximum);
  const diskThreads = spec.cpu.ioThreads > 0 || spec.cpu.pinning.io !== '';
  const bound = draftOf(spec.cpu.pinning, count, diskThreads);
  const draft = changed ?? bound;
  return {
    draft,
    changes: changesOf(bound, draft),
    wanted: pinningOf(draft),
    put: ({ piece, from }, processors, add) => {
      const [only] = processors;
      const moves = from !== undefined && only !== undefined && processors.length === 1 && !add;
      setChanged(moves ? move(draft, piece, from, only) : place(draft, piece, processors, add));
    },
    free: ({ piece, from }) => setChanged(release(draft, piece, from)),
    use: (pinning) => setChanged(draftOf(pinning, count, diskThreads)),
    forget: () => setChanged(null),
  };
}
