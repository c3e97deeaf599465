import {
  Button,
  Tooltip,
  makeStyles,
  mergeClasses,
  tokens,
  typographyStyles,
} from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router-dom';

import { useConnection, useTasks } from '../../api/inventory';
import { usePhone } from '../../lib/hooks';
import { setPreferences, usePreferences } from '../../lib/preferences';
import { useOpenDialog } from '../dialogs/address';
import {
  CheckmarkCircleRegular,
  NavigationRegular,
  PlugDisconnectedRegular,
  SearchRegular,
  SettingsRegular,
  SpinnerIosRegular,
  TaskListSquareLtrRegular,
} from '../icons';
import { CommandPalette } from './CommandPalette';
import { LanguageMenu, ThemeMenu } from './PreferenceMenus';

const useStyles = makeStyles({
  bar: {
    gridArea: 'top',
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    height: '48px',
    padding: `0 ${tokens.spacingHorizontalS}`,
    boxSizing: 'border-box',
  },
  brand: {
    ...typographyStyles.subtitle2,
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `0 ${tokens.spacingHorizontalS}`,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
  },
  mark: { width: '24px', height: '24px', display: 'block' },
  middle: { flex: 1, display: 'flex', justifyContent: 'center', minWidth: 0 },
  search: {
    width: '420px',
    maxWidth: '100%',
    justifyContent: 'flex-start',
    fontWeight: tokens.fontWeightRegular,
    color: tokens.colorNeutralForeground3,
  },
  keys: {
    ...typographyStyles.caption2,
    marginLeft: 'auto',
    padding: `0 ${tokens.spacingHorizontalXS}`,
    borderRadius: tokens.borderRadiusSmall,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    color: tokens.colorNeutralForeground3,
  },
  label: { flexGrow: 1, display: 'flex', alignItems: 'center' },
  spin: {
    animationName: { to: { transform: 'rotate(360deg)' } },
    animationDuration: '1.2s',
    animationIterationCount: 'infinite',
    animationTimingFunction: 'linear',
    color: tokens.colorBrandForeground1,
  },
  fixed: { whiteSpace: 'nowrap', flexShrink: 0 },
  icon: { minWidth: '32px', flexShrink: 0 },
  online: { color: tokens.colorStatusSuccessForeground1 },
  offline: { color: tokens.colorStatusWarningForeground1 },
  state: {
    ...typographyStyles.caption1,
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    padding: `0 ${tokens.spacingHorizontalS}`,
    whiteSpace: 'nowrap',
    color: tokens.colorNeutralForeground2,
  },
  stateIcon: { fontSize: tokens.fontSizeBase400 },
});

function ConnectionState({ compact }: { compact: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const connection = useConnection();
  const offline = connection === 'offline';
  const Icon = offline
    ? PlugDisconnectedRegular
    : connection === 'online'
      ? CheckmarkCircleRegular
      : SpinnerIosRegular;
  const word = t(`connection.${connection}`);
  return (
    <span className={styles.state} role="status" title={t(`connection.${connection}Sentence`)}>
      <Icon
        aria-hidden={!compact}
        aria-label={compact ? word : undefined}
        className={mergeClasses(styles.stateIcon, offline ? styles.offline : styles.online)}
      />
      {!compact && word}
    </span>
  );
}

function TaskIndicator({ compact }: { compact: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const openDialog = useOpenDialog();
  const running = useTasks().filter((task) => task.state === 'running').length;
  const label = running > 0 ? t('tasks.running', { count: running }) : t('tasks.none');
  return (
    <Button
      appearance="subtle"
      className={compact ? styles.icon : styles.fixed}
      icon={running > 0 ? <SpinnerIosRegular className={styles.spin} /> : <TaskListSquareLtrRegular />}
      aria-label={t('tasks.openDrawer', { state: label })}
      onClick={() => openDialog('tasks')}
    >
      {!compact && running > 0 ? label : undefined}
    </Button>
  );
}

function usePaletteKey(open: () => void) {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return;
      // Ctrl K inside a guest's screen or terminal belongs to the guest.
      const target = event.target instanceof Element ? event.target : null;
      if (target?.closest('[data-guest-input]')) return;
      event.preventDefault();
      open();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [open]);
}

export function TopBar() {
  const { t } = useTranslation();
  const styles = useStyles();
  const phone = usePhone();
  const navigate = useNavigate();
  const { railCollapsed } = usePreferences();
  const [palette, setPalette] = useState(false);
  const [openPalette] = useState(() => () => setPalette(true));
  usePaletteKey(openPalette);
  return (
    <header className={styles.bar}>
      {!phone && (
        <Tooltip content={t('frame.toggleRail')} relationship="label">
          <Button
            appearance="subtle"
            className={styles.icon}
            icon={<NavigationRegular />}
            aria-expanded={!railCollapsed}
            onClick={() => setPreferences({ railCollapsed: !railCollapsed })}
          />
        </Tooltip>
      )}
      <Link to="/" className={styles.brand} aria-label={t('frame.home')}>
        <img src="/visor.svg" alt="" className={styles.mark} />
        {!phone && 'Visor'}
      </Link>
      <div className={styles.middle}>
        <Button
          className={styles.search}
          icon={<SearchRegular />}
          aria-keyshortcuts="Control+K"
          onClick={openPalette}
        >
          <span className={styles.label}>
            {t('palette.open')}
            {!phone && <kbd className={styles.keys}>Ctrl K</kbd>}
          </span>
        </Button>
      </div>
      <TaskIndicator compact={phone} />
      <ConnectionState compact={phone} />
      {phone ? (
        <Button
          appearance="subtle"
          className={styles.icon}
          icon={<SettingsRegular />}
          aria-label={t('page.preferences')}
          onClick={() => navigate('/settings')}
        />
      ) : (
        <>
          <LanguageMenu />
          <ThemeMenu />
        </>
      )}
      {palette && <CommandPalette onClose={() => setPalette(false)} />}
    </header>
  );
}
