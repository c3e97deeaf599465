// The pieces of a machine that can be put on processors: one chip for each vCPU and one for QEMU's own threads.
import {
  Button,
  Caption1,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { DismissRegular } from '../../../components/icons';
import { useCommonStyles } from '../../../components/styles';
import { usePieceName } from '../../../components/topology/pieces';
import { cpuListText, piecesOf, placesOf, type Piece, type PinDraft } from '../../../lib/pinning';
import type { Hold } from './usePinDraft';

const useStyles = makeStyles({
  tray: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}`,
    '@media (max-width: 639px)': { padding: tokens.spacingHorizontalM },
  },
  over: { boxShadow: `inset 0 0 0 2px ${tokens.colorBrandStroke1}` },
  chips: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, margin: 0, padding: 0 },
  item: { display: 'inline-flex', alignItems: 'stretch', listStyleType: 'none' },
  chip: {
    ...typographyStyles.caption1Strong,
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    minHeight: '28px',
    padding: `0 ${tokens.spacingHorizontalS}`,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorBrandStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorBrandForeground2,
    fontFamily: 'inherit',
    fontVariantNumeric: 'tabular-nums',
    cursor: 'grab',
    ':hover': { backgroundColor: tokens.colorBrandBackground2Hover },
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: tokens.strokeWidthThin,
    },
    '@media (hover: none)': { minHeight: '36px' },
  },
  picked: {
    backgroundColor: tokens.colorBrandBackground,
    color: tokens.colorNeutralForegroundOnBrand,
    ':hover': { backgroundColor: tokens.colorBrandBackgroundHover },
  },
  where: { fontWeight: tokens.fontWeightRegular },
});

interface PinTrayProps {
  draft: PinDraft;
  picked: Piece | null;
  busy: boolean;
  /** Something is being dragged: dropped here it may run anywhere. */
  dragging: boolean;
  onPick: (piece: Piece | null) => void;
  onDrag: (hold: Hold | null) => void;
  onFree: (hold: Hold) => void;
  onDrop: () => void;
}

export function PinTray({ draft, picked, busy, dragging, onPick, onDrag, onFree, onDrop }: PinTrayProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const pieceName = usePieceName();
  const [over, setOver] = useState(false);
  const where = (piece: Piece) => cpuListText(placesOf(draft, piece)) || t('pinning.any');
  const onKeyDown = (event: KeyboardEvent, piece: Piece) => {
    if (event.key === 'Delete' || event.key === 'Backspace') onFree({ piece });
    if (event.key === 'Escape') onPick(null);
  };
  return (
    <div
      className={mergeClasses(styles.tray, over && dragging && styles.over)}
      data-tray
      onDragOver={(event) => {
        if (!dragging) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onDrop();
      }}
    >
      <ul className={styles.chips} aria-label={t('pinning.pieces')}>
        {piecesOf(draft).map((piece) => (
          <li key={piece} className={styles.item}>
            <button
              type="button"
              className={mergeClasses(styles.chip, picked === piece && styles.picked)}
              aria-pressed={picked === piece}
              aria-describedby="pin-hint"
              data-piece={piece}
              disabled={busy}
              draggable
              onDragStart={(event) => {
                event.dataTransfer.setData('text/plain', pieceName(piece));
                onDrag({ piece });
              }}
              onDragEnd={() => onDrag(null)}
              onClick={() => onPick(picked === piece ? null : piece)}
              onKeyDown={(event) => onKeyDown(event, piece)}
            >
              {pieceName(piece)} <span className={styles.where}>{where(piece)}</span>
            </button>
            {placesOf(draft, piece).length > 0 && (
              <Button
                appearance="subtle"
                size="small"
                icon={<DismissRegular />}
                disabled={busy}
                aria-label={t('pinning.free', { piece: pieceName(piece) })}
                onClick={() => onFree({ piece })}
              />
            )}
          </li>
        ))}
      </ul>
      <Caption1 id="pin-hint" className={common.secondary} aria-live="polite">
        {picked === null ? t('pinning.hint') : t('pinning.hintPicked', { piece: pieceName(picked) })}
      </Caption1>
    </div>
  );
}
