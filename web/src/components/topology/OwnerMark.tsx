// The letter by which a machine is found in the picture of the processors. A frame says how it holds the place: doubled, alone;
// dashed, only after its next start.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { ProcessorOwner } from '../../api/topologyTypes';
import { piecesOfOwner, type MarkedOwner } from '../../lib/pinning';
import { usePieceName } from './pieces';

const useStyles = makeStyles({
  mark: {
    ...typographyStyles.caption2Strong,
    boxSizing: 'border-box',
    minWidth: '16px',
    height: '16px',
    lineHeight: '14px',
    padding: '0 2px',
    textAlign: 'center',
    borderRadius: tokens.borderRadiusSmall,
    border: `${tokens.strokeWidthThin} solid currentColor`,
  },
  alone: { outline: `${tokens.strokeWidthThin} solid currentColor`, outlineOffset: '1px', margin: '1px' },
  resting: { border: `${tokens.strokeWidthThin} dashed currentColor` },
  0: {
    color: tokens.colorPaletteTealForeground2,
    backgroundColor: tokens.colorPaletteTealBackground2,
  },
  1: {
    color: tokens.colorPalettePlumForeground2,
    backgroundColor: tokens.colorPalettePlumBackground2,
  },
  2: {
    color: tokens.colorPaletteMarigoldForeground2,
    backgroundColor: tokens.colorPaletteMarigoldBackground2,
  },
  3: {
    color: tokens.colorPaletteForestForeground2,
    backgroundColor: tokens.colorPaletteForestBackground2,
  },
  4: {
    color: tokens.colorPaletteCranberryForeground2,
    backgroundColor: tokens.colorPaletteCranberryBackground2,
  },
  5: {
    color: tokens.colorPaletteSteelForeground2,
    backgroundColor: tokens.colorPaletteSteelBackground2,
  },
});
const hues = [0, 1, 2, 3, 4, 5] as const;

interface OwnerMarkProps extends MarkedOwner {
  title?: string;
}

export function OwnerMark({ owner, mark, index, title }: OwnerMarkProps) {
  const styles = useStyles();
  return (
    <span
      className={mergeClasses(
        styles.mark,
        styles[hues[index % hues.length] ?? 0],
        owner.pinning.exclusive && styles.alone,
        !owner.running && styles.resting,
      )}
      title={title}
      data-owner={owner.machine}
    >
      {mark}
    </span>
  );
}

/** `hello: vCPU 0, QEMU` */
function useOwnerTitle() {
  const { t } = useTranslation();
  const pieceName = usePieceName();
  return (owner: ProcessorOwner, processor: number) =>
    `${owner.machine}: ${piecesOfOwner(owner, processor).map(pieceName).join(t('common.listSeparator'))}`;
}

const most = 4;

export function OwnerMarks({ owners = [], processor }: { owners?: MarkedOwner[]; processor: number }) {
  const title = useOwnerTitle();
  const rest = owners.slice(most);
  return (
    <>
      {owners.slice(0, most).map((one) => (
        <OwnerMark key={one.mark} {...one} title={title(one.owner, processor)} />
      ))}
      {rest.length > 0 && (
        <span title={rest.map(({ owner }) => title(owner, processor)).join('\n')}>+{rest.length}</span>
      )}
    </>
  );
}
