// Making, renaming, going to and deleting a snapshot: each says what it does and what it costs.
import {
  Body1,
  Checkbox,
  Field,
  Input,
  Radio,
  RadioGroup,
  Textarea,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { useMachine } from '../../../api/inventory';
import {
  changeSnapshot,
  createSnapshot,
  deleteSnapshot,
  previewRemoval,
  restoreSnapshot,
  useSnapshots,
} from '../../../api/snapshots';
import type { Snapshot, SnapshotTree } from '../../../api/snapshotTypes';
import type { Machine } from '../../../api/types';
import { AskDialog } from '../../../components/dialogs/AskDialog';
import { useRun } from '../../../components/notify';
import { ProblemMessage } from '../../../components/ProblemMessage';
import { useCommonStyles } from '../../../components/styles';
import { formatBytes } from '../../../lib/format';
import { hasChildren } from '../../../lib/snapshots';
import { listText } from '../../../lib/words';

const useStyles = makeStyles({
  list: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    maxHeight: '160px',
    overflowY: 'auto',
    listStyleType: 'none',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    overflowWrap: 'anywhere',
  },
});

interface OneProps {
  machine: Machine;
  tree: SnapshotTree;
  snapshot: Snapshot;
}

export type SnapshotAct = 'snapshotCreate' | 'snapshotRestore' | 'snapshotRename' | 'snapshotDelete';

/** `targets`: the machine's name and the snapshot's id. */
export default function SnapshotDialog({ act, targets }: { act: SnapshotAct; targets: string[] }) {
  const machine = useMachine(targets[0] ?? '');
  if (!machine) return null;
  if (act === 'snapshotCreate') return <CreateDialog machine={machine} />;
  return <KnownDialog act={act} machine={machine} id={targets[1] ?? ''} />;
}

function KnownDialog({ act, machine, id }: { act: SnapshotAct; machine: Machine; id: string }) {
  const tree = useSnapshots(machine).data;
  const snapshot = tree?.snapshots.find((one) => one.id === id);
  if (!tree || !snapshot) return null;
  if (act === 'snapshotRestore') return <RestoreDialog machine={machine} tree={tree} snapshot={snapshot} />;
  if (act === 'snapshotRename') return <RenameDialog machine={machine} tree={tree} snapshot={snapshot} />;
  return <DeleteDialog machine={machine} tree={tree} snapshot={snapshot} />;
}

function CreateDialog({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const run = useRun();
  const [name, setName] = useState('');
  const [note, setNote] = useState('');
  const [memory, setMemory] = useState(false);
  const alive = machine.state.status === 'running' || machine.state.status === 'paused';
  return (
    <AskDialog
      title={t('snapshots.createTitle', { name: machine.name })}
      act={t('snapshots.createAct')}
      onAct={() => run(() => createSnapshot(machine.name, { name: name.trim(), note, memory }))}
    >
      <Body1>{t(alive ? 'snapshots.createRunning' : 'snapshots.createOff')}</Body1>
      <Field label={t('snapshots.name')} hint={t('snapshots.nameHint')}>
        <Input autoComplete="off" maxLength={80} value={name} onChange={(_, data) => setName(data.value)} />
      </Field>
      <Field label={t('snapshots.note')}>
        <Textarea value={note} onChange={(_, data) => setNote(data.value)} />
      </Field>
      {alive && (
        <Checkbox
          label={t('snapshots.withMemory')}
          checked={memory}
          onChange={(_, data) => setMemory(data.checked === true)}
        />
      )}
    </AskDialog>
  );
}

function RenameDialog({ machine, snapshot }: OneProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(snapshot.name);
  const [note, setNote] = useState(snapshot.note);
  const act = async () => {
    await changeSnapshot(machine.name, snapshot.name, { name: name.trim(), note });
    await queries.invalidateQueries({ queryKey: ['snapshots', machine.name] });
    return true;
  };
  return (
    <AskDialog
      title={t('snapshots.rename', { name: snapshot.name })}
      act={t('snapshots.renameAct')}
      ready={name.trim() !== ''}
      onAct={act}
    >
      <Field label={t('snapshots.name')}>
        <Input autoComplete="off" maxLength={80} value={name} onChange={(_, data) => setName(data.value)} />
      </Field>
      <Field label={t('snapshots.note')}>
        <Textarea value={note} onChange={(_, data) => setNote(data.value)} />
      </Field>
    </AskDialog>
  );
}

function RestoreDialog({ machine, tree, snapshot }: OneProps) {
  const { t } = useTranslation();
  const run = useRun();
  const [present, setPresent] = useState('keep');
  const [name, setName] = useState('');
  const running = machine.state.status === 'running' || machine.state.status === 'paused';
  const keeps = tree.changed && present === 'keep';
  const request = keeps ? { keep: true, keepName: name.trim() } : { discard: tree.changed };
  return (
    <AskDialog
      title={t('snapshots.goToTitle', { name: machine.name, snapshot: snapshot.name })}
      act={t('snapshots.goTo')}
      danger={tree.changed && !keeps}
      onAct={() => run(() => restoreSnapshot(machine.name, snapshot.name, request))}
    >
      <Body1>{t(`snapshots.goTo_${snapshot.kind}`)}</Body1>
      {running && <Body1>{t('snapshots.goToRunning')}</Body1>}
      {tree.changed && (
        <Field label={t('snapshots.present')}>
          <RadioGroup value={present} onChange={(_, data) => setPresent(data.value)}>
            <Radio value="keep" label={t('snapshots.keep')} />
            <Radio value="discard" label={t('snapshots.discard')} />
          </RadioGroup>
        </Field>
      )}
      {keeps && (
        <Field label={t('snapshots.name')} hint={t('snapshots.nameHint')}>
          <Input autoComplete="off" maxLength={80} value={name} onChange={(_, data) => setName(data.value)} />
        </Field>
      )}
    </AskDialog>
  );
}

function DeleteDialog({ machine, tree, snapshot }: OneProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const common = useCommonStyles();
  const run = useRun();
  const [branch, setBranch] = useState(false);
  const preview = useQuery({
    queryKey: ['deleteSnapshot', machine.name, snapshot.name, branch, machine.revision],
    queryFn: () => previewRemoval(machine.name, snapshot.name, branch),
    gcTime: 0,
    retry: false,
  });
  const what = preview.data;
  return (
    <AskDialog
      title={t('snapshots.deleteTitle', { name: snapshot.name })}
      act={t('common.delete')}
      danger
      ready={preview.isSuccess}
      onAct={() => run(() => deleteSnapshot(machine.name, snapshot.name, branch))}
    >
      {hasChildren(tree, snapshot) && (
        <Checkbox
          label={t('snapshots.branch')}
          checked={branch}
          onChange={(_, data) => setBranch(data.checked === true)}
        />
      )}
      {preview.isError && <ProblemMessage error={preview.error} />}
      {what && (
        <Body1>
          {t('snapshots.goes', { names: listText(t, what.snapshots), size: formatBytes(what.size) })}
        </Body1>
      )}
      {what && what.mergedInto.length > 0 && (
        <Body1>{t('snapshots.merged', { names: listText(t, what.mergedInto) })}</Body1>
      )}
      {what?.present && <Body1>{t('snapshots.mergedPresent')}</Body1>}
      {what && (
        <ul className={`${styles.list} ${common.mono}`} aria-label={t('delete.removes')} tabIndex={0}>
          {what.removes.map((path) => (
            <li key={path}>{path}</li>
          ))}
        </ul>
      )}
    </AskDialog>
  );
}
