// What the machine is made of and what the guest says about itself.
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import { CopyChip } from '../../components/Chip';
import { useCommonStyles } from '../../components/styles';
import { formatBytes, formatDateTime } from '../../lib/format';
import { forwardText } from '../../lib/words';

const useStyles = makeStyles({
  facts: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(240px, 100%), 1fr))',
    gap: `${tokens.spacingVerticalL} ${tokens.spacingHorizontalXL}`,
    margin: 0,
    padding: tokens.spacingHorizontalL,
  },
  fact: { minWidth: 0 },
  value: { margin: 0, overflowWrap: 'anywhere' },
});

function Fact({ name, children }: { name: string; children: ReactNode }) {
  const styles = useStyles();
  const common = useCommonStyles();
  return (
    <div className={styles.fact}>
      <dt className={common.secondary}>{name}</dt>
      <dd className={styles.value}>{children}</dd>
    </div>
  );
}

export function FactsCard({ machine }: { machine: Machine }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const { spec, state } = machine;
  const forwards = spec.nics.flatMap((nic) =>
    nic.forwards.map((forward) => `${forwardText(t, forward)}/${forward.protocol}`),
  );
  return (
    <dl className={mergeClasses(common.card, styles.facts)}>
      <Fact name={t('fact.guest')}>{state.guestOs || spec.os.id || spec.os.family || '–'}</Fact>
      <Fact name={t('fact.hostname')}>{state.guestHostname || '–'}</Fact>
      <Fact name={t('fact.agent')}>{state.agent ? t('fact.agentOn') : t('fact.agentOff')}</Fact>
      <Fact name={t('fact.hardware')}>
        {[
          spec.arch,
          spec.machineVersion || spec.chipset,
          t(`firmware.${spec.firmware}`, { defaultValue: spec.firmware }),
        ]
          .filter(Boolean)
          .join(' · ')}
      </Fact>
      <Fact name={t('fact.accelerator')}>
        {state.accelerator ? state.accelerator.toUpperCase() : '–'}
        {state.acceleratorReason && <div className={common.secondary}>{state.acceleratorReason}</div>}
      </Fact>
      <Fact name={t('fact.disks')}>
        {spec.disks.length === 0 && '–'}
        {spec.disks.map((disk) => (
          <div key={disk.id}>
            {disk.id} · {disk.size > 0 ? `${formatBytes(disk.size)} · ` : ''}
            {disk.volume || disk.file || t(`device.${disk.device}`)}
          </div>
        ))}
      </Fact>
      <Fact name={t('fact.forwards')}>
        {forwards.length === 0 && '–'}
        {forwards.map((text) => (
          <div key={text}>{text}</div>
        ))}
      </Fact>
      <Fact name={t('fact.shell')}>
        <CopyChip text={`visor console ${machine.name}`} />
      </Fact>
      <Fact name={t('fact.created')}>{formatDateTime(machine.created, i18n.language)}</Fact>
      <Fact name={t('fact.id')}>
        <span className={common.mono}>{machine.id}</span>
      </Fact>
    </dl>
  );
}
