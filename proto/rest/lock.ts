/**
 * One process a home. The lock is an advisory lock of the kernel (flock) on `HOME/lock`: it ends when the process ends,
 * kill -9 included, so there is no stale lock to judge. Node has no flock of its own: on Linux the `flock` tool of the
 * base system locks a descriptor that it inherits from us, and a lock belongs to the open file, not to the tool; on
 * macOS and the BSDs open(2) takes the lock itself.
 *
 * Every acquisition also raises a durable fencing epoch (`HOME/fencing-epoch`). A process that finds another value
 * there than its own no longer owns the home (docs/protocol.md d.6, one writer).
 */
// oxlint-disable-next-line no-restricted-imports -- the one child process outside the demo: Node itself has no flock
import { spawn } from 'node:child_process';
import { type BigIntStats, constants } from 'node:fs';
import { access, type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileIfPresent, sweepTemporaries, writeFileAtomic } from './atomic-file.ts';
import { checkHome } from './directory.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { StoreError, systemCode } from './errors.ts';

const LOCK_FILE = 'lock';
const FENCING_FILE = 'fencing-epoch';

/** Where base systems keep the tool. No search along PATH: what locks must not be what someone put first there. */
const FLOCK_TOOLS = ['/usr/bin/flock', '/bin/flock', '/run/current-system/sw/bin/flock'];

/** `O_EXLOCK` and `O_NONBLOCK` of macOS and the BSDs; Node names only the second. */
const BSD_OPEN_LOCKED = 0x0020 | 0x0004;

export class HomeLock {
  readonly home: string;
  /** Grows by one at every acquisition; 1 for the first. */
  readonly epoch: number;
  readonly #disk: Disk;
  #handle: FileHandle | undefined;

  private constructor(home: string, epoch: number, disk: Disk, handle: FileHandle) {
    this.home = home;
    this.epoch = epoch;
    this.#disk = disk;
    this.#handle = handle;
  }

  /**
   * Takes the home for this process. Fails with `HOME_IN_USE` (names the pid), `HOME_MISSING`, `HOME_UNSAFE`,
   * `HOME_CORRUPT`, `LOCK_UNAVAILABLE`.
   */
  static async acquire(path: string, disk: Disk = nodeDisk): Promise<HomeLock> {
    const home = await checkHome(path);
    const handle = await openLocked(home);
    try {
      await writeHolder(handle);
      await sweepTemporaries(home, disk);
      const epoch = ((await readFencing(home, disk)) ?? 0) + 1;
      await writeFileAtomic(join(home, FENCING_FILE), new TextEncoder().encode(`${epoch}\n`), disk);
      return new HomeLock(home, epoch, disk, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get held(): boolean {
    return this.#handle !== undefined;
  }

  /** Throws `HOME_LOST` after `release`. */
  assertHeld(): void {
    if (this.#handle === undefined) throw lost(this.home, 'the lock was released');
  }

  /**
   * Checks that the home on disk is still the one that was locked: same lock file, same fencing epoch. A directory that
   * was restored or replaced under a running node fails with `HOME_LOST`.
   */
  async verify(): Promise<void> {
    this.assertHeld();
    const handle = this.#handle;
    if (handle === undefined || !(await isSameFile(handle, join(this.home, LOCK_FILE)))) {
      throw lost(this.home, 'its lock file was replaced');
    }
    if ((await readFencing(this.home, this.#disk)) !== this.epoch) throw lost(this.home, 'its fencing epoch changed');
  }

  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

/** The pid of the process that holds the home now, as far as it can be told without taking the lock. */
export async function readHolder(home: string): Promise<number | undefined> {
  const bytes = await readFileIfPresent(join(home, LOCK_FILE));
  const text = new TextDecoder().decode(bytes ?? new Uint8Array(0));
  const pid = /^([1-9][0-9]{0,9})\n$/.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

async function openLocked(home: string): Promise<FileHandle> {
  const path = join(home, LOCK_FILE);
  // A lock file that was replaced between open and lock guards nothing, so look again; more than one round is rare.
  for (let round = 0; round < 8; round++) {
    const handle = await (process.platform === 'linux' ? openWithTool(path) : openOnBsd(path)).catch(async (error) => {
      throw await explain(error, home);
    });
    if (await isSameFile(handle, path)) return handle;
    await handle.close();
  }
  throw new StoreError('LOCK_UNAVAILABLE', `The lock file in ${home} keeps being replaced.`);
}

async function explain(error: unknown, home: string): Promise<unknown> {
  if (error instanceof StoreError) return error;
  if (systemCode(error) !== 'EAGAIN') {
    return new StoreError('LOCK_UNAVAILABLE', `Could not lock ${home}: ${systemCode(error)}.`, { cause: error });
  }
  const pid = await readHolder(home);
  const holder = pid === undefined ? 'Another process' : `Process ${pid}`;
  return new StoreError('HOME_IN_USE', `${holder} is using ${home}. Stop it first; two at once are never safe.`);
}

async function openOnBsd(path: string): Promise<FileHandle> {
  return await open(path, constants.O_RDWR | constants.O_CREAT | BSD_OPEN_LOCKED, 0o600);
}

async function openWithTool(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    if (!(await runFlock(handle.fd))) throw Object.assign(new Error('locked'), { code: 'EAGAIN' });
    await provePrevents(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file system that grants the same lock twice (some network mounts do) gives no protection at all. */
async function provePrevents(path: string): Promise<void> {
  const second = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    if (await runFlock(second.fd)) {
      throw new StoreError('LOCK_UNAVAILABLE', `The file system of ${path} does not honour locks; use a local disk.`);
    }
  } finally {
    await second.close();
  }
}

/** Whether the tool could lock the open file behind `fd`, which then stays locked for as long as we keep it open. */
async function runFlock(fd: number): Promise<boolean> {
  const tool = await findTool();
  return await new Promise((resolve, reject) => {
    const child = spawn(tool, ['-x', '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd], env: {} });
    child.once('error', reject);
    child.once('exit', (status) => {
      if (status === 0 || status === 1) resolve(status === 0);
      else reject(new StoreError('LOCK_UNAVAILABLE', `${tool} failed with status ${status}.`));
    });
  });
}

async function findTool(): Promise<string> {
  for (const tool of FLOCK_TOOLS) {
    try {
      await access(tool, constants.X_OK);
      return tool;
    } catch {
      // Not on this machine; the next place may have it.
    }
  }
  throw new StoreError(
    'LOCK_UNAVAILABLE',
    `The flock tool (package util-linux) is missing: ${FLOCK_TOOLS.join(', ')}.`,
  );
}

async function isSameFile(handle: FileHandle, path: string): Promise<boolean> {
  const held = await handle.stat({ bigint: true });
  const named: BigIntStats | undefined = await stat(path, { bigint: true }).catch(() => undefined);
  return named !== undefined && held.ino === named.ino && held.dev === named.dev;
}

async function writeHolder(handle: FileHandle): Promise<void> {
  await handle.truncate(0);
  await handle.write(new TextEncoder().encode(`${process.pid}\n`), 0, undefined, 0);
}

async function readFencing(home: string, disk: Disk): Promise<number | undefined> {
  const path = join(home, FENCING_FILE);
  const bytes = await readFileIfPresent(path, disk);
  if (bytes === undefined) return undefined;
  const digits = /^([1-9][0-9]{0,14})\n$/.exec(new TextDecoder().decode(bytes))?.[1];
  if (digits === undefined) throw new StoreError('HOME_CORRUPT', `${path} does not hold a number.`);
  return Number(digits);
}

function lost(home: string, why: string): StoreError {
  return new StoreError('HOME_LOST', `This process no longer owns ${home}: ${why}.`);
}
