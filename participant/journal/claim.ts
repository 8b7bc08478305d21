/**
 * The only door to a session. `claimSession` makes a session id durable, once and for ever, and returns a permit; the
 * later steps of the session want that permit and are recorded, in order, before their messages leave. Everything is
 * checked against the journal in the same step that writes, so two claims of one id cannot both pass.
 */
import { toHex } from '../../protocol/common/bytes.ts';
import { BugError, Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import type { Journal } from './journal.ts';
import type { HeardHash, SessionStarted } from './records.ts';
import { differs, type JournalState } from './state.ts';

/** Sessions of one epoch before a refresh is due: 2^-80 each (docs/protocol.md d.8). */
export const MAX_SESSIONS: number = 2 ** 20;

export interface ClaimRequest extends Omit<SessionStarted, 'type'> {
  /** This party; it is never banned from itself. */
  readonly self: number;
  /** Digest of the own consent that the session rests on; must be the recorded one. A guest gives none. */
  readonly consent: Uint8Array | undefined;
  /** False for a session that uses no pair setups: bans and the cap of their epoch do not bind what renews it. */
  readonly needsPairs?: boolean;
  /** A change of keys is the way out of a freeze: what is frozen is the use of the key. */
  readonly evenFrozen?: boolean;
}

declare const PERMIT: unique symbol;

/** Leave to run one session; made only by `claimSession`. */
export interface Permit {
  readonly [PERMIT]: true;
  readonly session: SessionStarted;
}

interface Issued {
  readonly journal: Journal;
  /** What was claimed; the copy inside the permit is for reading only. */
  readonly session: SessionStarted;
}

const issued = new WeakMap<Permit, Issued>();

/**
 * Claims a session before R1. Refused with
 * `SESSION_USED` (also after an abort or a crash: an id never comes back),
 * `CONSENT_MISSING`, `CONSENT_SPENT` (another session used it), `PROPOSAL_WITHDRAWN`, `CEREMONY_SETTLED`,
 * `WALLET_FROZEN`,
 * `PEER_BANNED`, `EPOCH_EXHAUSTED`,
 * `NONCE_ALREADY_RELEASED` or `NONCE_CLAIMED` (another digest for the same account, chain and nonce left, or is about to).
 */
export async function claimSession(journal: Journal, request: ClaimRequest): Promise<Result<Permit, Refusal>> {
  // Copies, so that nobody can change what is checked.
  const session = sessionOf(request);
  const claimed = await journal.update((state) => {
    const refusal = checkClaim(state, session, request);
    return refusal === undefined ? ok({ record: session, value: undefined }) : err(refusal);
  });
  if (!claimed.ok) return claimed;
  // The brand exists for the compiler only; the map is what the later steps trust.
  const permit = Object.freeze({ session: sessionOf(request) }) as Permit;
  issued.set(permit, { journal, session });
  return ok(permit);
}

/** Records R2 before it leaves. Refused with `PEER_BANNED` if a signer was banned meanwhile, `SESSION_OUT_OF_ORDER`. */
export async function recordR2(
  permit: Permit,
  fullSid: Uint8Array,
  heard: readonly HeardHash[],
  self: number,
): Promise<Result<void, Refusal>> {
  const { journal, session } = issuedFor(permit);
  return await journal.update((state) => {
    const refusal = checkPeers(state, session, self) ?? checkStanding(state, session);
    if (refusal !== undefined) return err(refusal);
    return ok({ record: { type: 'r2-sent', sessionId: session.sessionId, fullSid, heard }, value: undefined });
  });
}

/**
 * Records R3 before it leaves: the digest is released and counts as signed. Refused as `recordR2`, and with
 * `NONCE_ALREADY_RELEASED` if another digest took the slot meanwhile.
 *
 * @param at Unix seconds, for the limits
 */
export async function recordR3(permit: Permit, self: number, at?: number): Promise<Result<void, Refusal>> {
  const { journal, session } = issuedFor(permit);
  return await journal.update((state) => {
    const refusal = checkPeers(state, session, self) ?? checkStanding(state, session) ?? checkReleased(state, session);
    if (refusal !== undefined) return err(refusal);
    const record = { type: 'r3-sent', sessionId: session.sessionId, released: session.digest, at } as const;
    return ok({ record, value: undefined });
  });
}

/** Ends the session. `reason` is upper snake case. Refused with `SESSION_NOT_OPEN` the second time. */
export async function endSession(
  permit: Permit,
  outcome: 'completed' | 'aborted',
  reason: string,
): Promise<Result<void, Refusal>> {
  const { journal, session } = issuedFor(permit);
  const record = { type: 'session-ended', sessionId: session.sessionId, outcome, reason } as const;
  return await journal.update(() => ok({ record, value: undefined }));
}

function issuedFor(permit: Permit): Issued {
  const found = issued.get(permit);
  if (found === undefined) throw new BugError('PERMIT_FORGED', 'A session permit did not come from claimSession.');
  return found;
}

function sessionOf(request: ClaimRequest): SessionStarted {
  return {
    type: 'session-started',
    sessionId: request.sessionId.slice(),
    proposal: request.proposal.slice(),
    attempt: request.attempt,
    epochId: request.epochId.slice(),
    walletId: request.walletId.slice(),
    path: [...request.path],
    signers: [...request.signers],
    digest: request.digest.slice(),
    ...(request.slot === undefined ? {} : { slot: { ...request.slot, account: request.slot.account?.slice() } }),
    replaces: request.replaces,
  };
}

function checkClaim(state: JournalState, session: SessionStarted, request: ClaimRequest): Refusal | undefined {
  if (state.session(session.sessionId) !== undefined) return refuse('SESSION_USED', 'this session id was used before');
  const verdict = state.verdict(session.proposal, session.attempt);
  const isGuest = request.consent === undefined && request.self === 0;
  const isConsent =
    verdict?.decision === 'consent' && toHex(verdict.body) === toHex(request.consent ?? new Uint8Array());
  if (!isGuest && !isConsent) {
    return refuse('CONSENT_MISSING', 'this party did not consent to this attempt with this statement');
  }
  if (state.sessionOf(session.proposal, session.attempt) !== undefined) {
    return refuse('CONSENT_SPENT', 'the consent to this attempt was spent on another session');
  }
  const needsPairs = request.needsPairs ?? true;
  if (needsPairs && state.sessionCount(session.epochId) >= MAX_SESSIONS) {
    return refuse('EPOCH_EXHAUSTED', 'too many sessions in this epoch; refresh the key first');
  }
  const standing = checkStanding(state, session);
  const isExcused = request.evenFrozen === true && standing?.code === 'WALLET_FROZEN';
  return (
    (isExcused ? undefined : standing) ??
    (needsPairs ? checkPeers(state, session, request.self) : undefined) ??
    checkReleased(state, session) ??
    checkClaimed(state, session)
  );
}

function checkStanding(state: JournalState, session: SessionStarted): Refusal | undefined {
  const withdrawal = state.withdrawal(session.proposal, session.attempt);
  if (withdrawal !== undefined) return refuse('PROPOSAL_WITHDRAWN', `${withdrawal.author} withdrew the proposal`);
  if (state.isSettled(session.proposal, session.attempt)) {
    return refuse('CEREMONY_SETTLED', 'this party has said that it releases nothing for this attempt');
  }
  if (state.isFrozen(session.walletId)) return refuse('WALLET_FROZEN', 'the wallet is frozen');
  return undefined;
}

function checkPeers(state: JournalState, session: SessionStarted, self: number): Refusal | undefined {
  const barred = session.signers.find((party) => party !== self && state.pairs.isBarred(session.epochId, party));
  return barred === undefined ? undefined : refuse('PEER_BANNED', `party ${barred} is banned in this epoch`);
}

function checkReleased(state: JournalState, session: SessionStarted): Refusal | undefined {
  if (session.replaces) return undefined;
  const other = state.sessionsInSlot(session).find((row) => row.released && differs(row, session.digest));
  return other && refuse('NONCE_ALREADY_RELEASED', 'another payload was released for this account, chain and nonce');
}

function checkClaimed(state: JournalState, session: SessionStarted): Refusal | undefined {
  if (session.replaces) return undefined;
  const isLive = state.sessionsInSlot(session).some((row) => row.reason === undefined && differs(row, session.digest));
  return isLive
    ? refuse('NONCE_CLAIMED', 'another payload is being signed for this account, chain and nonce')
    : undefined;
}

function refuse(code: string, why: string): Refusal {
  return new Refusal(code, `Session refused: ${why}.`);
}
