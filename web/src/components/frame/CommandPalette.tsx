// Ctrl K: type a few letters of a machine, a page or an act, press Enter.
import {
  Dialog,
  DialogSurface,
  Input,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { bestMatches } from '../../lib/search';
import { SearchRegular } from '../icons';
import { usePaletteEntries, type PaletteEntry } from './paletteEntries';

const most = 40;

const useStyles = makeStyles({
  surface: {
    padding: 0,
    maxWidth: '600px',
    marginTop: '10vh',
    marginBottom: 'auto',
    overflow: 'hidden',
    '@media (max-width: 639px)': {
      width: 'auto',
      margin: `${tokens.spacingVerticalXXXL} ${tokens.spacingHorizontalM} auto`,
    },
  },
  input: { width: '100%', borderBottomLeftRadius: 0, borderBottomRightRadius: 0 },
  list: { maxHeight: 'min(420px, 60vh)', overflowY: 'auto', padding: tokens.spacingHorizontalXS },
  group: {
    ...typographyStyles.caption1Strong,
    color: tokens.colorNeutralForeground3,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM} ${tokens.spacingVerticalXS}`,
  },
  item: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    cursor: 'pointer',
  },
  current: { backgroundColor: tokens.colorNeutralBackground1Selected },
  icon: { display: 'inline-flex', fontSize: tokens.fontSizeBase500, color: tokens.colorNeutralForeground2 },
  detail: { ...typographyStyles.caption1, marginLeft: 'auto', color: tokens.colorNeutralForeground3 },
  none: { padding: tokens.spacingHorizontalL, color: tokens.colorNeutralForeground3 },
});

function useShown(query: string): PaletteEntry[] {
  const entries = usePaletteEntries();
  return useMemo(() => {
    const offered = query.trim() ? entries : entries.filter((entry) => entry.group !== 'machineActions');
    return bestMatches(offered, query, (entry) => entry.label, most);
  }, [entries, query]);
}

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const [index, setIndex] = useState(0);
  const shown = useShown(query);
  const current = shown[Math.min(index, shown.length - 1)];
  const idOf = (entry: PaletteEntry) => `${listId}-${shown.indexOf(entry)}`;

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [index]);

  const run = (entry: PaletteEntry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setIndex((index + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(current);
    }
  };

  return (
    <Dialog open onOpenChange={(_, data) => !data.open && onClose()}>
      <DialogSurface className={styles.surface} aria-label={t('palette.title')}>
        <Input
          ref={input}
          autoFocus
          size="large"
          appearance="filled-lighter"
          className={styles.input}
          contentBefore={<SearchRegular />}
          placeholder={t('palette.placeholder')}
          role="combobox"
          aria-label={t('palette.title')}
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={current && idOf(current)}
          value={query}
          onChange={(_, data) => {
            setQuery(data.value);
            setIndex(0);
          }}
          onKeyDown={onKeyDown}
        />
        <div ref={list} id={listId} role="listbox" aria-label={t('palette.title')} className={styles.list}>
          {shown.map((entry, position) => (
            <div key={entry.id} role="presentation">
              {!query && entry.group !== shown[position - 1]?.group && (
                <div role="presentation" className={styles.group}>
                  {t(`palette.group.${entry.group}`)}
                </div>
              )}
              <div
                id={idOf(entry)}
                role="option"
                aria-selected={entry === current}
                className={mergeClasses(styles.item, entry === current && styles.current)}
                onMouseMove={() => setIndex(position)}
                onClick={() => run(entry)}
              >
                <span className={styles.icon} aria-hidden>
                  {entry.icon}
                </span>
                {entry.label}
                {entry.detail && <span className={styles.detail}>{entry.detail}</span>}
              </div>
            </div>
          ))}
        </div>
        {shown.length === 0 && <div className={styles.none}>{t('palette.nothing')}</div>}
      </DialogSurface>
    </Dialog>
  );
}
