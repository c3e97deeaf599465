// A WebSocket into a machine needs a one-time ticket; this asks for one and says the address.
import { getTicket } from '../../api/calls';

export async function guestSocketUrl(machine: string, kind: 'screen' | 'serial', port = 0): Promise<string> {
  const { path } = await getTicket(machine, kind);
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${window.location.host}${path}${port > 0 ? `&port=${port}` : ''}`;
}

const delays = [500, 1000, 2000, 4000];
export const retryDelay = (attempt: number) => delays[Math.min(attempt, delays.length - 1)] ?? 4000;
