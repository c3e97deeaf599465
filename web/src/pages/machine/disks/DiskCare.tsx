// Looking after a disk of a machine that is off: checked, repaired, made smaller on the host, converted.
import { Button, Caption1, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { checkDisk, compactDisk, convertDisk } from '../../../api/calls';
import { useTasks } from '../../../api/inventory';
import type { Disk, Machine } from '../../../api/types';
import { useRun } from '../../../components/notify';
import { SettingRow } from '../../../components/SettingRow';
import { useCommonStyles } from '../../../components/styles';
import { lastCare, type DiskCare as Care } from '../../../lib/diskCare';
import { formatBytes, formatDateTime } from '../../../lib/format';

const useStyles = makeStyles({
  bad: { color: tokens.colorStatusDangerForeground1 },
});

const atRest = new Set(['stopped', 'crashed']);

export function DiskCare({ machine, disk }: { machine: Machine; disk: Disk }) {
  const { t } = useTranslation();
  const common = useCommonStyles();
  const run = useRun();
  const care = lastCare(useTasks(), machine.name, disk.id);
  const off = atRest.has(machine.state.status) && machine.task === null;
  const other = disk.format === 'raw' ? 'qcow2' : 'raw';
  const repairable = disk.volume !== '' && (care?.kind === 'leaks' || care?.kind === 'damaged');
  const buttons = (
    <div className={common.wrap}>
      <Button disabled={!off} onClick={() => void run(() => checkDisk(machine.name, disk.id, false))}>
        {t('diskCare.check')}
      </Button>
      {repairable && (
        <Button disabled={!off} onClick={() => void run(() => checkDisk(machine.name, disk.id, true))}>
          {t('diskCare.repair')}
        </Button>
      )}
      {disk.volume && (
        <>
          <Button disabled={!off} onClick={() => void run(() => compactDisk(machine.name, disk.id))}>
            {t('diskCare.compact')}
          </Button>
          <Button disabled={!off} onClick={() => void run(() => convertDisk(machine.name, disk.id, other))}>
            {t('diskCare.convert', { format: other })}
          </Button>
        </>
      )}
    </div>
  );
  return (
    <SettingRow
      title={t('diskCare.title')}
      sentence={t(atRest.has(machine.state.status) ? 'diskCare.sentence' : 'diskCare.on')}
      below={
        <>
          {buttons}
          {care && <Outcome care={care} />}
        </>
      }
    />
  );
}

function Outcome({ care }: { care: Care }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const when = formatDateTime(care.ended, i18n.language);
  if (care.kind === 'rewritten') {
    const sizes = { before: formatBytes(care.before), after: formatBytes(care.after) };
    return <Caption1>{t('diskCare.rewritten', { ...sizes, when })}</Caption1>;
  }
  const repaired = care.repaired > 0 ? ` ${t('diskCare.repaired', { count: care.repaired })}` : '';
  return (
    <Caption1 className={care.kind === 'damaged' ? styles.bad : undefined} role="status">
      {t(`diskCare.${care.kind}`, { count: care.count, when })}
      {repaired}
    </Caption1>
  );
}
