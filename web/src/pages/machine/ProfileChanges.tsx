// What a set of settings would change of a machine: from, to, and when.
import {
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  makeStyles,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { useSettings } from '../../api/inventory';
import type { FieldChange, PatchAnswer } from '../../api/types';
import { useCommonStyles } from '../../components/styles';
import { settingKey } from '../../lib/settings';
import { settingTitle, spoken, valueText } from '../../lib/words';

const useStyles = makeStyles({
  scroll: { overflowX: 'auto' },
  name: { overflowWrap: 'anywhere', hyphens: 'auto' },
});

export function ProfileChanges({ answer }: { answer: PatchAnswer }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const settings = useSettings().data ?? [];
  const rows = [
    ...answer.applied.map((change) => ({ change, when: t('profiles.now') })),
    ...answer.pending.map((change) => ({ change, when: t('settings.waits') })),
    ...answer.rejected.map((change) => ({
      change,
      when: change.reason ? spoken(change.reason) : t('settings.refused'),
    })),
  ];
  if (rows.length === 0) return null;
  const row = (change: FieldChange, when: string) => {
    const key = settingKey(change.field);
    const setting = settings.find((one) => one.key === key);
    return (
      <TableRow key={change.field} data-change={key}>
        <TableCell className={styles.name}>{settingTitle(t, setting ?? { key, title: key })}</TableCell>
        <TableCell className={common.secondary}>{valueText(t, key, change.from, setting?.type)}</TableCell>
        <TableCell>{valueText(t, key, change.to, setting?.type)}</TableCell>
        <TableCell>{when}</TableCell>
      </TableRow>
    );
  };
  return (
    // On a phone it scrolls sideways, so the keyboard must reach it.
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('profiles.changes')}>
      <Table size="small" aria-label={t('profiles.changes')}>
        <TableHeader>
          <TableRow>
            <TableHeaderCell>{t('pending.setting')}</TableHeaderCell>
            <TableHeaderCell>{t('pending.now')}</TableHeaderCell>
            <TableHeaderCell>{t('profiles.then')}</TableHeaderCell>
            <TableHeaderCell>{t('profiles.when')}</TableHeaderCell>
          </TableRow>
        </TableHeader>
        <TableBody>{rows.map(({ change, when }) => row(change, when))}</TableBody>
      </Table>
    </div>
  );
}
