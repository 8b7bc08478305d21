/**
 * The sealed files of one home. A passphrase opens the vault once a process (the derivation is slow on purpose); after
 * that the data key stays in memory until `wipe`. Files lie at `HOME/sealed/KIND/ID`.
 */
import { join } from 'node:path';
import { createFileAtomic, readFileIfPresent, removeFile, writeFileAtomic } from './atomic-file.ts';
import { ensureDirectory } from './directory.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { StoreError, systemCode } from './errors.ts';
import { isSealedName, openBytes, type SealedName, sealBytes } from './sealed-file.ts';
import { checkStrength, DEFAULT_LOG_N, unwrapDataKey, type VaultHead, wrapDataKey } from './vault-key.ts';

const VAULT_FILE = 'vault';
const SEALED_DIRECTORY = 'sealed';

/** A passphrase for a new vault has at least this many bytes. */
export const MIN_PASSPHRASE = 8;

/** Where secrets come from; `Random` of the composition root fits. */
export interface SecretRandom {
  bytes(length: number): Uint8Array;
}

export interface VaultOptions {
  readonly disk?: Disk;
}

export interface CreateVaultOptions extends VaultOptions {
  /**
   * log2 of the scrypt cost, 14 to 16, for demos and tests only: recorded in the file, reported by `weak`. Without it
   * the cost is 2^18.
   */
  readonly weakLogN?: number;
}

export class Vault {
  readonly home: string;
  /** The vault was made with a cheap key derivation; not for real keys. */
  readonly weak: boolean;
  readonly #vaultId: Uint8Array;
  readonly #random: SecretRandom;
  readonly #disk: Disk;
  #dataKey: Uint8Array | undefined;

  private constructor(home: string, head: VaultHead, dataKey: Uint8Array, random: SecretRandom, disk: Disk) {
    this.home = home;
    this.weak = head.weak;
    this.#vaultId = head.vaultId;
    this.#dataKey = dataKey;
    this.#random = random;
    this.#disk = disk;
  }

  /** Makes a vault in a home that has none. Fails with `FILE_EXISTS`, `PASSPHRASE_TOO_SHORT`, `KDF_REFUSED`. */
  static async create(
    home: string,
    passphrase: Uint8Array,
    random: SecretRandom,
    options: CreateVaultOptions = {},
  ): Promise<Vault> {
    const disk = options.disk ?? nodeDisk;
    if (passphrase.length < MIN_PASSPHRASE) {
      throw new StoreError('PASSPHRASE_TOO_SHORT', `A passphrase needs at least ${MIN_PASSPHRASE} characters.`);
    }
    const head: VaultHead = {
      logN: options.weakLogN ?? DEFAULT_LOG_N,
      weak: options.weakLogN !== undefined,
      vaultId: random.bytes(16),
      salt: random.bytes(32),
      nonce: random.bytes(24),
    };
    checkStrength(head.logN, head.weak);
    const dataKey = random.bytes(32);
    await createFileAtomic(join(home, VAULT_FILE), await wrapDataKey(head, passphrase, dataKey), disk);
    await ensureDirectory(join(home, SEALED_DIRECTORY), disk);
    return new Vault(home, head, dataKey, random, disk);
  }

  /** Fails with `SEALED_FILE_MISSING`, `SEALED_FILE_CORRUPT`, `KDF_REFUSED`, `WRONG_PASSPHRASE`. */
  static async open(
    home: string,
    passphrase: Uint8Array,
    random: SecretRandom,
    options: VaultOptions = {},
  ): Promise<Vault> {
    const disk = options.disk ?? nodeDisk;
    const path = join(home, VAULT_FILE);
    const file = await readFileIfPresent(path, disk);
    if (file === undefined) throw new StoreError('SEALED_FILE_MISSING', `${path} is missing; run init first.`);
    const { head, dataKey } = await unwrapDataKey(file, passphrase, path);
    await ensureDirectory(join(home, SEALED_DIRECTORY), disk);
    return new Vault(home, head, dataKey, random, disk);
  }

  /** Seals `bytes` as (kind, id), replacing an earlier version; durable when it resolves. Fails with `WRITE_FAILED`. */
  async seal(kind: string, id: string, bytes: Uint8Array): Promise<void> {
    const name = this.#name(kind, id);
    const file = sealBytes(this.#key(), name, this.#random.bytes(24), bytes);
    await ensureDirectory(join(this.home, SEALED_DIRECTORY, kind), this.#disk);
    await writeFileAtomic(this.#path(kind, id), file, this.#disk);
  }

  /** The contents of (kind, id). Fails with `SEALED_FILE_MISSING`, `SEALED_FILE_CORRUPT`. */
  async open(kind: string, id: string): Promise<Uint8Array> {
    const name = this.#name(kind, id);
    const path = this.#path(kind, id);
    const file = await readFileIfPresent(path, this.#disk);
    if (file === undefined) throw new StoreError('SEALED_FILE_MISSING', `${path} is missing.`);
    const bytes = openBytes(this.#key(), name, file);
    if (bytes === undefined) {
      throw new StoreError('SEALED_FILE_CORRUPT', `${path} is damaged, or belongs to another name or home.`);
    }
    return bytes;
  }

  async has(kind: string, id: string): Promise<boolean> {
    this.#name(kind, id);
    return (await readFileIfPresent(this.#path(kind, id), this.#disk)) !== undefined;
  }

  /** Ids of a kind, sorted; contents are not looked at. */
  async list(kind: string): Promise<readonly string[]> {
    if (!isSealedName(kind)) throw new RangeError('not a kind of sealed file');
    try {
      const entries = await this.#disk.list(join(this.home, SEALED_DIRECTORY, kind));
      return entries.filter((entry) => !entry.directory && !entry.name.includes('.tmp-')).map((entry) => entry.name);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw new StoreError('READ_FAILED', `Could not list sealed files: ${systemCode(error)}.`, { cause: error });
    }
  }

  /**
   * Removes (kind, id). What a disk keeps of a removed file stays sealed under the data key: removal binds only together
   * with a passphrase that is kept or forgotten.
   */
  async remove(kind: string, id: string): Promise<void> {
    this.#name(kind, id);
    await removeFile(this.#path(kind, id), this.#disk);
  }

  /** Overwrites the data key; the vault is of no further use (`VAULT_WIPED`). */
  wipe(): void {
    this.#dataKey?.fill(0);
    this.#dataKey = undefined;
  }

  /** Never more than this leaves through logs or JSON. */
  toJSON(): string {
    return '[Vault]';
  }

  #key(): Uint8Array {
    if (this.#dataKey === undefined) throw new StoreError('VAULT_WIPED', 'The vault was wiped from memory.');
    return this.#dataKey;
  }

  #name(kind: string, id: string): SealedName {
    if (!isSealedName(kind) || !isSealedName(id)) throw new RangeError('not a name of a sealed file');
    return { vaultId: this.#vaultId, kind, id };
  }

  #path(kind: string, id: string): string {
    return join(this.home, SEALED_DIRECTORY, kind, id);
  }
}
