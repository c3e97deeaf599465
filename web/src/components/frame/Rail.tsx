// The way between pages: a rail on the left, or a bar at the bottom of a phone.
import { Tooltip, makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import type { FluentIcon } from '@fluentui/react-icons';
import { useTranslation } from 'react-i18next';
import { NavLink, useLocation } from 'react-router-dom';

import { usePreferences } from '../../lib/preferences';
import { SettingsFilled, SettingsRegular } from '../icons';
import { pages } from './pages';

const useStyles = makeStyles({
  rail: {
    gridArea: 'rail',
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'space-between',
    boxSizing: 'border-box',
    width: '196px',
    padding: tokens.spacingHorizontalXS,
    overflowY: 'auto',
    overflowX: 'hidden',
  },
  collapsed: { width: '52px' },
  group: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXS },
  link: {
    ...typographyStyles.body1,
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    height: '40px',
    boxSizing: 'border-box',
    padding: `0 ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecorationLine: 'none',
    whiteSpace: 'nowrap',
    ':hover': { backgroundColor: tokens.colorNeutralBackground3Hover, color: tokens.colorNeutralForeground1 },
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: '-2px',
    },
  },
  active: {
    backgroundColor: tokens.colorNeutralBackground3Selected,
    color: tokens.colorNeutralForeground1,
    fontWeight: tokens.fontWeightSemibold,
    '::before': {
      content: '""',
      position: 'absolute',
      left: 0,
      top: '11px',
      width: '3px',
      height: '18px',
      borderRadius: tokens.borderRadiusCircular,
      backgroundColor: tokens.colorCompoundBrandStroke,
    },
  },
  icon: { fontSize: tokens.fontSizeBase500, flexShrink: 0 },
  iconActive: { color: tokens.colorCompoundBrandForeground1 },
  bottom: {
    gridArea: 'rail',
    display: 'grid',
    gridAutoFlow: 'column',
    gridAutoColumns: 'minmax(0, 1fr)',
    borderTop: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    paddingBottom: 'env(safe-area-inset-bottom)',
  },
  bottomLink: {
    ...typographyStyles.caption2,
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'center',
    gap: tokens.spacingVerticalXXS,
    height: '56px',
    color: tokens.colorNeutralForeground2,
    textDecorationLine: 'none',
    whiteSpace: 'nowrap',
  },
  bottomActive: { color: tokens.colorCompoundBrandForeground1, fontWeight: tokens.fontWeightSemibold },
});

function useActive(path: string): boolean {
  const { pathname } = useLocation();
  if (path === '/') return pathname === '/' || pathname === '/create';
  return pathname === path || pathname.startsWith(`${path}/`);
}

interface ItemProps {
  path: string;
  label: string;
  icon: FluentIcon;
  activeIcon: FluentIcon;
}

function RailItem({ path, label, icon, activeIcon, collapsed }: ItemProps & { collapsed: boolean }) {
  const styles = useStyles();
  const active = useActive(path);
  const Icon = active ? activeIcon : icon;
  const link = (
    <NavLink
      to={path}
      className={mergeClasses(styles.link, active && styles.active)}
      aria-label={collapsed ? label : undefined}
    >
      <Icon aria-hidden className={mergeClasses(styles.icon, active && styles.iconActive)} />
      {!collapsed && label}
    </NavLink>
  );
  return collapsed ? (
    <Tooltip content={label} relationship="label" positioning="after">
      {link}
    </Tooltip>
  ) : (
    link
  );
}

export function Rail() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { railCollapsed } = usePreferences();
  return (
    <nav
      aria-label={t('frame.pages')}
      className={mergeClasses(styles.rail, railCollapsed && styles.collapsed)}
    >
      <div className={styles.group}>
        {pages.map((page) => (
          <RailItem
            key={page.path}
            path={page.path}
            label={t(`page.${page.key}`)}
            icon={page.icon}
            activeIcon={page.activeIcon}
            collapsed={railCollapsed}
          />
        ))}
      </div>
      <RailItem
        path="/settings"
        label={t('page.preferences')}
        icon={SettingsRegular}
        activeIcon={SettingsFilled}
        collapsed={railCollapsed}
      />
    </nav>
  );
}

function BottomItem({ path, label, icon, activeIcon }: ItemProps) {
  const styles = useStyles();
  const active = useActive(path);
  const Icon = active ? activeIcon : icon;
  return (
    <NavLink to={path} className={mergeClasses(styles.bottomLink, active && styles.bottomActive)}>
      <Icon aria-hidden className={styles.icon} />
      {label}
    </NavLink>
  );
}

export function BottomBar() {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <nav aria-label={t('frame.pages')} className={styles.bottom}>
      {pages.map((page) => (
        <BottomItem
          key={page.path}
          path={page.path}
          label={t(`page.${page.key}`)}
          icon={page.icon}
          activeIcon={page.activeIcon}
        />
      ))}
    </nav>
  );
}
