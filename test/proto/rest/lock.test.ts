import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAtomic } from '../../../proto/rest/atomic-file.ts';
import { HomeLock, readHolder } from '../../../proto/rest/lock.ts';
import { killChild, runChild, startChild } from './child.ts';
import { errorOf, temporaryHome } from './temporary.ts';

const HOLD = new URL('./children/hold-lock.mjs', import.meta.url);

test('a second process on the same home is refused and told the pid of the first', async () => {
  const home = await temporaryHome();
  const { child } = await startChild(HOLD, [home]);
  const error = await errorOf(HomeLock.acquire(home));
  expect(error.code).toBe('HOME_IN_USE');
  expect(error.message).toContain(`Process ${child.pid} `);
  expect(await readHolder(home)).toBe(child.pid);
});

test('the same process cannot take a home twice, and can after release', async () => {
  const home = await temporaryHome();
  const first = await HomeLock.acquire(home);
  expect((await errorOf(HomeLock.acquire(home))).code).toBe('HOME_IN_USE');
  await first.release();
  expect(first.held).toBe(false);
  expect((await errorOf(() => first.assertHeld())).code).toBe('HOME_LOST');
  const second = await HomeLock.acquire(home);
  expect(second.epoch).toBe(first.epoch + 1);
  await second.release();
});

test('kill -9 frees the home at once, and the fencing epoch grows at every opening', async () => {
  const home = await temporaryHome();
  for (const epoch of [1, 2, 3]) {
    const { child, line } = await startChild(HOLD, [home]);
    expect(line).toBe(String(epoch));
    await killChild(child);
  }
  const lock = await HomeLock.acquire(home);
  expect(lock.epoch).toBe(4);
  await lock.verify();
  await lock.release();
});

test('of many processes at once exactly one gets the home', async () => {
  const home = await temporaryHome();
  const children = await Promise.all(Array.from({ length: 6 }, () => startChild(HOLD, [home])));
  const lines = children.map(({ line }) => line);
  expect(lines.filter((line) => line === '1')).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('HOME_IN_USE '))).toHaveLength(5);
});

test('a home that is replaced under a running process is noticed', async () => {
  const home = await temporaryHome();
  const lock = await HomeLock.acquire(home);
  await rename(join(home, 'lock'), join(home, 'lock-moved'));
  await writeFile(join(home, 'lock'), '');
  expect((await errorOf(lock.verify())).code).toBe('HOME_LOST');
  await rm(join(home, 'lock'));
  expect((await errorOf(lock.verify())).code).toBe('HOME_LOST');
  await rename(join(home, 'lock-moved'), join(home, 'lock'));
  await lock.verify();
  await writeFileAtomic(join(home, 'fencing-epoch'), new TextEncoder().encode('9\n'));
  expect((await errorOf(lock.verify())).code).toBe('HOME_LOST');
  await lock.release();
});

test.each(['', 'x\n', '-1\n', '01\n', '1', '1e3\n'])(
  'a damaged fencing epoch %j stops the opening and frees the lock',
  async (text) => {
    const home = await temporaryHome();
    await writeFile(join(home, 'fencing-epoch'), text);
    expect((await errorOf(HomeLock.acquire(home))).code).toBe('HOME_CORRUPT');
    await writeFile(join(home, 'fencing-epoch'), '7\n');
    const lock = await HomeLock.acquire(home);
    expect(lock.epoch).toBe(8);
    await lock.release();
  },
);

test('an open home is refused before anything is written into it', async () => {
  const home = await temporaryHome();
  await chmod(home, 0o750);
  expect((await errorOf(HomeLock.acquire(home))).code).toBe('HOME_UNSAFE');
});

test('a process that ends normally leaves the home free', async () => {
  const home = await temporaryHome();
  const first = await runChild(HOLD, [home, 'once']);
  expect(first.lines).toEqual(['1']);
  const second = await runChild(HOLD, [home, 'once']);
  expect(second.lines).toEqual(['2']);
});
