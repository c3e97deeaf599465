// How busy each vCPU is: a small graph of the last minute for each, side by side.
import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { Sample } from '../../api/types';
import { Sparkline } from '../../components/Sparkline';
import { formatPercent } from '../../lib/format';

const useStyles = makeStyles({
  vcpus: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(72px, 1fr))',
    gap: tokens.spacingHorizontalS,
    // A machine may have hundreds; the cards beside this one stay in view.
    maxHeight: '216px',
    overflowY: 'auto',
  },
  vcpu: { ...typographyStyles.caption2, color: tokens.colorNeutralForeground3, minWidth: 0 },
});

/** More than these do not fit without scrolling, which the keyboard must be able to do. */
const fitting = 16;

export function VcpuTiles({ samples, count }: { samples: readonly Sample[]; count: number }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div
      className={styles.vcpus}
      role="group"
      aria-label={t('summary.vcpus')}
      tabIndex={count > fitting ? 0 : undefined}
    >
      {Array.from({ length: count }, (_, index) => {
        const values = samples.map((sample) => sample.vcpuPercent[index] ?? 0);
        const word = formatPercent(values.at(-1) ?? 0);
        return (
          <div key={index} className={styles.vcpu} data-vcpu={index}>
            {t('summary.vcpuShort', { index })} {word}
            <Sparkline values={values} maximum={100} label={t('summary.vcpu', { index, word })} />
          </div>
        );
      })}
    </div>
  );
}
