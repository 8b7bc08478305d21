import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFileAtomic, readFileIfPresent, removeFile, writeFileAtomic } from '../../../proto/rest/atomic-file.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import { sweepKills } from './child.ts';
import { FullDisk } from './fault-disk.ts';
import { codeOf, readTree, temporaryHome } from './temporary.ts';

const REPLACE = new URL('./children/replace.mjs', import.meta.url);

test('a file is written whole, mode 0600, and nothing else stays behind', async () => {
  const home = await temporaryHome();
  await writeFileAtomic(join(home, 'a'), new Uint8Array([1]));
  await writeFileAtomic(join(home, 'a'), new Uint8Array([2, 3]));
  expect([...(await readTree(home))]).toEqual([['a', new Uint8Array([2, 3])]]);
  expect((await stat(join(home, 'a'))).mode & 0o777).toBe(0o600);
});

test('a link in place of the file is replaced, not followed', async () => {
  const home = await temporaryHome();
  await writeFile(join(home, 'victim'), 'untouched');
  await symlink(join(home, 'victim'), join(home, 'a'));
  await writeFileAtomic(join(home, 'a'), new Uint8Array([1]));
  expect(await readFile(join(home, 'victim'), 'utf8')).toBe('untouched');
});

test('a name that is taken is not created again', async () => {
  const home = await temporaryHome();
  await createFileAtomic(join(home, 'a'), new Uint8Array([1]));
  expect(await codeOf(createFileAtomic(join(home, 'a'), new Uint8Array([2])))).toBe('FILE_EXISTS');
  expect(await readFileIfPresent(join(home, 'a'))).toEqual(new Uint8Array([1]));
});

test('absent files read as undefined and are removed without complaint; a directory is an error', async () => {
  const home = await temporaryHome();
  expect(await readFileIfPresent(join(home, 'none'))).toBeUndefined();
  await removeFile(join(home, 'none'));
  await mkdir(join(home, 'd'));
  expect(await codeOf(readFileIfPresent(join(home, 'd')))).toBe('READ_FAILED');
});

test.each(['write', 'sync', 'rename'] as const)(
  'a full disk at %s leaves the old file and no temporary',
  async (at) => {
    const home = await temporaryHome();
    const disk = new FullDisk();
    await writeFileAtomic(join(home, 'a'), new Uint8Array([1]), disk);
    disk.failing = at;
    expect(await codeOf(writeFileAtomic(join(home, 'a'), new Uint8Array([2, 3, 4]), disk))).toBe('WRITE_FAILED');
    expect([...(await readTree(home))]).toEqual([['a', new Uint8Array([1])]]);
  },
);

test('killed at any step, a reader finds the old file or the new one, and the next owner sweeps the rest', async () => {
  const home = await temporaryHome();
  const path = join(home, 'file');
  const prepare = async (): Promise<string> => {
    await writeFile(path, 'a'.repeat(50_000));
    return path;
  };
  const killed = await sweepKills(REPLACE, prepare, async (_, run) => {
    const text = await readFile(path, 'utf8');
    expect(text === 'a'.repeat(50_000) || text === 'b'.repeat(100_000)).toBe(true);
    expect(run.lines.includes('replaced') && text[0] !== 'b').toBe(false);
  });
  expect(killed).toBe(6);
  const lock = await HomeLock.acquire(home);
  expect([...(await readTree(home)).keys()].sort()).toEqual(['fencing-epoch', 'file', 'lock']);
  await lock.release();
});
