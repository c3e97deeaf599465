import { webDarkTheme, webLightTheme, type Theme } from '@fluentui/react-components';

import type { ThemeChoice } from './preferences';

const fonts = {
  fontFamilyBase:
    "'Inter Variable', 'Segoe UI Variable Text', 'Segoe UI', system-ui, -apple-system, 'Noto Sans', 'Microsoft YaHei', 'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif",
  fontFamilyMonospace:
    "ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, 'DejaVu Sans Mono', 'Liberation Mono', Consolas, monospace",
};

const light: Theme = { ...webLightTheme, ...fonts };
/** Cards in the dark are told apart by their shade; full strokes around each of them would shout. */
const dark: Theme = {
  ...webDarkTheme,
  ...fonts,
  colorNeutralStroke2: '#3b3b3b',
  colorNeutralStroke3: '#343434',
};

export const isDark = (choice: ThemeChoice, systemIsDark: boolean) =>
  choice === 'dark' || (choice === 'system' && systemIsDark);

export const themeOf = (isDarkNow: boolean): Theme => (isDarkNow ? dark : light);
