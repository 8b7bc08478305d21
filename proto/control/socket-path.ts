import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StoreError, systemCode } from '../rest/errors.ts';
import { MAX_SOCKET_PATH } from './limits.ts';

export interface SocketPath {
  /** A form of the path that fits a socket address, valid until `release`. */
  readonly short: string;
  release(): Promise<void>;
}

/**
 * A home may lie deeper than a socket address is long. Linux then reaches the directory through a descriptor; elsewhere
 * such a home is refused with `CONTROL_PATH_TOO_LONG`.
 */
export async function openSocketPath(path: string): Promise<SocketPath> {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return { short: path, release: () => Promise.resolve() };
  if (process.platform !== 'linux') {
    throw new StoreError('CONTROL_PATH_TOO_LONG', `${path} is too long for a socket; use a home with a shorter path.`);
  }
  const directory = await openDirectory(dirname(path));
  return {
    short: join('/proc/self/fd', String(directory.fd), basename(path)),
    release: () => directory.close(),
  };
}

async function openDirectory(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw new StoreError('HOME_MISSING', `There is no home directory at ${path} (${systemCode(error)}).`);
  }
}
