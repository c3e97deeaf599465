// The colours of load, from cool to hot: one hue that gets stronger, on which the text stays readable in light and dark.
import { makeStyles, tokens } from '@fluentui/react-components';

const tint = (percent: number) =>
  `color-mix(in srgb, ${tokens.colorCompoundBrandBackground} ${percent}%, ${tokens.colorNeutralBackground1})`;

export const useHeatStyles = makeStyles({
  0: { backgroundColor: tokens.colorNeutralBackground1 },
  1: { backgroundColor: tint(14) },
  2: { backgroundColor: tint(28) },
  3: { backgroundColor: tint(42) },
  4: { backgroundColor: tint(56) },
});
