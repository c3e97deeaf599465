// Shows the dialog that the address names.
import { Suspense, lazy } from 'react';
import { useLocation } from 'react-router-dom';

import { CloneDialog } from './CloneDialog';
import { DeleteImageDialog } from './DeleteImageDialog';
import { BuildIsoDialog } from './BuildIsoDialog';
import { DeleteFileDialog } from './DeleteFileDialog';
import { DeleteDialog } from './DeleteDialog';
import { HostStopDialog } from './HostStopDialog';
import { PendingDialog } from './PendingDialog';
import { PowerDialog } from './PowerDialog';
import { RemoveDiskDialog } from './RemoveDiskDialog';
import { PublishDialog } from './PublishDialog';
import { TaskDrawer } from './TaskDrawer';
import { useDialogAddress } from './address';

const CreateDialog = lazy(() => import('../../pages/create/CreateDialog'));
const ImportDialog = lazy(() => import('../../pages/images/ImportDialog'));
const ProfileDialog = lazy(() => import('../../pages/machine/ProfileDialog'));
const SnapshotDialog = lazy(() => import('../../pages/machine/snapshots/SnapshotDialogs'));
const BuildDialog = lazy(() => import('../../pages/images/BuildDialog'));

function NamedDialog() {
  const { name, targets } = useDialogAddress();
  const first = targets[0] ?? '';
  switch (name) {
    case 'delete':
      return <DeleteDialog key={targets.join()} names={targets} />;
    case 'turnOff':
    case 'reset':
      return <PowerDialog names={targets} act={name} />;
    case 'pending':
      return <PendingDialog name={first} />;
    case 'deleteImage':
      return <DeleteImageDialog name={first} />;
    case 'removeDisk':
      return <RemoveDiskDialog name={first} disk={targets[1] ?? ''} />;
    case 'deleteVolume':
      return <DeleteFileDialog kind="volumes" name={first} />;
    case 'buildIso':
      return <BuildIsoDialog machine={first} drive={targets[1] ?? ''} />;
    case 'deleteIso':
      return <DeleteFileDialog kind="isos" name={first} />;
    case 'clone':
      return <CloneDialog key={first} source={first} />;
    case 'publish':
      return <PublishDialog key={first} source={first} />;
    case 'hostStop':
      return <HostStopDialog />;
    case 'profile':
      return <ProfileDialog name={first} />;
    case 'snapshotCreate':
    case 'snapshotRestore':
    case 'snapshotRename':
    case 'snapshotDelete':
      return <SnapshotDialog act={name} targets={targets} />;
    case 'import':
      return <ImportDialog />;
    case 'build':
      return <BuildDialog />;
    case 'tasks':
      return <TaskDrawer />;
    default:
      return null;
  }
}

export function DialogHost() {
  const { pathname } = useLocation();
  return (
    <Suspense>
      <NamedDialog />
      {pathname === '/create' && <CreateDialog />}
    </Suspense>
  );
}
