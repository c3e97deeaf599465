// What dynamic memory gives the machine now, and the last changes with their reasons.
import { Caption1, makeStyles, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { getMemory } from '../../api/calls';
import type { MemoryReport } from '../../api/memoryTypes';
import type { Machine } from '../../api/types';
import { ProblemMessage } from '../../components/ProblemMessage';
import { SettingRow } from '../../components/SettingRow';
import { formatAge, formatBytes } from '../../lib/format';

const shownChanges = 6;
const period = 2000;

const useStyles = makeStyles({
  below: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXS, width: '100%' },
  bar: {
    position: 'relative',
    height: '10px',
    overflow: 'hidden',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground5,
  },
  assigned: {
    position: 'absolute',
    insetBlock: 0,
    insetInlineStart: 0,
    backgroundColor: tokens.colorBrandBackground2Hover,
  },
  used: {
    position: 'absolute',
    insetBlock: 0,
    insetInlineStart: 0,
    backgroundColor: tokens.colorBrandBackground,
  },
  change: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

const percent = (part: number | null, whole: number) =>
  `${Math.min(100, (100 * (part ?? 0)) / Math.max(whole, 1)).toFixed(1)}%`;

function Bar({ report }: { report: MemoryReport }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div
      className={styles.bar}
      role="meter"
      aria-label={t('memory.title')}
      aria-valuemin={0}
      aria-valuemax={report.maximum}
      aria-valuenow={report.assigned ?? 0}
    >
      <div className={styles.assigned} style={{ width: percent(report.assigned, report.maximum) }} />
      <div className={styles.used} style={{ width: percent(report.used, report.maximum) }} />
    </div>
  );
}

export function MemoryRow({ machine }: { machine: Machine }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const report = useQuery({
    queryKey: ['machine memory', machine.name],
    queryFn: () => getMemory(machine.name),
    refetchInterval: period,
    retry: false,
  });
  if (report.isError) return <ProblemMessage error={report.error} onRetry={() => void report.refetch()} />;
  const now = report.data;
  const amount = (bytes: number | null | undefined) => (bytes == null ? '–' : formatBytes(bytes));
  return (
    <SettingRow
      title={t('memory.title')}
      sentence={t('memory.now', {
        assigned: amount(now?.assigned),
        used: amount(now?.used),
        minimum: amount(now?.minimum),
        maximum: amount(now?.maximum),
      })}
      below={
        now && (
          <div className={styles.below}>
            {now.assigned !== null && <Bar report={now} />}
            <Caption1 className={styles.change}>
              {t('memory.host', {
                available: formatBytes(now.hostAvailable),
                reserve: formatBytes(now.hostReserve),
              })}
            </Caption1>
            {!!now.merged && (
              <Caption1 className={styles.change}>
                {t('memory.merged', { merged: formatBytes(now.merged) })}
              </Caption1>
            )}
            {now.changes
              .slice(-shownChanges)
              .reverse()
              .map((change) => (
                <Caption1 key={change.time} className={styles.change}>
                  {t(`memory.change.${change.reason}`, {
                    when: formatAge(change.time, Date.now(), i18n.language),
                    from: formatBytes(change.from),
                    to: formatBytes(change.to),
                  })}
                </Caption1>
              ))}
          </div>
        )
      }
    />
  );
}
