// Dialogs live in the address (`?dialog=delete&target=web`), so Back closes them and a link opens them.
import { useCallback } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router-dom';

export type DialogName =
  | 'profile'
  | 'clone'
  | 'publish'
  | 'delete'
  | 'turnOff'
  | 'reset'
  | 'pending'
  | 'import'
  | 'build'
  | 'deleteImage'
  | 'removeDisk'
  | 'deleteVolume'
  | 'buildIso'
  | 'deleteIso'
  | 'hostStop'
  | 'snapshotCreate'
  | 'snapshotRestore'
  | 'snapshotRename'
  | 'snapshotDelete'
  | 'tasks';

export function useDialogAddress() {
  const [search] = useSearchParams();
  return {
    name: search.get('dialog'),
    targets: (search.get('target') ?? '').split(',').filter(Boolean),
  };
}

export function useOpenDialog() {
  const navigate = useNavigate();
  return useCallback(
    (name: DialogName, targets: string[] = []) => {
      const search = new URLSearchParams(window.location.search);
      search.set('dialog', name);
      if (targets.length > 0) search.set('target', targets.join(','));
      else search.delete('target');
      navigate({ search: search.toString() }, { state: { opened: true } });
    },
    [navigate],
  );
}

export function useCloseDialog() {
  const navigate = useNavigate();
  const { state } = useLocation();
  const opened = typeof state === 'object' && state !== null && 'opened' in state;
  return useCallback(() => {
    if (opened) {
      navigate(-1);
      return;
    }
    const search = new URLSearchParams(window.location.search);
    search.delete('dialog');
    search.delete('target');
    navigate({ search: search.toString() }, { replace: true });
  }, [navigate, opened]);
}
