// A drawn mark of the guest's system, for machines and images without a picture.
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';

import { DesktopRegular } from './icons';

const useStyles = makeStyles({
  mark: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    flexShrink: 0,
    textDecorationLine: 'none',
    width: '40px',
    height: '40px',
    borderRadius: tokens.borderRadiusLarge,
    fontSize: tokens.fontSizeBase500,
    fontWeight: tokens.fontWeightSemibold,
    backgroundColor: tokens.colorNeutralBackground4,
    color: tokens.colorNeutralForeground2,
  },
  large: { width: '56px', height: '56px', fontSize: tokens.fontSizeHero700 },
  small: {
    width: '24px',
    height: '24px',
    fontSize: tokens.fontSizeBase300,
    borderRadius: tokens.borderRadiusMedium,
  },
  debian: {
    backgroundColor: tokens.colorPaletteCranberryBackground2,
    color: tokens.colorPaletteCranberryForeground2,
  },
  ubuntu: {
    backgroundColor: tokens.colorPalettePumpkinBackground2,
    color: tokens.colorPalettePumpkinForeground2,
  },
  alpine: { backgroundColor: tokens.colorPaletteNavyBackground2, color: tokens.colorPaletteNavyForeground2 },
  fedora: {
    backgroundColor: tokens.colorPaletteRoyalBlueBackground2,
    color: tokens.colorPaletteRoyalBlueForeground2,
  },
  windows: { backgroundColor: tokens.colorPaletteBlueBackground2, color: tokens.colorPaletteBlueForeground2 },
  linux: { backgroundColor: tokens.colorPaletteTealBackground2, color: tokens.colorPaletteTealForeground2 },
});

const known = ['debian', 'ubuntu', 'alpine', 'fedora', 'windows', 'linux'] as const;

interface OsMarkProps {
  os: { family: string; id: string };
  size?: 'small' | 'medium' | 'large';
}

export function OsMark({ os, size = 'medium' }: OsMarkProps) {
  const styles = useStyles();
  const look = known.find((name) => os.id.startsWith(name)) ?? known.find((name) => name === os.family);
  const letter = (os.id || '')
    .replace(/[^a-z]/gi, '')
    .slice(0, 1)
    .toUpperCase();
  return (
    <span
      aria-hidden
      className={mergeClasses(
        styles.mark,
        size === 'large' && styles.large,
        size === 'small' && styles.small,
        look && styles[look],
      )}
    >
      {letter || <DesktopRegular />}
    </span>
  );
}
