// What a page adds to the picture of the processors.
import { createContext, useContext, useState, type DragEvent, type ReactNode } from 'react';

/** What else stands in the picture, and what can be put there. */
export interface MapSlots {
  /** Below the load of a processor. */
  marks?: (processor: number) => ReactNode;
  /** Behind the name of a group. */
  group?: (processors: number[], name: string) => ReactNode;
  /** How the button over each processor is called; without it there is none. */
  choose?: { label: (processor: number) => string; run: (processors: number[], add: boolean) => void };
  /** Set while something is dragged that can be put on processors. */
  drop?: (processors: number[], add: boolean) => void;
}

export const Slots = createContext<MapSlots>({});

/** What makes an element a place to drop on. */
export function useDrop(processors: number[]) {
  const { drop } = useContext(Slots);
  const [over, setOver] = useState(false);
  if (!drop) return { over: false, handlers: {} };
  return {
    over,
    handlers: {
      onDragOver: (event: DragEvent) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        drop(processors, event.shiftKey);
      },
    },
  };
}
