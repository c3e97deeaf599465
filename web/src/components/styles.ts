// Looks that several components share.
import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';

export const cardBorder = `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`;

export const useCommonStyles = makeStyles({
  card: {
    backgroundColor: tokens.colorNeutralBackground1,
    border: cardBorder,
    borderRadius: tokens.borderRadiusXLarge,
    boxSizing: 'border-box',
    minWidth: 0,
  },
  secondary: { color: tokens.colorNeutralForeground3, ...typographyStyles.caption1 },
  ellipsis: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', minWidth: 0 },
  link: {
    color: tokens.colorBrandForegroundLink,
    textDecorationLine: 'none',
    ':hover': { textDecorationLine: 'underline' },
  },
  mono: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  row: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS, minWidth: 0 },
  wrap: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
  stack: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, minWidth: 0 },
  grow: { flexGrow: 1, minWidth: 0 },
  right: { textAlign: 'right' },
  log: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    maxHeight: '320px',
    overflow: 'auto',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    backgroundColor: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
  },
});
