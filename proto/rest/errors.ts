import { WireError } from '../errors.ts';

/**
 * Failures of storage and of the local control socket. A code is stable: scripts and docs/errors.md rely on it.
 * Messages carry paths, sizes and offsets, never contents.
 */
export type StoreErrorCode =
  /** Neither `--home` nor KEYMOOT_HOME says which home is meant. */
  | 'HOME_NOT_NAMED'
  /** The home directory, or something in it, is missing. */
  | 'HOME_MISSING'
  /** The home directory is open to other users, or belongs to one. */
  | 'HOME_UNSAFE'
  /** Another process holds the home directory; the message names its pid. */
  | 'HOME_IN_USE'
  /** The lock was released, or the directory was replaced under a running process. */
  | 'HOME_LOST'
  /** The home holds files of different ages or a damaged counter. */
  | 'HOME_CORRUPT'
  /** This machine offers no lock that dies with its process. */
  | 'LOCK_UNAVAILABLE'
  /** A write did not reach the disk. */
  | 'WRITE_FAILED'
  /** A file could not be read. */
  | 'READ_FAILED'
  /** A file is there already and must not be replaced. */
  | 'FILE_EXISTS'
  /** A record of an append-only file is damaged; the message names the offset. */
  | 'JOURNAL_CORRUPT'
  /** An earlier write of this append-only file failed; the process must stop using it. */
  | 'JOURNAL_STOPPED'
  /** A record is too long for its append-only file. */
  | 'RECORD_TOO_LARGE'
  | 'WRONG_PASSPHRASE'
  | 'PASSPHRASE_TOO_SHORT'
  | 'PASSPHRASE_TOO_LONG'
  | 'PASSPHRASE_MISMATCH'
  /** No terminal to ask on and no file to read from. */
  | 'PASSPHRASE_MISSING'
  | 'PASSPHRASE_CANCELLED'
  /** A sealed file is damaged, swapped with another one, or from another home. */
  | 'SEALED_FILE_CORRUPT'
  | 'SEALED_FILE_MISSING'
  /** The key derivation parameters lie outside the accepted range. */
  | 'KDF_REFUSED'
  /** The vault was wiped from memory. */
  | 'VAULT_WIPED'
  /** No node listens on the control socket. */
  | 'NODE_NOT_RUNNING'
  /** A node listens on the control socket already. */
  | 'NODE_RUNNING'
  /** The other end of the control socket broke its rules or went away. */
  | 'CONTROL_FAILED'
  | 'CONTROL_TIMEOUT'
  /** Somebody must agree, and there is no terminal to ask on. */
  | 'CONFIRMATION_MISSING'
  | 'CONTROL_PATH_TOO_LONG';

export class StoreError extends WireError {
  override readonly name: string = 'StoreError';
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The code of an operating system error (`ENOSPC`), or a plain word; never its message, which could quote data. */
export function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'unknown error';
}
