/**
 * The round broadcasts: each is signed by a member of the session, and those of a completed ceremony pass again every
 * check of the threshold protocol that needs nothing secret.
 */

import { verify } from '../../ceremony/ed25519.ts';
import { partyOf, type Roster } from '../../ceremony/roster.ts';
import { keygenPlan } from '../../ceremony/run-plan.ts';
import { keygenSessionId, signingKey, signSessionId } from '../../ceremony/session-binding.ts';
import type { Wallet } from '../../ceremony/wallet.ts';
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { deriveSid } from '../../threshold/keygen/checks.ts';
import { type Frame, makeFrame } from '../../threshold/keygen/config.ts';
import { ABORT_MESSAGE, DKG_BROADCAST } from '../../threshold/keygen/messages.ts';
import { type PublicKeygen, verifyKeygenBroadcasts } from '../../threshold/keygen/public-check.ts';
import { type ParsedEnvelope, verifyEnvelope } from '../../threshold/rounds/envelope.ts';
import type { Signature } from '../../threshold/sign/combine.ts';
import { SIGN } from '../../threshold/sign/messages.ts';
import { verifySignBroadcasts } from '../../threshold/sign/public-check.ts';
import type { AuditCode, Finding } from '../codes.ts';
import type { Placed } from './parts.ts';
import type { Started } from './start.ts';
import type { Statements } from './statements.ts';

type Rounds = readonly Placed<ParsedEnvelope>[];

/** Recomputes the session id from everything it binds. */
export function checkSession(
  statements: Statements,
  { start, seq, quorum }: Started,
  wallet: Wallet | undefined,
  roster: Roster,
): Result<undefined, Finding> {
  const { value: proposal } = statements.proposal;
  const { body } = proposal;
  const { signers, digest, sessionId } = start.body;
  let expected: Uint8Array | undefined;
  if (body.ceremony === 'keygen') {
    const { cfgHash } = keygenPlan(roster, proposal.digest, body);
    expected = keygenSessionId(roster, proposal, cfgHash, quorum.consents);
  } else if (wallet !== undefined && body.ceremony === 'sign') {
    const bound = { digest: proposal.digest, body };
    expected = signSessionId(roster, bound, signingKey(wallet, quorum), signers, digest, quorum.consents);
  }
  if (expected !== undefined && equalBytes(expected, sessionId)) return ok(undefined);
  return err({ code: 'SESSION_ID', seq, message: 'the session id does not follow from what the start binds' });
}

/** Of a signing: every message is a signer's. If all are there, also the signature that they lead to. */
export function checkSignRounds(
  rounds: Rounds,
  { start, quorum }: Started,
  wallet: Wallet,
  roster: Roster,
  completed: boolean,
): Result<Signature | undefined, Finding> {
  const { sessionId, signers, digest } = start.body;
  const identityKey = (index: number): Uint8Array | undefined =>
    signers.includes(index) ? partyOf(roster, index)?.statementKey : undefined;
  for (const { seq, value } of rounds) {
    const expected = value.type === SIGN ? value.round >= 1 && value.round <= 3 : isAbort(value);
    const key = identityKey(value.from);
    if (!expected || key === undefined || !equalBytes(value.sid, sessionId)) return foreign(seq);
    if (!verifyEnvelope(value, key, verify)) return unsigned(seq, value.from);
  }
  const broadcasts = rounds.flatMap(({ value }) => (value.type === SIGN ? [value.bytes] : []));
  const childKey = signingKey(wallet, quorum);
  const checked = verifySignBroadcasts({ sessionId, signers, childKey, digest, identityKey, verify, broadcasts });
  if (checked.ok) return checked;
  // What was aborted may have stopped anywhere; only if all of it is there does it lead to a signature.
  if (!completed) return ok(undefined);
  const { problem, round, party } = checked.error;
  const seq = rounds.find(({ value }) => value.round === round && value.from === party)?.seq;
  const who = party === undefined ? '' : ` of party ${party}`;
  const where = round === undefined ? '' : ` in round ${round}`;
  return err({ code: signCode(problem), seq, message: `${problem}${where}${who}` });
}

/** Of a keygen: every message is a party's. With `completed`, also the key that the messages lead to. */
export function checkKeygenRounds(
  rounds: Rounds,
  statements: Statements,
  { start }: Started,
  wallet: Wallet | undefined,
  roster: Roster,
  completed: boolean,
): Result<PublicKeygen | undefined, Finding> {
  const { value: proposal } = statements.proposal;
  if (proposal.body.ceremony !== 'keygen') return ok(undefined);
  const { config } = keygenPlan(roster, proposal.digest, proposal.body);
  const { sessionId } = start.body;
  const frame = makeFrame(sessionId, config);
  const runSid = sidOf(frame, rounds);
  for (const { seq, value } of rounds) {
    const early = isAbort(value) || (value.type === DKG_BROADCAST && value.round <= 2);
    const sid = early ? sessionId : runSid;
    const member = frame.members.find(({ pid }) => pid === value.from);
    if (value.type === SIGN || member === undefined) return foreign(seq);
    if (sid !== undefined && !equalBytes(value.sid, sid)) return foreign(seq);
    if (!verifyEnvelope(value, member.identityKey, verify)) return unsigned(seq, member.index);
  }
  if (!completed || wallet === undefined) return ok(undefined);
  const checked = verifyKeygenBroadcasts({
    sessionId,
    config,
    chainCodeHash: wallet.certificate.chainCodeHash,
    envelopes: rounds.flatMap(({ value }) => (isAbort(value) ? [] : [value.bytes])),
    verify,
  });
  if (checked.ok) return checked;
  const { code, check, members, message } = checked.error;
  const parties = frame.members
    .flatMap(({ pid, index }) => (members.includes(pid) ? [index] : []))
    .sort((a, b) => a - b);
  const who = parties.length === 0 ? '' : ` (party ${parties.join(', ')})`;
  return err({ code: KEYGEN_CODES[code], message: `${check === undefined ? '' : `${check}: `}${message}${who}` });
}

/** Who sent two different messages in one place: both are signed, which proves it. */
export function equivocators(rounds: Rounds): readonly string[] {
  return rounds.flatMap(({ value }, i) => {
    const before = rounds[i - 1]?.value;
    const same = before?.type === value.type && before.round === value.round && before.from === value.from;
    return same ? [`member ${value.from} sent two different messages in round ${value.round}`] : [];
  });
}

const KEYGEN_CODES = {
  CONFIG: 'ROUND_CHECK',
  ENVELOPE: 'ROUND_FOREIGN',
  EQUIVOCATION: 'ROUND_EQUIVOCATED',
  MISSING: 'ROUND_MISSING',
  CHECK: 'ROUND_CHECK',
  ACKNOWLEDGEMENT: 'ROUND_CHECK',
} as const satisfies Readonly<Record<string, AuditCode>>;

function signCode(problem: string): AuditCode {
  if (problem === 'missing') return 'ROUND_MISSING';
  if (problem === 'equivocation') return 'ROUND_EQUIVOCATED';
  return problem === 'foreign' ? 'ROUND_FOREIGN' : 'ROUND_CHECK';
}

function isAbort({ type, round }: ParsedEnvelope): boolean {
  return type === ABORT_MESSAGE && round === 0;
}

/** The id of the run below the session id, as far as the messages of round 1 are there and clear. */
function sidOf(frame: Frame, rounds: Rounds): Uint8Array | undefined {
  const first = rounds.flatMap(({ value }) => (value.type === DKG_BROADCAST && value.round === 1 ? [value] : []));
  const clear = new Set(first.map(({ from }) => from)).size === first.length;
  return clear ? deriveSid(frame, first) : undefined;
}

function foreign(seq: number): Result<never, Finding> {
  return err({ code: 'ROUND_FOREIGN', seq, message: 'the message is of no member or of no round of this session' });
}

function unsigned(seq: number, party: number): Result<never, Finding> {
  return err({ code: 'ROUND_SIGNATURE', seq, message: `the message is not signed by party ${party}` });
}
