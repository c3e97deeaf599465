// What the host has, how busy it is, and what its QEMU can do.
import { makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import type { Host, HostQemu } from '../../api/types';
import { Chip } from '../../components/Chip';
import {
  CheckmarkCircleFilled,
  DesktopTowerRegular,
  DeveloperBoardRegular,
  DismissCircleRegular,
  HardDriveRegular,
  HistoryRegular,
  RamRegular,
  ServerRegular,
} from '../../components/icons';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { useCommonStyles } from '../../components/styles';
import { formatBytes, formatClock, formatDateTime, formatPercent } from '../../lib/format';
import { spoken } from '../../lib/words';
import { HostStrip } from '../overview/HostStrip';
import { ProcessorsCard } from './ProcessorsCard';
import { Section } from './Section';

const useStyles = makeStyles({
  value: { overflowWrap: 'anywhere', textAlign: 'right', '@media (max-width: 639px)': { textAlign: 'left' } },
  usable: { color: tokens.colorStatusSuccessForeground1, fontSize: tokens.fontSizeBase600 },
  unusable: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase600 },
  broken: { color: tokens.colorStatusDangerForeground1, fontSize: tokens.fontSizeBase600 },
});

export function HostFacts({ host }: { host: Host }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const value = (text: string) => <span className={styles.value}>{text}</span>;
  const { cpu, instance } = host;
  return (
    <>
      <HostStrip />
      <Section title={t('host.hardware')}>
        <RowCard>
          <SettingRow
            icon={<DeveloperBoardRegular />}
            title={cpu.model || t('fact.processor')}
            sentence={t('host.cpu', { sockets: cpu.sockets, cores: cpu.cores, threads: cpu.threads })}
          >
            {value(t('host.load', { load: host.load.map((one) => one.toFixed(2)).join(' · ') }))}
          </SettingRow>
          <SettingRow
            icon={<RamRegular />}
            title={t('fact.memory')}
            sentence={t('host.left', { size: formatBytes(host.memory.available) })}
          >
            {value(formatBytes(host.memory.total))}
          </SettingRow>
          <SettingRow
            icon={<HardDriveRegular />}
            title={t('fact.storage')}
            sentence={<span className={common.mono}>{host.storage.path}</span>}
          >
            {value(
              t('host.storage', {
                free: formatBytes(host.storage.free),
                total: formatBytes(host.storage.total),
                used: formatPercent(
                  (100 * (host.storage.total - host.storage.free)) / (host.storage.total || 1),
                ),
              }),
            )}
          </SettingRow>
          <SettingRow icon={<HistoryRegular />} title={t('host.uptime')} sentence={t('host.uptimeSentence')}>
            {value(formatClock(host.uptimeSeconds, i18n.language))}
          </SettingRow>
        </RowCard>
      </Section>
      <Section title={t('topology.title')}>
        <ProcessorsCard />
      </Section>
      <Section title={t('host.virtualization')}>
        {host.qemu.map((qemu) => (
          <QemuCard key={qemu.arch} qemu={qemu} />
        ))}
        {host.qemu.length === 0 && <div className={common.secondary}>{t('host.noQemu')}</div>}
      </Section>
      <Section title={t('host.instance')}>
        <RowCard>
          <SettingRow
            icon={<ServerRegular />}
            title={t('host.version', { version: instance.version })}
            sentence={t('host.started', { time: formatDateTime(instance.startedAt, i18n.language) })}
          >
            <Chip>{t(`host.mode.${instance.mode}`, { defaultValue: instance.mode })}</Chip>
          </SettingRow>
          <SettingRow
            title={t('host.stateDirectory')}
            sentence={<span className={common.mono}>{instance.stateDirectory}</span>}
          />
          <SettingRow
            title={t('host.runtimeDirectory')}
            sentence={<span className={common.mono}>{instance.runtimeDirectory}</span>}
          />
        </RowCard>
      </Section>
    </>
  );
}

function QemuCard({ qemu }: { qemu: HostQemu }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  return (
    <RowCard>
      <SettingRow
        icon={<DesktopTowerRegular />}
        title={['QEMU', qemu.version, '·', qemu.arch].filter(Boolean).join(' ')}
        sentence={<span className={common.mono}>{qemu.path}</span>}
      >
        {!qemu.problem && (
          <Chip>{t(`accelerator.${qemu.accelerator}`, { defaultValue: qemu.accelerator })}</Chip>
        )}
      </SettingRow>
      {qemu.problem && (
        <SettingRow
          icon={<DismissCircleRegular className={styles.broken} />}
          title={t('host.unusable')}
          sentence={qemu.problem}
        />
      )}
      {qemu.accelerators.map((one) => (
        <SettingRow
          key={one.name}
          icon={
            one.usable ? (
              <CheckmarkCircleFilled className={styles.usable} />
            ) : (
              <DismissCircleRegular className={styles.unusable} />
            )
          }
          title={t(`accelerator.${one.name}`, { defaultValue: one.name.toUpperCase() })}
          sentence={spoken(one.reason)}
        >
          {t(one.usable ? 'host.usable' : 'host.unusable')}
        </SettingRow>
      ))}
    </RowCard>
  );
}
