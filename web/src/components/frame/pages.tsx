import type { FluentIcon } from '@fluentui/react-icons';

import {
  DesktopFilled,
  DesktopRegular,
  GridFilled,
  GridRegular,
  LayerFilled,
  LayerRegular,
  ServerFilled,
  ServerRegular,
  TaskListSquareLtrFilled,
  TaskListSquareLtrRegular,
} from '../icons';

interface PageEntry {
  path: string;
  key: 'overview' | 'machines' | 'images' | 'host' | 'tasks';
  icon: FluentIcon;
  activeIcon: FluentIcon;
}

export const pages: PageEntry[] = [
  { path: '/', key: 'overview', icon: GridRegular, activeIcon: GridFilled },
  { path: '/machines', key: 'machines', icon: DesktopRegular, activeIcon: DesktopFilled },
  { path: '/images', key: 'images', icon: LayerRegular, activeIcon: LayerFilled },
  { path: '/host', key: 'host', icon: ServerRegular, activeIcon: ServerFilled },
  { path: '/tasks', key: 'tasks', icon: TaskListSquareLtrRegular, activeIcon: TaskListSquareLtrFilled },
];
