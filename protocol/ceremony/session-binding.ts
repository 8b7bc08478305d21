/**
 * The session id of a start, recomputed by every signer and by the auditor: one number that binds roster, epoch,
 * purpose, derived key, proposal, attempt, signer set, digest and all consents (docs/protocol.md a.6).
 */
import { ZERO_SID } from '../threshold/hash.ts';
import { dealerPids } from '../threshold/keygen/config.ts';
import { hasParent, sessionId } from '../threshold/session-id.ts';
import type { ExportProposal, Proposal, SignProposal } from './proposal.ts';
import type { Quorum } from './quorum.ts';
import type { RosterBody } from './roster.ts';
import type { ExportPlan, RunPlan } from './run-plan.ts';
import type { VerdictStatement } from './verdict-statement.ts';

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

/** Session id of a run: keygen, import or reshare. Here members count by pid, and the set of signers is who deals. */
export function runSessionId(
  roster: RosterBody & { readonly digest: Uint8Array },
  proposal: Proposal,
  plan: RunPlan,
  consents: readonly VerdictStatement[],
): Uint8Array {
  const { cfgHash, config, members } = plan;
  const inherits = hasParent(config.purpose);
  const pidOf = (party: number): number => members.find((member) => member.party === party)?.pid ?? 0;
  return sessionId({
    rosterDigest: roster.digest,
    epochId: inherits ? config.parentEpochId : ZERO_SID,
    purpose: config.purpose,
    path: [],
    childPk: inherits ? config.publicKey : new Uint8Array(),
    proposalDigest: proposal.digest,
    attempt: proposal.body.attempt,
    signers: dealerPids(config),
    digest: cfgHash,
    consents: consents.map((consent) => ({ party: pidOf(consent.body.party), digest: consent.digest })),
  });
}

/** Session id of an export, in which all parties take part under their indices. `publicKey` is the wallet's, 33 bytes. */
export function exportSessionId(
  roster: RosterBody & { readonly digest: Uint8Array },
  proposal: { readonly digest: Uint8Array; readonly body: ExportProposal },
  publicKey: Uint8Array,
  plan: ExportPlan,
  consents: readonly VerdictStatement[],
): Uint8Array {
  return sessionId({
    rosterDigest: roster.digest,
    epochId: proposal.body.epochId,
    purpose: 'EXPORT',
    path: [],
    childPk: publicKey,
    proposalDigest: proposal.digest,
    attempt: proposal.body.attempt,
    signers: roster.parties.map((party) => party.index),
    digest: plan.digest,
    consents: consents.map((consent) => ({ party: consent.body.party, digest: consent.digest })),
  });
}
