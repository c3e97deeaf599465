// What the machine starts from, in order: moved by dragging or by buttons, taken out and put in by a switch.
import { Button, Caption1, Switch, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { patchMachine } from '../../api/calls';
import { noteMachine } from '../../api/inventory';
import type { JsonValue, Machine } from '../../api/types';
import { Chip, CopyChip } from '../../components/Chip';
import {
  AlbumRegular,
  ArrowDownRegular,
  ArrowUpRegular,
  ClockRegular,
  GlobeRegular,
  HardDriveRegular,
} from '../../components/icons';
import { useNotify } from '../../components/notify';
import { RowCard, SettingRow } from '../../components/SettingRow';
import { bootDevices, bootOrder, bootPatch, moved, type BootDevice } from '../../lib/bootOrder';
import { shellWord } from '../../lib/command';
import { problemOf, problemText, spoken } from '../../lib/words';

const icons = { disk: <HardDriveRegular />, cdrom: <AlbumRegular />, network: <GlobeRegular /> };

const useStyles = makeStyles({
  device: {
    ':not(:last-child)': { borderBottom: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke3}` },
  },
  movable: { cursor: 'grab' },
  target: { backgroundColor: tokens.colorNeutralBackground1Hover },
  waits: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    color: tokens.colorStatusWarningForeground1,
  },
  problem: { color: tokens.colorStatusDangerForeground1 },
});

type Direction = 'up' | 'down';

function useBootOrder(machine: Machine) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const [changed, setChanged] = useState(false);
  const send = async (at: Machine, patch: { [key: string]: JsonValue }) => {
    setBusy(true);
    setProblem('');
    try {
      const answer = await patchMachine(at, patch);
      noteMachine(answer.machine);
      return answer;
    } catch (error) {
      const field = problemOf(error).fields?.[0];
      setProblem(field ? spoken(field.detail) : problemText(t, problemOf(error)).title);
      return null;
    } finally {
      setBusy(false);
    }
  };
  const put = async (order: string[]) => {
    const old = bootOrder(machine.spec);
    if (order.join() === old.join()) return;
    const answer = await send(machine, bootPatch(machine.spec, order));
    if (!answer) return;
    setChanged(true);
    const said = answer.pending.length > 0 ? t('settings.waits') : t('settings.applied');
    notify.show('success', t('bootOrder.title'), said, {
      label: t('common.undo'),
      run: () => void send(answer.machine, bootPatch(answer.machine.spec, old)),
    });
  };
  return { put, changed, problem, busy };
}

export function BootOrderPanel({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { put, changed, problem, busy } = useBootOrder(machine);
  const [dragged, setDragged] = useState('');
  const [over, setOver] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const pressed = useRef('');
  const order = bootOrder(machine.spec);
  // A row that moves takes the focus away from the button in it that moved it.
  useEffect(() => {
    if (busy || !pressed.current) return;
    list.current?.querySelector<HTMLElement>(`[data-move="${pressed.current}"]`)?.focus();
    pressed.current = '';
  });
  const move = (device: BootDevice, direction: Direction) => {
    pressed.current = `${device.id}-${direction}`;
    void put(moved(order, device.id, device.place + (direction === 'up' ? -1 : 1)));
  };
  const drop = (target: BootDevice) => {
    if (dragged && target.place >= 0) void put(moved(order, dragged, target.place));
    setDragged('');
    setOver('');
  };
  return (
    <RowCard>
      <SettingRow
        title={t('bootOrder.title')}
        sentence={t('bootOrder.sentence')}
        below={
          (problem || (changed && order.length > 0)) && (
            <>
              {problem && (
                <Caption1 className={styles.problem} role="alert">
                  {problem}
                </Caption1>
              )}
              {changed && order.length > 0 && (
                <CopyChip text={['visor boot-order', machine.name, ...order.map(shellWord)].join(' ')} />
              )}
            </>
          )
        }
      />
      <div ref={list} role="list" aria-label={t('bootOrder.title')}>
        {bootDevices(machine.spec).map((device) => (
          <div
            key={device.id}
            role="listitem"
            className={mergeClasses(
              styles.device,
              device.place >= 0 && styles.movable,
              over === device.id && dragged !== '' && styles.target,
            )}
            draggable={device.place >= 0 && !busy}
            onDragStart={() => setDragged(device.id)}
            onDragEnd={() => setDragged('')}
            onDragOver={(event) => {
              if (dragged && device.place >= 0) event.preventDefault();
              setOver(device.id);
            }}
            onDrop={() => drop(device)}
          >
            <DeviceRow
              device={device}
              last={order.length - 1}
              busy={busy}
              waits={machine.pending.some(({ field }) => waitsFor(machine, device, field))}
              onMove={(direction) => move(device, direction)}
              onUse={(use) => void put(use ? [...order, device.id] : order.filter((id) => id !== device.id))}
            />
          </div>
        ))}
      </div>
    </RowCard>
  );
}

function waitsFor({ spec }: Machine, { id, kind }: BootDevice, field: string) {
  const [name, devices] = kind === 'network' ? ['nics', spec.nics] : ['disks', spec.disks];
  return field.replace(/^spec\./, '') === `${name}[${devices.findIndex((one) => one.id === id)}].bootIndex`;
}

interface DeviceRowProps {
  device: BootDevice;
  last: number;
  busy: boolean;
  waits: boolean;
  onMove: (direction: Direction) => void;
  onUse: (use: boolean) => void;
}

function DeviceRow({ device, last, busy, waits, onMove, onUse }: DeviceRowProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { id, kind, place } = device;
  const button = (direction: Direction, disabled: boolean) => (
    <Button
      appearance="subtle"
      icon={direction === 'up' ? <ArrowUpRegular /> : <ArrowDownRegular />}
      aria-label={t(`bootOrder.${direction}`, { id })}
      data-move={`${id}-${direction}`}
      disabledFocusable={busy || disabled}
      onClick={() => onMove(direction)}
    />
  );
  return (
    <SettingRow
      icon={icons[kind]}
      title={id}
      sentence={kind === 'network' ? t('bootOrder.network') : t(`device.${kind}`)}
      below={
        waits && (
          <Caption1 className={styles.waits}>
            <ClockRegular aria-hidden /> {t('settings.waits')}
          </Caption1>
        )
      }
    >
      {place >= 0 && <Chip>{t('bootOrder.place', { place: place + 1 })}</Chip>}
      {place >= 0 && button('up', place === 0)}
      {place >= 0 && button('down', place === last)}
      <Switch
        aria-label={t('bootOrder.use', { id })}
        checked={place >= 0}
        disabled={busy}
        onChange={(_, data) => onUse(data.checked)}
      />
    </SettingRow>
  );
}
