/**
 * The key of a derivation path, as far as an auditor can see it. The chain code is known to the parties only: without it,
 * that Q' lies below Q rests on the word of every party that consented, each of which derived it for itself; of those at
 * least one is honest. With the chain code, which the certificate binds by a hash, the derivation is repeated.
 */
import { addressOfClaimed } from '../../ceremony/address.ts';
import type { Proposal, SignProposal } from '../../ceremony/proposal.ts';
import type { VerdictStatement } from '../../ceremony/verdict-statement.ts';
import type { Wallet } from '../../ceremony/wallet.ts';
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { deriveKey, formatPath } from '../../threshold/derivation.ts';
import { hashChainCode } from '../../threshold/keygen/epoch.ts';
import type { Finding } from '../codes.ts';
import type { Placed } from './parts.ts';

export interface DerivedAccount {
  readonly path: readonly number[];
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** 33 bytes, as the parties name it; absent if nobody got so far. */
  readonly publicKey?: Uint8Array | undefined;
  /** Parties whose verdict names exactly this key. */
  readonly namedBy: readonly number[];
  /** Whether the derivation was repeated here with the wallet's chain code. */
  readonly repeated: boolean;
}

/**
 * Checks each verdict's claim: a path has a key, the key has the address of the proposal and, with the chain code, is
 * the one that follows. `undefined` for the root key.
 *
 * @param chainCodes 32 bytes each; those of other wallets are ignored
 */
export function checkDerived(
  proposal: Proposal,
  counted: readonly Placed<VerdictStatement>[],
  wallet: Wallet | undefined,
  chainCodes: readonly Uint8Array[],
): Result<DerivedAccount | undefined, Finding> {
  const { body } = proposal;
  const account = body.ceremony === 'sign' && body.path.length > 0 ? body : undefined;
  const expected = account && wallet && repeated(account, wallet, chainCodes);
  for (const { seq, value } of counted) {
    const { decision, party, reading } = value.body;
    const fault = reading && keyFault(account, reading.key, expected);
    if (fault === undefined) continue;
    return err({ code: 'CHILD_KEY_DIFFERS', seq, message: `the ${decision} of party ${party} ${fault}` });
  }
  if (account === undefined) return ok(undefined);
  const named = counted.filter(({ value }) => value.body.reading?.key !== undefined);
  return ok({
    path: account.path,
    address: account.address,
    publicKey: named[0]?.value.body.reading?.key,
    namedBy: named.map(({ value }) => value.body.party),
    repeated: expected !== undefined,
  });
}

/** What an auditor should know about it. */
export function derivedNotes({ path, namedBy, repeated: isRepeated }: DerivedAccount): readonly string[] {
  const name = formatPath(path);
  if (isRepeated) return [`the key of ${name} follows from the chain code that the wallet's certificate binds`];
  if (namedBy.length === 0) return [];
  const who = namedBy.join(', ');
  return [`that the key of ${name} lies below the wallet's key is the word of party ${who}; the chain code proves it`];
}

function keyFault(
  account: SignProposal | undefined,
  key: Uint8Array | undefined,
  expected: Uint8Array | undefined,
): string | undefined {
  if (account === undefined) return key === undefined ? undefined : 'names a derived key';
  if (key === undefined) return 'names no key for the path';
  const address = addressOfClaimed(key);
  if (address === undefined || !equalBytes(address, account.address)) return 'names a derived key of another address';
  if (expected !== undefined && !equalBytes(expected, key)) return 'names a key that the path does not give';
  return undefined;
}

function repeated(
  { path }: SignProposal,
  { certificate, publicKey }: Wallet,
  chainCodes: readonly Uint8Array[],
): Uint8Array | undefined {
  const chainCode = chainCodes.find((candidate) => {
    return candidate.length === 32 && equalBytes(hashChainCode(publicKey, candidate), certificate.chainCodeHash);
  });
  const key = chainCode && deriveKey({ publicKey, chainCode }, path);
  return key?.ok ? key.value.publicKey : undefined;
}
