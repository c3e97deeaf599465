// What works on this host, what does not, why, and the command that helps: `visor doctor` as a page.
import {
  Button,
  MessageBar,
  MessageBarBody,
  Skeleton,
  SkeletonItem,
  makeStyles,
  mergeClasses,
  tokens,
} from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router-dom';

import { getHostChecks } from '../../api/calls';
import type { CheckState, HostCheck } from '../../api/catalogueTypes';
import { CopyChip } from '../../components/Chip';
import {
  ArrowClockwiseRegular,
  CheckmarkCircleFilled,
  CircleRegular,
  DismissCircleFilled,
  WarningFilled,
} from '../../components/icons';
import { ProblemMessage } from '../../components/ProblemMessage';
import { Segmented } from '../../components/Segmented';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { useCommonStyles } from '../../components/styles';
import { checkStates, fatalChecks, groupChecks, openChecks } from '../../lib/checks';
import { listText, spoken } from '../../lib/words';
import { Section } from './Section';

const useStyles = makeStyles({
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
  },
  counts: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalL,
    rowGap: tokens.spacingVerticalXS,
  },
  count: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    whiteSpace: 'nowrap',
  },
  icon: { fontSize: tokens.fontSizeBase600, flexShrink: 0 },
  ok: { color: tokens.colorStatusSuccessForeground1 },
  limited: { color: tokens.colorStatusWarningForeground1 },
  off: { color: tokens.colorNeutralForeground3 },
  missing: { color: tokens.colorNeutralForeground3 },
  fatal: { color: tokens.colorStatusDangerForeground1 },
  below: { marginLeft: '36px', minWidth: 0 },
  waiting: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  block: { height: '140px' },
});

const icons: Record<CheckState, typeof CircleRegular> = {
  ok: CheckmarkCircleFilled,
  limited: WarningFilled,
  off: CircleRegular,
  missing: DismissCircleFilled,
};

function StateIcon({ state, fatal }: { state: CheckState; fatal?: boolean }) {
  const styles = useStyles();
  const Icon = icons[state];
  return <Icon aria-hidden className={mergeClasses(styles.icon, fatal ? styles.fatal : styles[state])} />;
}

function CheckRow({ check }: { check: HostCheck }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const fatal = fatalChecks([check]).length > 0;
  return (
    <SettingRow
      icon={<StateIcon state={check.state} fatal={fatal} />}
      title={spoken(check.title)}
      sentence={spoken(check.reason)}
      below={
        (check.fix || check.command) && (
          <div className={mergeClasses(common.wrap, styles.below)}>
            {check.fix && <span>{spoken(check.fix)}</span>}
            {check.command && <CopyChip text={check.command} />}
          </div>
        )
      }
    >
      <span data-check={check.id}>{t(fatal ? 'checks.needed' : `checks.state.${check.state}`)}</span>
    </SettingRow>
  );
}

function Counts({ checks }: { checks: HostCheck[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.counts}>
      {checkStates.map((state) => {
        const count = checks.filter((check) => check.state === state).length;
        return count === 0 ? null : (
          <span key={state} className={styles.count}>
            <StateIcon state={state} />
            {count} {t(`checks.state.${state}`)}
          </span>
        );
      })}
    </div>
  );
}

export function ChecksTab() {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const [search, setSearch] = useSearchParams();
  const onlyOpen = search.get('show') === 'open';
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['hostChecks'],
    queryFn: getHostChecks,
    staleTime: 0,
  });
  if (!data && error) return <ProblemMessage error={error} onRetry={() => void refetch()} />;
  if (!data)
    return (
      <Skeleton className={styles.waiting} aria-label={t('common.loading')}>
        <SkeletonItem className={styles.block} />
        <SkeletonItem className={styles.block} />
      </Skeleton>
    );
  const fatal = fatalChecks(data);
  const shown = onlyOpen ? openChecks(data) : data;
  const show = (which: string) => setSearch(which === 'open' ? { show: 'open' } : {}, { replace: true });
  return (
    <>
      <div className={styles.head}>
        <Counts checks={data} />
        <div className={common.wrap}>
          <Segmented
            label={t('checks.show')}
            chosen={onlyOpen ? 'open' : 'all'}
            choices={[
              { name: 'all', text: t('checks.all') },
              { name: 'open', text: t('checks.open') },
            ]}
            onChoose={show}
          />
          <Button icon={<ArrowClockwiseRegular />} disabled={isFetching} onClick={() => void refetch()}>
            {t('checks.again')}
          </Button>
        </div>
      </div>
      {fatal.length > 0 && (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>
            {t('checks.fatal', {
              list: listText(
                t,
                fatal.map(({ title }) => spoken(title)),
              ),
            })}
          </MessageBarBody>
        </MessageBar>
      )}
      {groupChecks(shown).map(({ feature, checks }) => (
        <Section key={feature} title={t(`checks.feature.${feature}`, { defaultValue: feature })}>
          <RowCard>
            {checks.map((check) => (
              <CheckRow key={check.id} check={check} />
            ))}
          </RowCard>
        </Section>
      ))}
      {shown.length === 0 && <div className={common.secondary}>{t('checks.nothing')}</div>}
      <div className={common.secondary}>{t('checks.command')}</div>
    </>
  );
}
