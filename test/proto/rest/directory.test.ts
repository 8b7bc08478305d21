import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkHome, createHome, ensureDirectory } from '../../../proto/rest/directory.ts';
import { errorOf, temporaryHome } from './temporary.ts';

test('a new home is private and made once', async () => {
  const home = join(await temporaryHome(), 'deep', 'home');
  expect(await createHome(home)).toBe(home);
  expect((await stat(home)).mode & 0o777).toBe(0o700);
  expect(await createHome(home)).toBe(home);
  await ensureDirectory(join(home, 'sealed'));
  await ensureDirectory(join(home, 'sealed'));
  expect((await stat(join(home, 'sealed'))).mode & 0o777).toBe(0o700);
});

test.each([0o710, 0o701, 0o750, 0o755, 0o777, 0o720])(
  'a home of mode %o is refused with the command that helps',
  async (mode) => {
    const home = join(await temporaryHome(), 'home');
    await mkdir(home);
    await chmod(home, mode);
    for (const attempt of [checkHome, createHome]) {
      const error = await errorOf(attempt(home));
      expect(error.code).toBe('HOME_UNSAFE');
      expect(error.message).toContain(`chmod 700 ${home}`);
    }
  },
);

test('a missing home and a file in its place are named', async () => {
  const home = await temporaryHome();
  expect((await errorOf(checkHome(join(home, 'none')))).code).toBe('HOME_MISSING');
  await writeFile(join(home, 'file'), '');
  expect((await errorOf(checkHome(join(home, 'file')))).code).toBe('HOME_MISSING');
});
