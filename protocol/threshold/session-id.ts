/** Ids above a run: sessionId, walletId, cfgHash and their parts (docs/protocol.md a.6, a.7). */
import { concat } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';
import {
  type Consent,
  encodeConsents,
  encodePartyList,
  encodePath,
  encodeSignerSet,
  fixed,
  type PartyRow,
  u8,
  u32,
} from './encoding.ts';
import { H, ZERO_SID } from './hash.ts';
import { suiteId } from './suite.ts';

/** What a session is for. A byte that is not here is refused; there is no presigning. */
export const PURPOSES = {
  KEYGEN: 1,
  SIGN: 2,
  RESHARE: 3,
  REMOVE: 4,
  IMPORT: 5,
  EXPORT: 6,
  SELFTEST: 7,
} as const;
export type Purpose = keyof typeof PURPOSES;

export interface SessionIdFields {
  readonly rosterDigest: Uint8Array;
  /** 32 bytes; `ZERO_SID` for KEYGEN and IMPORT. */
  readonly epochId: Uint8Array;
  readonly purpose: Purpose;
  /** Non-hardened BIP32 path; empty for every kind but SIGN. */
  readonly path: readonly number[];
  /** Q', 33 bytes (empty path: Q); empty for KEYGEN, IMPORT, SELFTEST. */
  readonly childPk: Uint8Array;
  readonly proposalDigest: Uint8Array;
  /** From 1. */
  readonly attempt: number;
  /** Signer indices, or pids of the dealers; strictly ascending. */
  readonly signers: readonly number[];
  /** SIGN: the message digest; KEYGEN, RESHARE, REMOVE, IMPORT: cfgHash; EXPORT: cfg/export; SELFTEST: conf. */
  readonly digest: Uint8Array;
  readonly consents: readonly Consent[];
}

/** One id per (proposal, attempt, signer set, consents): parties that saw anything different never meet. 32 bytes. */
export function sessionId(fields: SessionIdFields): Uint8Array {
  const { purpose } = fields;
  const withoutKey = purpose === 'KEYGEN' || purpose === 'IMPORT' || purpose === 'SELFTEST';
  return H(
    'sess',
    ZERO_SID,
    suiteId,
    fixed(fields.rosterDigest, 32),
    fixed(fields.epochId, 32),
    u8(PURPOSES[purpose]),
    encodePath(fields.path),
    fixed(fields.childPk, withoutKey ? 0 : 33),
    fixed(fields.proposalDigest, 32),
    u32(fields.attempt),
    encodeSignerSet(fields.signers),
    fixed(fields.digest, 32),
    encodeConsents(fields.consents),
  );
}

/** Name of a wallet: each KEYGEN or IMPORT attempt is a wallet of its own; RESHARE inherits it. 32 bytes. */
export function walletId(proposalDigest: Uint8Array, attempt: number): Uint8Array {
  return H('wallet', ZERO_SID, fixed(proposalDigest, 32), u32(attempt));
}

/** Purposes whose epoch has a parent: it inherits wallet, key, chain code and exportability. */
export function hasParent(purpose: EpochConfig['purpose']): boolean {
  return purpose === 'RESHARE' || purpose === 'REMOVE';
}

/** Everything that KEYGEN, IMPORT, RESHARE and REMOVE agree on before round 1. */
export interface EpochConfig {
  readonly purpose: 'KEYGEN' | 'RESHARE' | 'REMOVE' | 'IMPORT';
  /** t' of the new epoch. */
  readonly threshold: number;
  /** Sorted by identity key: position + 1 is the pid. */
  readonly parties: readonly PartyRow[];
  /** `ZERO_SID` for KEYGEN and IMPORT. */
  readonly parentEpochId: Uint8Array;
  readonly gen: number;
  readonly walletId: Uint8Array;
  readonly exportable: boolean;
  /** t of the parent epoch; 0 for KEYGEN and IMPORT. */
  readonly oldThreshold: number;
  /** Q, 33 bytes; empty for KEYGEN. */
  readonly publicKey: Uint8Array;
  /** ccPub, 32 bytes; empty for KEYGEN. */
  readonly chainCodeHash: Uint8Array;
  /** hX, 32 bytes; empty for KEYGEN and IMPORT. */
  readonly parentSharesHash: Uint8Array;
}

/** cfgHash, 32 bytes. */
export function configHash(config: EpochConfig): Uint8Array {
  const { purpose } = config;
  const fresh = purpose === 'KEYGEN';
  return H(
    'cfg',
    ZERO_SID,
    suiteId,
    u8(PURPOSES[purpose]),
    u8(config.threshold),
    u8(config.parties.filter((row) => row.newIndex > 0).length),
    encodePartyList(config.parties),
    fixed(config.parentEpochId, 32),
    u32(config.gen),
    fixed(config.walletId, 32),
    u8(config.exportable ? 1 : 0),
    u8(config.oldThreshold),
    fixed(config.publicKey, fresh ? 0 : 33),
    fixed(config.chainCodeHash, fresh ? 0 : 32),
    fixed(config.parentSharesHash, hasParent(purpose) ? 32 : 0),
  );
}

/** hX: hash of all public shares X_1..X_n (33 bytes each) of the parent epoch, ascending by index. */
export function parentSharesHash(publicShares: readonly Uint8Array[]): Uint8Array {
  if (publicShares.length === 0) throw new BugError('BUG_PARENT_SHARES', 'A parent epoch has public shares.');
  return H('cfg/x', ZERO_SID, concat(...publicShares.flatMap((share, i) => [u8(i + 1), fixed(share, 33)])));
}

/** `digest` of an EXPORT session. */
export function exportDigest(epochId: Uint8Array, recipientKey: Uint8Array): Uint8Array {
  return H('cfg/export', ZERO_SID, fixed(epochId, 32), fixed(recipientKey, 32));
}
