/**
 * Who this participant is: two Ed25519 keys and the hedge key of its random generator, made once and never backed up.
 * A lost machine becomes a new identity (docs/protocol.md f.3).
 *
 *   sealed (identity, keys) = transport seed (32) || statement seed (32) || hedge key (32)
 *   identity.json           = {"statementKey":"…","transportKey":"…","version":"1"}, canonical
 */
import { createFileAtomic, readFileIfPresent } from '../../proto/rest/atomic-file.ts';
import type { HomeLock } from '../../proto/rest/lock.ts';
import type { Vault } from '../../proto/rest/vault.ts';
import { type Signer, signerFromSeed } from '../../protocol/ceremony/ed25519.ts';
import { concat, equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, parseCanonical } from '../../protocol/common/canonical-json.ts';
import type { Random } from '../../protocol/common/effects.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { bytes, literal, object, read } from '../../protocol/common/schema.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { homeLayout, SEALED_IDENTITY } from './settings.ts';

const KEYS = 'keys';
const SEED = 32;

export interface PublicIdentity {
  /** Ed25519, 32 bytes; gives the PeerId. */
  readonly transportKey: Uint8Array;
  /** Ed25519, 32 bytes; signs statements. */
  readonly statementKey: Uint8Array;
}

export interface Identity extends PublicIdentity {
  /** 32-byte Ed25519 seed for the network library, which wants the key itself. */
  readonly transportSeed: Secret<Uint8Array>;
  readonly transport: Signer;
  readonly statement: Signer;
  /** 32 bytes that hedge the random generator before a key share exists (docs/protocol.md a.9). */
  readonly hedgeKey: Secret<Uint8Array>;
}

/** Makes and seals a new identity in the locked home. Fails with `FILE_EXISTS` if it has one. */
export async function createIdentity(lock: HomeLock, vault: Vault, random: Random): Promise<Identity> {
  lock.assertHeld();
  if (await vault.has(SEALED_IDENTITY, KEYS)) {
    throw new InvalidArgument(
      'IDENTITY_EXISTS',
      '--home',
      `${lock.home} has an identity already; it is never replaced.`,
    );
  }
  const secret = concat(random.bytes(SEED), random.bytes(SEED), random.bytes(SEED));
  const identity = fromSecret(secret);
  await vault.seal(SEALED_IDENTITY, KEYS, secret);
  secret.fill(0);
  await createFileAtomic(homeLayout(lock.home).identity, encodePublic(identity));
  return identity;
}

/** Opens the identity and compares it with its public file. Fails with `SEALED_FILE_*`, `IDENTITY_MISMATCH`. */
export async function loadIdentity(home: string, vault: Vault): Promise<Identity> {
  const secret = await vault.open(SEALED_IDENTITY, KEYS);
  if (secret.length !== 3 * SEED) throw mismatch(home);
  const identity = fromSecret(secret);
  secret.fill(0);
  const named = await readPublicIdentity(home);
  const same =
    equalBytes(named.statementKey, identity.statementKey) && equalBytes(named.transportKey, identity.transportKey);
  if (!same) throw mismatch(home);
  return identity;
}

/** The public file; no passphrase needed. Fails with `IDENTITY_MISSING`, `IDENTITY_UNREADABLE`. */
export async function readPublicIdentity(home: string): Promise<PublicIdentity> {
  const path = homeLayout(home).identity;
  const file = await readFileIfPresent(path);
  if (file === undefined) {
    throw new InvalidArgument(
      'IDENTITY_MISSING',
      '--home',
      `${path} is missing; run "keymoot participant init" first.`,
    );
  }
  const json = parseCanonical(file.at(-1) === 0x0a ? file.subarray(0, -1) : file);
  const parsed = json.ok ? read(PUBLIC, json.value) : json;
  if (!parsed.ok) throw new InvalidArgument('IDENTITY_UNREADABLE', '--home', `${path} is not an identity file.`);
  return parsed.value;
}

/** Forgets the secrets that can be overwritten. */
export function wipeIdentity(identity: Identity): void {
  identity.transportSeed.wipe();
  identity.hedgeKey.wipe();
}

const PUBLIC = object<PublicIdentity & { readonly version: '1' }>({
  statementKey: bytes({ length: 32 }),
  transportKey: bytes({ length: 32 }),
  version: literal('1'),
});

function fromSecret(secret: Uint8Array): Identity {
  const transportSeed = secret.slice(0, SEED);
  const statementSeed = secret.slice(SEED, 2 * SEED);
  const transport = signerFromSeed(transportSeed);
  const statement = signerFromSeed(statementSeed);
  statementSeed.fill(0);
  return {
    transportKey: transport.publicKey,
    statementKey: statement.publicKey,
    transportSeed: new Secret(transportSeed),
    transport,
    statement,
    hedgeKey: new Secret(secret.slice(2 * SEED)),
  };
}

function encodePublic(identity: PublicIdentity): Uint8Array {
  const text = canonicalBytes({
    statementKey: toHex(identity.statementKey),
    transportKey: toHex(identity.transportKey),
    version: '1',
  });
  return concat(text, new Uint8Array([0x0a]));
}

function mismatch(home: string): InvalidArgument {
  return new InvalidArgument('IDENTITY_MISMATCH', '--home', `The sealed identity in ${home} is not the one it names.`);
}
