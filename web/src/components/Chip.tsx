// A small fact in a frame; the copying kind is a button.
import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { CheckmarkRegular, CopyRegular } from './icons';
import { useCommonStyles } from './styles';

const useStyles = makeStyles({
  chip: {
    ...typographyStyles.caption1,
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    minHeight: '24px',
    maxWidth: '100%',
    boxSizing: 'border-box',
    padding: `0 ${tokens.spacingHorizontalS}`,
    borderRadius: tokens.borderRadiusMedium,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorSubtleBackgroundHover,
    color: tokens.colorNeutralForeground2,
    whiteSpace: 'nowrap',
  },
  button: {
    cursor: 'pointer',
    fontFamily: 'inherit',
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundPressed, color: tokens.colorNeutralForeground1 },
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: tokens.strokeWidthThin,
    },
  },
  attention: {
    color: tokens.colorStatusWarningForeground1,
    backgroundColor: tokens.colorStatusWarningBackground1,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorStatusWarningBorder1}`,
  },
  icon: { display: 'inline-flex', flexShrink: 0, fontSize: tokens.fontSizeBase400 },
});

interface ChipProps {
  icon?: ReactNode;
  title?: string;
  attention?: boolean;
  onClick?: () => void;
  children: ReactNode;
}

export function Chip({ icon, title, attention, onClick, children }: ChipProps) {
  const styles = useStyles();
  const common = useCommonStyles();
  const look = mergeClasses(styles.chip, onClick && styles.button, attention && styles.attention);
  const content = (
    <>
      {icon && (
        <span className={styles.icon} aria-hidden>
          {icon}
        </span>
      )}
      <span className={common.ellipsis}>{children}</span>
    </>
  );
  if (!onClick)
    return (
      <span className={look} title={title}>
        {content}
      </span>
    );
  return (
    <button type="button" className={look} title={title} onClick={onClick}>
      {content}
    </button>
  );
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

interface CopyChipProps {
  text: string;
  /** What is copied when it is not the text itself. */
  value?: string;
  icon?: ReactNode;
}

export function CopyChip({ text, value = text, icon }: CopyChipProps) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(value))) return;
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Chip
      icon={copied ? <CheckmarkRegular /> : (icon ?? <CopyRegular />)}
      title={copied ? t('common.copied') : t('common.copyValue', { value })}
      onClick={() => void copy()}
    >
      {text}
    </Chip>
  );
}
