// Tabs that are addresses: each is a link, so they open in new windows, and Back walks them.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { Link } from 'react-router-dom';

const useStyles = makeStyles({
  across: { display: 'flex', overflowX: 'auto', overflowY: 'hidden', flexShrink: 0, marginLeft: '-10px' },
  down: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXS, alignSelf: 'start' },
  tab: {
    ...typographyStyles.body1,
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    boxSizing: 'border-box',
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalMNudge}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecorationLine: 'none',
    whiteSpace: 'nowrap',
    '::before': {
      content: '""',
      position: 'absolute',
      borderRadius: tokens.borderRadiusCircular,
    },
    ':hover': { color: tokens.colorNeutralForeground1 },
    ':hover::before': { backgroundColor: tokens.colorNeutralStroke1Hover },
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: '-2px',
    },
  },
  tabAcross: {
    '::before': {
      left: tokens.spacingHorizontalMNudge,
      right: tokens.spacingHorizontalMNudge,
      bottom: 0,
      height: tokens.strokeWidthThicker,
    },
  },
  tabDown: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundHover },
    '::before': { left: 0, top: '9px', bottom: '9px', width: tokens.strokeWidthThicker },
  },
  current: {
    color: tokens.colorNeutralForeground1,
    fontWeight: tokens.fontWeightSemibold,
    '::before': { backgroundColor: tokens.colorCompoundBrandStroke },
    ':hover::before': { backgroundColor: tokens.colorCompoundBrandStrokeHover },
  },
});

interface LinkTabsProps {
  label: string;
  current: string;
  vertical?: boolean;
  tabs: { name: string; label: string; to: string }[];
}

export function LinkTabs({ label, current, vertical, tabs }: LinkTabsProps) {
  const styles = useStyles();
  return (
    <nav aria-label={label} className={vertical ? styles.down : styles.across}>
      {tabs.map((tab) => (
        <Link
          key={tab.name}
          to={tab.to}
          aria-current={tab.name === current ? 'page' : undefined}
          className={mergeClasses(
            styles.tab,
            vertical ? styles.tabDown : styles.tabAcross,
            tab.name === current && styles.current,
          )}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
