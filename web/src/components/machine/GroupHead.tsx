// The line above a group of machines: it opens and closes the group.
import { CounterBadge, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { useSessionState } from '../../lib/hooks';
import type { GroupKey, MachineGroup } from '../../lib/machines';
import { ChevronDownRegular, ChevronRightRegular } from '../icons';
import { useCommonStyles } from '../styles';

export const groupHeadHeight = 40;

const useStyles = makeStyles({
  head: {
    ...typographyStyles.body1Strong,
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    width: '100%',
    height: `${groupHeadHeight}px`,
    padding: `0 ${tokens.spacingHorizontalS}`,
    border: 'none',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground1,
    fontFamily: 'inherit',
    textAlign: 'left',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundHover },
    ':focus-visible': {
      outline: `${tokens.strokeWidthThick} solid ${tokens.colorStrokeFocus2}`,
      outlineOffset: '-2px',
    },
  },
});

/** The groups that are closed, kept over a reload. */
export function useClosedGroups(by: GroupKey) {
  const [{ closed }, keep] = useSessionState<{ closed: string[] }>('visor.closedGroups', { closed: [] });
  const keyOf = (group: MachineGroup) => `${by}:${group.name}`;
  return {
    isClosed: (group: MachineGroup) => by !== 'none' && closed.includes(keyOf(group)),
    toggle: (group: MachineGroup) => {
      const key = keyOf(group);
      keep({ closed: closed.includes(key) ? closed.filter((other) => other !== key) : [...closed, key] });
    },
  };
}

interface GroupHeadProps {
  by: GroupKey;
  group: MachineGroup;
  closed: boolean;
  onToggle: () => void;
}

export function GroupHead({ by, group, closed, onToggle }: GroupHeadProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const word = () => {
    if (by === 'state') return t(`state.${group.name}`);
    return group.name || (by === 'tag' ? t('filter.noGroup.tag') : t('filter.noGroup.group'));
  };
  return (
    <button type="button" className={styles.head} aria-expanded={!closed} onClick={onToggle}>
      {closed ? <ChevronRightRegular aria-hidden /> : <ChevronDownRegular aria-hidden />}
      <span className={common.ellipsis}>{word()}</span>
      <CounterBadge
        appearance="filled"
        color="informative"
        count={group.machines.length}
        overflowCount={9999}
        size="small"
      />
    </button>
  );
}
