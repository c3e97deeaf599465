// What waits for the next start: the value now, the value then, and the way back.
import {
  Body1,
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { actOnMachine, patchMachine } from '../../api/calls';
import { noteMachine, useMachine, useSettings } from '../../api/inventory';
import type { Machine, PendingChange } from '../../api/types';
import { setCommand } from '../../lib/command';
import { mergePatches, patchOf, settingKey } from '../../lib/settings';
import { settingTitle, valueText } from '../../lib/words';
import { CopyChip } from '../Chip';
import { ArrowUndoRegular } from '../icons';
import { useNotify, useRun } from '../notify';
import { useCommonStyles } from '../styles';
import { useCloseDialog } from './address';

const useStyles = makeStyles({
  scroll: { overflowX: 'auto' },
  narrow: { width: '48px' },
  command: { paddingTop: tokens.spacingVerticalM },
});

export function useRevert() {
  const notify = useNotify();
  return async (machine: Machine, changes: PendingChange[]) => {
    try {
      const patch = mergePatches(changes.map((change) => patchOf(change.field, change.running)));
      noteMachine((await patchMachine(machine, patch)).machine);
      return true;
    } catch (error) {
      notify.problem(error);
      return false;
    }
  };
}

export function PendingDialog({ name }: { name: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const close = useCloseDialog();
  const run = useRun();
  const revert = useRevert();
  const machine = useMachine(name);
  const settings = useSettings().data ?? [];
  if (!machine) return null;
  const titleOf = (field: string) => {
    const key = settingKey(field);
    return settingTitle(t, settings.find((setting) => setting.key === key) ?? { key, title: key });
  };
  const typeOf = (field: string) => settings.find((setting) => setting.key === settingKey(field))?.type;
  const command = setCommand(
    machine.name,
    machine.pending.map(({ field, next }) => ({
      key: settingKey(field),
      value: next,
      type: typeOf(field),
    })),
  );
  return (
    <Dialog open onOpenChange={(_, data) => !data.open && close()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('pending.title', { name })}</DialogTitle>
          <DialogContent>
            {machine.pending.length === 0 ? (
              <Body1>{t('pending.none')}</Body1>
            ) : (
              <div className={styles.scroll}>
                <Table size="small" aria-label={t('pending.title', { name })}>
                  <TableHeader>
                    <TableRow>
                      <TableHeaderCell>{t('pending.setting')}</TableHeaderCell>
                      <TableHeaderCell>{t('pending.now')}</TableHeaderCell>
                      <TableHeaderCell>{t('pending.next')}</TableHeaderCell>
                      <TableHeaderCell className={styles.narrow} aria-label={t('pending.revert')} />
                    </TableRow>
                  </TableHeader>
                  <TableBody>
                    {machine.pending.map((change) => (
                      <TableRow key={change.field}>
                        <TableCell>{titleOf(change.field)}</TableCell>
                        <TableCell className={common.secondary}>
                          {valueText(t, change.field, change.running, typeOf(change.field))}
                        </TableCell>
                        <TableCell>{valueText(t, change.field, change.next, typeOf(change.field))}</TableCell>
                        <TableCell>
                          <Button
                            size="small"
                            appearance="subtle"
                            icon={<ArrowUndoRegular />}
                            aria-label={t('pending.revertOne', { setting: titleOf(change.field) })}
                            onClick={() => void revert(machine, [change])}
                          />
                        </TableCell>
                      </TableRow>
                    ))}
                  </TableBody>
                </Table>
                <div className={styles.command}>
                  <CopyChip text={command} />
                </div>
              </div>
            )}
          </DialogContent>
          <DialogActions fluid>
            <Button onClick={close}>{t('common.close')}</Button>
            {machine.pending.length > 0 && (
              <>
                <Button
                  icon={<ArrowUndoRegular />}
                  onClick={() => void revert(machine, machine.pending).then((done) => done && close())}
                >
                  {t('pending.revertAll')}
                </Button>
                <Button
                  appearance="primary"
                  onClick={() =>
                    void run(() => actOnMachine(machine.name, 'restart')).then((done) => done && close())
                  }
                >
                  {t('pending.restartNow')}
                </Button>
              </>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
