/**
 * The round broadcasts: each is signed by a member of the session, and those of a completed ceremony pass again every
 * check of the threshold protocol that needs nothing secret.
 */

import { type CeremonyPlan, ceremonySessionId } from '../../ceremony/ceremony-plan.ts';
import { verify } from '../../ceremony/ed25519.ts';
import { partyOf, type Roster } from '../../ceremony/roster.ts';
import type { RunPlan } from '../../ceremony/run-plan.ts';
import { signingKey } from '../../ceremony/session-binding.ts';
import type { VerdictReason } from '../../ceremony/verdict-statement.ts';
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
  plan: Result<CeremonyPlan, VerdictReason>,
  roster: Roster,
): Result<CeremonyPlan, Finding> {
  if (!plan.ok) return err({ code: 'SESSION_ID', seq, message: plan.error.detail });
  const { value: proposal } = statements.proposal;
  const expected = ceremonySessionId(roster, proposal, plan.value, start.body.signers, quorum);
  if (equalBytes(expected, start.body.sessionId)) return plan;
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
    if (!verifyEnvelope(value, key, verify)) return unsigned(seq, `party:${value.from}`);
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

/** Of a keygen, an import, a reshare: every message is a member's. With `made`, also the epoch that they lead to. */
export function checkRunRounds(
  rounds: Rounds,
  { start }: Started,
  { config, members, parent }: RunPlan,
  made: Wallet | undefined,
): Result<PublicKeygen | undefined, Finding> {
  const { sessionId } = start.body;
  const frame = makeFrame(sessionId, config, parent);
  const nameOf = (pid: number): string => members.find((member) => member.pid === pid)?.name ?? `member ${pid}`;
  const runSid = sidOf(frame, rounds);
  for (const { seq, value } of rounds) {
    const early = isAbort(value) || (value.type === DKG_BROADCAST && value.round <= 2);
    const sid = early ? sessionId : runSid;
    const member = frame.members.find(({ pid }) => pid === value.from);
    if (value.type === SIGN || member === undefined) return foreign(seq);
    if (sid !== undefined && !equalBytes(value.sid, sid)) return foreign(seq);
    if (!verifyEnvelope(value, member.identityKey, verify)) return unsigned(seq, nameOf(member.pid));
  }
  if (made === undefined) return ok(undefined);
  const checked = verifyKeygenBroadcasts({
    sessionId,
    config,
    ...(parent === undefined ? {} : { parent }),
    chainCodeHash: made.certificate.chainCodeHash,
    envelopes: rounds.flatMap(({ value }) => (isAbort(value) ? [] : [value.bytes])),
    verify,
  });
  if (checked.ok) return checked;
  const { code, check, members: pids, message } = checked.error;
  const who = pids.length === 0 ? '' : ` (${pids.map(nameOf).join(', ')})`;
  return err({ code: RUN_CODES[code], message: `${check === undefined ? '' : `${check}: `}${message}${who}` });
}

/** An export has no rounds: shares go to the recipient alone. */
export function checkNoRounds(rounds: Rounds): Result<undefined, Finding> {
  const [round] = rounds;
  return round === undefined ? ok(undefined) : foreign(round.seq);
}

/** Who sent two different messages in one place: both are signed, which proves it. */
export function equivocators(rounds: Rounds): readonly string[] {
  return rounds.flatMap(({ value }, i) => {
    const before = rounds[i - 1]?.value;
    const same = before?.type === value.type && before.round === value.round && before.from === value.from;
    return same ? [`member ${value.from} sent two different messages in round ${value.round}`] : [];
  });
}

const RUN_CODES = {
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

function unsigned(seq: number, sender: string): Result<never, Finding> {
  return err({ code: 'ROUND_SIGNATURE', seq, message: `the message is not signed by ${sender}` });
}
