/**
 * Private keys that wait in this home to be dealt in an import. Sealed until the wallet is active at all parties, then
 * erased. Whoever had the key before may still have it: its wallet is called `imported` for ever.
 *
 *   sealed (imported-key, PUBLIC KEY) = private key (32) || chain code (32)
 */
import type { Vault } from '../../proto/rest/vault.ts';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { fixed } from '../../protocol/threshold/encoding.ts';
import type { DealtKey } from '../../protocol/threshold/keygen/round-1.ts';
import { readScalar, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { SEALED_IMPORTED_KEY } from './settings.ts';

export class ImportedKeys {
  readonly #vault: Vault;

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** Seals a private key; durable when it resolves. The caller wipes what it gave. */
  async add(publicKey: Uint8Array, privateKey: Secret<bigint>, chainCode: Uint8Array): Promise<void> {
    const body = privateKey.use((secret) => concat(scalarToBytes(secret), fixed(chainCode, 32)));
    await this.#vault.seal(SEALED_IMPORTED_KEY, toHex(publicKey), body);
    body.fill(0);
  }

  /** The key to deal; the caller wipes it. */
  async load(publicKey: Uint8Array): Promise<DealtKey | undefined> {
    if (!(await this.#vault.has(SEALED_IMPORTED_KEY, toHex(publicKey)))) return undefined;
    const body = await this.#vault.open(SEALED_IMPORTED_KEY, toHex(publicKey));
    const secret = body.length === 64 ? readScalar(body.slice(0, 32)) : undefined;
    if (secret === undefined) throw new Refusal('IMPORT_KEY_INVALID', 'a sealed private key is not one');
    const chainCode = new Secret(body.slice(32));
    body.fill(0);
    return { secret: new Secret(secret), chainCode };
  }

  /** When its wallet is active. What a disk keeps of a removed file stays sealed. */
  async erase(publicKey: Uint8Array): Promise<void> {
    await this.#vault.remove(SEALED_IMPORTED_KEY, toHex(publicKey));
  }
}
