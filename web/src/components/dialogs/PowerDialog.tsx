// Acts that take the power away under a running system say what is lost.
import { Body1 } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

import { actOnMachine } from '../../api/calls';
import { powerIcons } from '../machine/powerIcons';
import { listText } from '../../lib/words';
import { useRun } from '../notify';
import { AskDialog } from './AskDialog';

export function PowerDialog({ names, act }: { names: string[]; act: 'turnOff' | 'reset' }) {
  const { t } = useTranslation();
  const run = useRun();
  const perform = (name: string) =>
    act === 'turnOff' ? actOnMachine(name, 'stop', { force: true }) : actOnMachine(name, 'reset');
  return (
    <AskDialog
      title={t(`confirm.${act}.title`, { names: listText(t, names) })}
      act={t(`power.${act}`)}
      icon={powerIcons[act]}
      danger
      onAct={async () => (await Promise.all(names.map((name) => run(() => perform(name))))).some(Boolean)}
    >
      <Body1>{t(`confirm.${act}.sentence`)}</Body1>
    </AskDialog>
  );
}
