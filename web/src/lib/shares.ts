// What a shared folder is called, and how its guest mounts it. Pure.
import type { Share } from '../api/types';

const longestTag = 31;

/** A tag made of the folder's own name, with a number behind it where another folder has that already. */
export function tagOf(path: string, taken: string[] = []): string {
  const last = path.split('/').filter(Boolean).at(-1) ?? '';
  const word =
    last
      .replace(/[^A-Za-z0-9._]+/g, '-')
      .replace(/^[._-]+/, '')
      .slice(0, longestTag - 2)
      .replace(/-+$/, '') || 'share';
  let tag = word;
  for (let number = 2; taken.includes(tag); number += 1) tag = `${word}${number}`;
  return tag;
}

/** The share with another driver; virtiofs knows real links and modes alone. */
export const servedBy = (share: Share, driver: Share['driver']): Share => ({
  ...share,
  driver,
  owners: driver === 'virtiofs' ? 'plain' : share.owners,
});

export const isDriver = (word: string | undefined): word is Share['driver'] =>
  word === '9p' || word === 'virtiofs';

export const mountCommand = ({ tag, readOnly, driver }: Pick<Share, 'tag' | 'readOnly' | 'driver'>) =>
  driver === 'virtiofs'
    ? `mount -t virtiofs${readOnly ? ' -o ro' : ''} ${tag} /mnt`
    : `mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144${readOnly ? ',ro' : ''} ${tag} /mnt`;
