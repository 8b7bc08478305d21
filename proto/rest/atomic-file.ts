/**
 * Whole-file replacement: a reader sees the old file or the new one, never a part, whatever moment the power fails.
 * Steps: write a temporary file in the same directory, fsync it, rename it over the name, fsync the directory.
 */
import { dirname, join } from 'node:path';
import { type Disk, type DiskFile, nodeDisk } from './disk.ts';
import { StoreError, systemCode } from './errors.ts';

/** Marks temporaries, so that the next owner of the home can sweep what a crash left behind. */
const TEMPORARY = /\.tmp-[0-9]+-[0-9]+$/;

let temporaries = 0;

/**
 * Replaces `path` by a file of mode 0600 with `bytes`; durable when it resolves.
 * Fails with `WRITE_FAILED`, after which the old file (or its absence) is unchanged.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array, disk: Disk = nodeDisk): Promise<void> {
  temporaries += 1;
  const temporary = `${path}.tmp-${process.pid}-${temporaries}`;
  try {
    await fill(await disk.createFile(temporary), bytes);
    await disk.rename(temporary, path);
    await disk.syncDirectory(dirname(path));
  } catch (error) {
    await disk.remove(temporary).catch(() => undefined);
    throw new StoreError('WRITE_FAILED', `Could not write ${path}: ${systemCode(error)}.`, { cause: error });
  }
}

/** As `writeFileAtomic`, but fails with `FILE_EXISTS` if the name is taken. The caller holds the home lock. */
export async function createFileAtomic(path: string, bytes: Uint8Array, disk: Disk = nodeDisk): Promise<void> {
  if ((await readFileIfPresent(path, disk)) !== undefined) {
    throw new StoreError('FILE_EXISTS', `${path} exists already and is never replaced.`);
  }
  await writeFileAtomic(path, bytes, disk);
}

/** The whole file, or `undefined` if there is none. Fails with `READ_FAILED`. */
export async function readFileIfPresent(path: string, disk: Disk = nodeDisk): Promise<Uint8Array | undefined> {
  try {
    return await disk.readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new StoreError('READ_FAILED', `Could not read ${path}: ${systemCode(error)}.`, { cause: error });
  }
}

/** Removes a file durably; absent is fine. */
export async function removeFile(path: string, disk: Disk = nodeDisk): Promise<void> {
  try {
    await disk.remove(path);
    await disk.syncDirectory(dirname(path));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw new StoreError('WRITE_FAILED', `Could not remove ${path}: ${systemCode(error)}.`, { cause: error });
  }
}

/**
 * Removes temporaries that a crash left in a directory and, `depth` levels deep, below it. Only for the holder of the
 * home lock: anyone else could remove a file that is being written.
 */
export async function sweepTemporaries(directory: string, disk: Disk = nodeDisk, depth = 3): Promise<void> {
  for (const entry of await disk.list(directory)) {
    const path = join(directory, entry.name);
    if (entry.directory) {
      if (depth > 0) await sweepTemporaries(path, disk, depth - 1);
    } else if (TEMPORARY.test(entry.name)) {
      await disk.remove(path);
    }
  }
}

async function fill(file: DiskFile, bytes: Uint8Array): Promise<void> {
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
