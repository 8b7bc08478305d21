/**
 * The file system as storage sees it. Production uses `nodeDisk`; a simulation or a fault test gives its own.
 * Methods fail with the operating system's error (`code` is `ENOENT`, `ENOSPC` and the like).
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';

export interface DiskFile {
  /** Size in bytes. */
  size(): Promise<number>;
  /** Reads at most `length` bytes from `position`; fewer only at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Writes all of `bytes` at `position`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Returns once contents and size are on stable storage (fdatasync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Disk {
  readFile(path: string): Promise<Uint8Array>;
  /** A new file, mode 0600; fails with `EEXIST` if the name is taken, even by a link. */
  createFile(path: string): Promise<DiskFile>;
  /** An existing file, for reading and writing; a symbolic link is refused. */
  openFile(path: string): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Mode 0700; the parent must exist; fails with `EEXIST`. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, sorted. */
  list(path: string): Promise<readonly DiskEntry[]>;
  /** Makes creations, renames and removals in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

export interface DiskEntry {
  readonly name: string;
  readonly directory: boolean;
}

export const nodeDisk: Disk = {
  async readFile(path) {
    return new Uint8Array(await readFile(path));
  },
  async createFile(path) {
    return new NodeFile(await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600));
  },
  async openFile(path) {
    return new NodeFile(await open(path, constants.O_RDWR | constants.O_NOFOLLOW));
  },
  rename,
  remove: unlink,
  async makeDirectory(path) {
    await mkdir(path, { mode: 0o700 });
  },
  async list(path) {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .map((entry) => ({ name: entry.name, directory: entry.isDirectory() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  async syncDirectory(path) {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const result = await this.#handle.write(bytes, written, bytes.length - written, position + written);
      written += result.bytesWritten;
    }
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size);
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
