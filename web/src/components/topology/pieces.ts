import { useTranslation } from 'react-i18next';

import type { Piece } from '../../lib/pinning';

/** What of a machine is put on processors, in words. */
export function usePieceName() {
  const { t } = useTranslation();
  return (piece: Piece) => {
    if (piece === 'io') return t('pinning.io');
    return piece === 'emulator' ? t('pinning.emulator') : t('pinning.vcpu', { vcpu: piece });
  };
}
