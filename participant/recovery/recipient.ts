/**
 * The recipient of an export: an X25519 key in a vault of its own, on a machine that need not be a participant's.
 *
 *   sealed (recipient, key) = secret key (32)
 *   recipient.json          = {"publicKey":"…","schema":"keymoot.recipient.v1"}, canonical
 */
import { join } from 'node:path';
import { createFileAtomic } from '../../proto/rest/atomic-file.ts';
import type { HomeLock } from '../../proto/rest/lock.ts';
import type { Vault } from '../../proto/rest/vault.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes } from '../../protocol/common/canonical-json.ts';
import type { Random } from '../../protocol/common/effects.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { recipientPublicKey } from './hpke.ts';

const KIND = 'recipient';
const ID = 'key';

/** Makes and seals a new key; returns its public half. Fails with `RECIPIENT_EXISTS` if there is one. */
export async function createRecipient(lock: HomeLock, vault: Vault, random: Random): Promise<Uint8Array> {
  lock.assertHeld();
  if (await vault.has(KIND, ID)) {
    throw new InvalidArgument('RECIPIENT_EXISTS', '--home', `${lock.home} has a recipient key already; it is kept`);
  }
  const secret = new Secret(random.bytes(32));
  const publicKey = recipientPublicKey(secret);
  await secret.use((bytes) => vault.seal(KIND, ID, bytes));
  secret.wipe();
  const shown = { publicKey: toHex(publicKey), schema: 'keymoot.recipient.v1' };
  await createFileAtomic(join(lock.home, 'recipient.json'), canonicalBytes(shown));
  return publicKey;
}

/** The secret key; the caller wipes it. Fails with `SEALED_FILE_*`. */
export async function loadRecipient(vault: Vault): Promise<Secret<Uint8Array>> {
  return new Secret(await vault.open(KIND, ID));
}
