// Where an arrow key leads among things that stand anywhere on the page. Pure.
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const directions: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export const isArrow = (key: string) => key in directions;

/** The place of the nearest box in that direction; what lies straight ahead is nearer than what lies askew. */
export function nextBox(boxes: Box[], from: number, key: string): number | null {
  const direction = directions[key];
  const start = boxes[from];
  if (!direction || !start) return null;
  const [dx, dy] = direction;
  let best: number | null = null;
  let least = Infinity;
  boxes.forEach((box, index) => {
    const x = box.x + box.width / 2 - (start.x + start.width / 2);
    const y = box.y + box.height / 2 - (start.y + start.height / 2);
    const ahead = x * dx + y * dy;
    if (index === from || ahead < 1) return;
    const distance = ahead + 4 * Math.abs(x * dy + y * dx);
    if (distance < least) [least, best] = [distance, index];
  });
  return best;
}
