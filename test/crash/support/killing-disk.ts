/** The real disk, which kills its own process at one chosen write, as `kill -9` does: nothing more is said or written. */
import { type Disk, type DiskFile, nodeDisk } from '../../../proto/rest/disk.ts';

/** Which write is the last one: the nth from now, or the first whose bytes contain a word. */
export interface KillOrder {
  /** Counts only writes to files whose path contains this. */
  readonly file?: string;
  readonly write?: number;
  readonly record?: string;
  /** Before the write, in the middle of it, or when it is on disk. */
  readonly phase: 'before' | 'half' | 'after';
}

export class KillingDisk implements Disk {
  /** Called with how many writes there were since the last order. */
  order: KillOrder | undefined;
  writes = 0;
  readonly readFile = nodeDisk.readFile;
  readonly rename = nodeDisk.rename;
  readonly remove = nodeDisk.remove;
  readonly makeDirectory = nodeDisk.makeDirectory;
  readonly list = nodeDisk.list;
  readonly syncDirectory = nodeDisk.syncDirectory;

  async createFile(path: string): Promise<DiskFile> {
    return this.#wrap(await nodeDisk.createFile(path), path);
  }

  async openFile(path: string): Promise<DiskFile> {
    return this.#wrap(await nodeDisk.openFile(path), path);
  }

  /** Counts from here on. */
  arm(order: KillOrder): void {
    this.writes = 0;
    this.order = order;
  }

  #wrap(file: DiskFile, path: string): DiskFile {
    let dying = false;
    return {
      size: () => file.size(),
      read: (position, length) => file.read(position, length),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
      write: async (bytes, position) => {
        const counts = this.order?.file === undefined || path.includes(this.order.file);
        if (counts) this.writes += 1;
        const phase = counts && this.#isLast(bytes) ? this.order?.phase : undefined;
        if (phase === 'before') die();
        if (phase === 'half') {
          await file.write(bytes.subarray(0, bytes.length >> 1), position);
          die();
        }
        dying = phase === 'after';
        await file.write(bytes, position);
      },
      sync: async () => {
        await file.sync();
        if (dying) die();
      },
    };
  }

  #isLast(bytes: Uint8Array): boolean {
    const { order, writes } = this;
    if (order === undefined) return false;
    if (order.write !== undefined) return writes === order.write;
    return order.record !== undefined && Buffer.from(bytes).includes(order.record);
  }
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
