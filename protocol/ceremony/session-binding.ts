/**
 * The session id of a start, recomputed by every signer and by the auditor: one number that binds roster, epoch,
 * purpose, derived key, proposal, attempt, signer set, digest and all consents (docs/protocol.md a.6).
 */
import { compareBytes } from '../common/bytes.ts';
import { ZERO_SID } from '../threshold/hash.ts';
import { keygenConfig } from '../threshold/keygen/config.ts';
import { configHash, type EpochConfig, sessionId, walletId } from '../threshold/session-id.ts';
import type { Quorum } from './lifecycle.ts';
import type { KeygenProposal, Proposal, SignProposal } from './proposal.ts';
import type { RosterBody } from './roster.ts';
import type { VerdictStatement } from './verdict-statement.ts';

/** What a keygen's parties agree on before round 1; the proposal and roster fix all of it. */
export interface KeygenPlan {
  readonly config: EpochConfig;
  readonly cfgHash: Uint8Array;
  readonly walletId: Uint8Array;
}

/**
 * Plan of the keygen with this proposal.
 *
 * @param proposal digest and body of a keygen proposal
 */
export function keygenPlan(roster: RosterBody, digest: Uint8Array, body: KeygenProposal): KeygenPlan {
  const id = walletId(digest, body.attempt);
  return keygenPlanOf(roster, id, body.exportable);
}

/** The same from a wallet id: what an auditor of a later signature knows. */
export function keygenPlanOf(roster: RosterBody, id: Uint8Array, exportable: boolean): KeygenPlan {
  const parties = roster.parties.map((party) => ({ index: party.index, identityKey: party.statementKey }));
  const config = keygenConfig({ threshold: roster.threshold, parties, gen: 1, walletId: id, exportable });
  return { config, cfgHash: configHash(config), walletId: id };
}

/** Session id of a signing. `publicKey` is the key of the proposal's path, 33 bytes. */
export function signSessionId(
  roster: { readonly digest: Uint8Array },
  proposal: { readonly digest: Uint8Array; readonly body: SignProposal },
  publicKey: Uint8Array,
  signers: readonly number[],
  digest: Uint8Array,
  consents: readonly VerdictStatement[],
): Uint8Array {
  return sessionId({
    rosterDigest: roster.digest,
    epochId: proposal.body.epochId,
    purpose: 'SIGN',
    path: proposal.body.path,
    childPk: publicKey,
    proposalDigest: proposal.digest,
    attempt: proposal.body.attempt,
    signers,
    digest,
    consents: consents.map((consent) => ({ party: consent.body.party, digest: consent.digest })),
  });
}

/** The key that a session signs with: the one of the proposal's path as all consents name it, or the wallet's own. */
export function signingKey(
  wallet: { readonly publicKey: Uint8Array },
  { childKey }: Pick<Quorum, 'childKey'>,
): Uint8Array {
  return childKey ?? wallet.publicKey;
}

/** Session id of a keygen; here parties count by pid, the position of their statement key in byte order. */
export function keygenSessionId(
  roster: RosterBody & { readonly digest: Uint8Array },
  proposal: Proposal,
  cfgHash: Uint8Array,
  consents: readonly VerdictStatement[],
): Uint8Array {
  const pids = keygenPids(roster);
  return sessionId({
    rosterDigest: roster.digest,
    epochId: ZERO_SID,
    purpose: 'KEYGEN',
    path: [],
    childPk: new Uint8Array(),
    proposalDigest: proposal.digest,
    attempt: proposal.body.attempt,
    signers: [...pids.values()].sort((a, b) => a - b),
    digest: cfgHash,
    consents: consents.map((consent) => ({ party: pids.get(consent.body.party) ?? 0, digest: consent.digest })),
  });
}

/** pid of each party index in a keygen of this roster: the position of its statement key in byte order, from 1. */
export function keygenPids(roster: RosterBody): ReadonlyMap<number, number> {
  const sorted = [...roster.parties].sort((a, b) => compareBytes(a.statementKey, b.statementKey));
  return new Map(sorted.map((party, i) => [party.index, i + 1]));
}
