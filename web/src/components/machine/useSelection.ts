import { useState } from 'react';

import type { Machine } from '../../api/types';

/** Which machines are chosen, by name; one that is gone is not chosen any more. */
export function useSelection(machines: Machine[]) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  return {
    selected,
    chosen: machines.filter((machine) => selected.has(machine.name)),
    select: (names: string[], on: boolean) =>
      setSelected((old) => {
        const next = new Set(old);
        for (const name of names)
          if (on) next.add(name);
          else next.delete(name);
        return next;
      }),
    clear: () => setSelected(new Set()),
  };
}
