import { expect, it } from 'vitest';

import { mountCommand, servedBy, tagOf } from './shares';

it('makes a tag that every guest can mount of any folder', () => {
  expect(tagOf('/home/me/src')).toBe('src');
  expect(tagOf('/home/me/My Projects!/')).toBe('My-Projects');
  expect(tagOf('/srv/.hidden')).toBe('hidden');
  expect(tagOf('/srv/文件')).toBe('share');
  expect(tagOf('')).toBe('share');
  expect(tagOf(`/srv/${'x'.repeat(80)}`)).toHaveLength(29);
});

it('gives no tag twice', () => {
  expect(tagOf('/a/src', ['src'])).toBe('src2');
  expect(tagOf('/a/src', ['src', 'src2'])).toBe('src3');
});

it('mounts what is read-only as such', () => {
  expect(mountCommand({ tag: 'src', readOnly: false, driver: '9p' })).toBe(
    'mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 src /mnt',
  );
  expect(mountCommand({ tag: 'films', readOnly: true, driver: '9p' })).toContain(',ro films /mnt');
});

it('mounts each by what serves it', () => {
  expect(mountCommand({ tag: 'src', readOnly: false, driver: 'virtiofs' })).toBe(
    'mount -t virtiofs src /mnt',
  );
  expect(mountCommand({ tag: 'src', readOnly: true, driver: 'virtiofs' })).toBe(
    'mount -t virtiofs -o ro src /mnt',
  );
});

it('asks virtiofs for nothing that it refuses', () => {
  const share = { tag: 'src', path: '/srv', readOnly: false, owners: 'mapped', driver: '9p' } as const;
  expect(servedBy(share, 'virtiofs').owners).toBe('plain');
  expect(servedBy(share, '9p').owners).toBe('mapped');
});
