// The guest's serial port as a terminal. What it said before comes first.
import { Button, Dropdown, Option } from '@fluentui/react-components';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import type { Machine } from '../../api/types';
import { ArrowClockwiseRegular, WindowConsoleRegular } from '../../components/icons';
import { isActive } from '../../lib/machines';
import { GuestStage, StageOff, type StageState } from './GuestStage';
import { guestSocketUrl, retryDelay } from './guestSocket';

export default function TerminalTab({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  if (isActive(machine.state.status)) return <SerialPorts machine={machine} />;
  return <StageOff machine={machine} picture={<WindowConsoleRegular />} sentence={t('stage.terminalOff')} />;
}

function openTerminal(element: HTMLElement): { terminal: Terminal; close: () => void } {
  const terminal = new Terminal({
    fontFamily: "ui-monospace, 'Cascadia Mono', Menlo, 'DejaVu Sans Mono', 'Liberation Mono', monospace",
    fontSize: 14,
    cursorBlink: true,
    scrollback: 10000,
    theme: { background: '#0c0c0c', foreground: '#e6e6e6' },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(element);
  const observer = new ResizeObserver(() => fit.fit());
  observer.observe(element);
  return {
    terminal,
    close: () => {
      observer.disconnect();
      terminal.dispose();
    },
  };
}

/** How many ports it runs with: a change of that waits for the next start. */
function portsOf(machine: Machine): number {
  const waits = machine.pending.find(({ field }) => field.replace(/^spec\./, '') === 'serialPorts');
  return typeof waits?.running === 'number' ? waits.running : machine.spec.serialPorts;
}

function SerialPorts({ machine }: { machine: Machine }) {
  const { t } = useTranslation();
  const [port, setPort] = useState(0);
  const ports = portsOf(machine);
  const word = (number: number) => t('stage.portNumber', { port: number });
  const choice = ports > 1 && (
    <Dropdown
      size="small"
      aria-label={t('stage.port')}
      value={word(port)}
      selectedOptions={[String(port)]}
      onOptionSelect={(_, { optionValue }) => optionValue !== undefined && setPort(Number(optionValue))}
    >
      {Array.from({ length: ports }, (_, number) => (
        <Option key={number} value={String(number)}>
          {word(number)}
        </Option>
      ))}
    </Dropdown>
  );
  return <SerialTerminal key={port} name={machine.name} port={port} choice={choice} />;
}

interface SerialTerminalProps {
  name: string;
  port: number;
  choice: ReactNode;
}

function SerialTerminal({ name, port, choice }: SerialTerminalProps) {
  const { t } = useTranslation();
  const stage = useRef<HTMLDivElement>(null);
  const guest = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<StageState>('connecting');
  const [round, setRound] = useState(0);
  const attempts = useRef(0);

  useEffect(() => {
    if (!guest.current) return undefined;
    const { terminal, close } = openTerminal(guest.current);
    const encoder = new TextEncoder();
    let left = false;
    let socket: WebSocket | null = null;
    let timer: number | undefined;
    const again = () => {
      if (left) return;
      setState('reconnecting');
      timer = window.setTimeout(() => setRound((number) => number + 1), retryDelay(attempts.current));
      attempts.current += 1;
    };
    guestSocketUrl(name, 'serial', port).then((url) => {
      if (left) return;
      socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => {
        attempts.current = 0;
        setState('connected');
        terminal.focus();
      };
      socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) =>
        terminal.write(typeof data === 'string' ? data : new Uint8Array(data));
      socket.onclose = again;
      terminal.onData((text) => socket?.readyState === WebSocket.OPEN && socket.send(encoder.encode(text)));
      terminal.onBinary(
        (text) =>
          socket?.readyState === WebSocket.OPEN &&
          socket.send(Uint8Array.from(text, (character) => character.charCodeAt(0))),
      );
    }, again);
    return () => {
      left = true;
      window.clearTimeout(timer);
      socket?.close();
      close();
    };
  }, [name, port, round]);

  return (
    <GuestStage
      label={t('tab.terminal')}
      stage={stage}
      guest={guest}
      state={state}
      padded
      tools={
        <>
          {choice}
          <Button
            appearance="subtle"
            icon={<ArrowClockwiseRegular />}
            onClick={() => {
              setState('connecting');
              setRound((number) => number + 1);
            }}
          >
            {t('stage.reconnect')}
          </Button>
        </>
      }
    />
  );
}
