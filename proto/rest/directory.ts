/** Home directories: private to one user, created so, and refused otherwise. */
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type Disk, nodeDisk } from './disk.ts';
import { StoreError, systemCode } from './errors.ts';

/** Permission bits of group and others. */
const FOREIGN_BITS = 0o077;

/**
 * Creates a home directory (mode 0700, missing parents included) or accepts an existing safe one. Returns its absolute
 * path. Fails with `HOME_UNSAFE`, `WRITE_FAILED`.
 */
export async function createHome(path: string): Promise<string> {
  const home = resolve(path);
  try {
    await mkdir(dirname(home), { recursive: true });
    await mkdir(home, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') {
      throw new StoreError('WRITE_FAILED', `Could not create ${home}: ${systemCode(error)}.`, { cause: error });
    }
  }
  return await checkHome(home);
}

/**
 * Accepts an existing home directory and returns its absolute path. Fails with `HOME_MISSING` or, if any other user may
 * read, write or enter it, `HOME_UNSAFE`.
 */
export async function checkHome(path: string): Promise<string> {
  const home = resolve(path);
  const found = await stat(home).catch((error: unknown) => {
    throw new StoreError('HOME_MISSING', `There is no home directory at ${home} (${systemCode(error)}).`);
  });
  if (!found.isDirectory()) throw new StoreError('HOME_MISSING', `${home} is not a directory.`);
  if (process.getuid !== undefined && found.uid !== process.getuid()) {
    throw new StoreError('HOME_UNSAFE', `${home} belongs to another user; run this command as its owner.`);
  }
  if ((found.mode & FOREIGN_BITS) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    throw new StoreError(
      'HOME_UNSAFE',
      `Other users can reach ${home} (mode ${mode}). It holds key material: run "chmod 700 ${home}" first.`,
    );
  }
  return home;
}

/** Makes a directory inside a home; existing is fine. Durable when it resolves. */
export async function ensureDirectory(path: string, disk: Disk = nodeDisk): Promise<void> {
  try {
    await disk.makeDirectory(path);
    await disk.syncDirectory(dirname(path));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    throw new StoreError('WRITE_FAILED', `Could not create ${basename(path)}: ${systemCode(error)}.`, { cause: error });
  }
}
