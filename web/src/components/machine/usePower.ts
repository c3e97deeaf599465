import { useOpenDialog } from '../dialogs/address';
import { useRun } from '../notify';
import { actOnMachine } from '../../api/calls';
import type { PowerAct } from '../../lib/machines';

/** Does what a power button says; acts that lose the guest's work ask first. */
export function usePower() {
  const run = useRun();
  const openDialog = useOpenDialog();
  return (names: string[], act: PowerAct) => {
    if (act === 'turnOff' || act === 'reset') {
      openDialog(act, names);
      return;
    }
    for (const name of names) void run(() => actOnMachine(name, act));
  };
}
