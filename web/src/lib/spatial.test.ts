import { expect, it } from 'vitest';

import { isArrow, nextBox } from './spatial';

const box = (x: number, y: number) => ({ x, y, width: 10, height: 10 });
// 0 1 2
// 3   4
const grid = [box(0, 0), box(20, 0), box(40, 0), box(0, 20), box(40, 20)];

it('arrow keys lead to the neighbour on that side', () => {
  expect(nextBox(grid, 0, 'ArrowRight')).toBe(1);
  expect(nextBox(grid, 2, 'ArrowLeft')).toBe(1);
  expect(nextBox(grid, 0, 'ArrowDown')).toBe(3);
  expect(nextBox(grid, 4, 'ArrowUp')).toBe(2);
  expect(nextBox(grid, 3, 'ArrowRight')).toBe(4);
});

it('nothing lies behind the border, and other keys lead nowhere', () => {
  expect(nextBox(grid, 0, 'ArrowLeft')).toBeNull();
  expect(nextBox(grid, 3, 'ArrowDown')).toBeNull();
  expect(nextBox(grid, 0, 'Enter')).toBeNull();
  expect(isArrow('Enter')).toBe(false);
});
