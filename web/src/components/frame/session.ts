// Whether the daemon knows who we are. A 401 anywhere turns the page into the sign-in page; the address stays.
import { useSyncExternalStore } from 'react';

import { live, queryClient } from '../../api/inventory';
import { setUnauthorizedListener } from '../../api/client';
import { metricsStore } from '../../api/metrics';

let signedOut = false;
const listeners = new Set<() => void>();

function set(next: boolean): void {
  if (signedOut === next) return;
  signedOut = next;
  listeners.forEach((listener) => listener());
}

setUnauthorizedListener(() => {
  live.stop();
  set(true);
});

export function signedIn(): void {
  metricsStore.forgetAll();
  queryClient.clear();
  set(false);
}

export function signedOutNow(): void {
  live.stop();
  queryClient.clear();
  set(true);
}

export const useSignedOut = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => signedOut,
  );
