/**
 * One file sealed under a passphrase of its own, to be kept away from the home: a wrapped data key, then the contents.
 *
 *   archive = vault file (144, vault-key.ts) || sealed file (sealed-file.ts) of (KIND, "archive")
 */
import { StoreError } from './errors.ts';
import { openBytes, sealBytes } from './sealed-file.ts';
import { MIN_PASSPHRASE, type SecretRandom } from './vault.ts';
import { DEFAULT_LOG_N, unwrapDataKey, VAULT_FILE_BYTES, wrapDataKey } from './vault-key.ts';

const ID = 'archive';

/** Fails with `PASSPHRASE_TOO_SHORT`, `KDF_REFUSED`. `weakLogN` as for a vault. */
export async function sealArchive(
  kind: string,
  bytes: Uint8Array,
  passphrase: Uint8Array,
  random: SecretRandom,
  weakLogN?: number,
): Promise<Uint8Array> {
  if (passphrase.length < MIN_PASSPHRASE) {
    throw new StoreError('PASSPHRASE_TOO_SHORT', `A passphrase needs at least ${MIN_PASSPHRASE} characters.`);
  }
  const head = {
    logN: weakLogN ?? DEFAULT_LOG_N,
    weak: weakLogN !== undefined,
    vaultId: random.bytes(16),
    salt: random.bytes(32),
    nonce: random.bytes(24),
  };
  const dataKey = random.bytes(32);
  try {
    const wrapped = await wrapDataKey(head, passphrase, dataKey);
    const sealed = sealBytes(dataKey, { vaultId: head.vaultId, kind, id: ID }, random.bytes(24), bytes);
    return new Uint8Array(Buffer.concat([wrapped, sealed]));
  } finally {
    dataKey.fill(0);
  }
}

/** The contents; the caller wipes them. Fails with `SEALED_FILE_CORRUPT`, `KDF_REFUSED`, `WRONG_PASSPHRASE`. */
export async function openArchive(
  kind: string,
  file: Uint8Array,
  passphrase: Uint8Array,
  path: string,
): Promise<Uint8Array> {
  const { dataKey, head } = await unwrapDataKey(file.slice(0, VAULT_FILE_BYTES), passphrase, path);
  const bytes = openBytes(dataKey, { vaultId: head.vaultId, kind, id: ID }, file.slice(VAULT_FILE_BYTES));
  dataKey.fill(0);
  if (bytes === undefined) throw new StoreError('SEALED_FILE_CORRUPT', `${path} is damaged, or is not a ${kind}.`);
  return bytes;
}
