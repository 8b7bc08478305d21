/**
 * What anybody can recompute about a finished KEYGEN, IMPORT, RESHARE or REMOVE from its broadcasts (docs/protocol.md
 * b.6, f.1): commitments and their openings, proofs of knowledge, the inherited key (F1), echoes, the public key and
 * shares, the digest, the acknowledgements. The shares and the chain code stay unseen; ccPub comes from the
 * certificate.
 */
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { type ParsedEnvelope, parseEnvelope, type VerifySignature, verifyEnvelope } from '../rounds/envelope.ts';
import { Inbox } from '../rounds/inbox.ts';
import type { EpochConfig } from '../session-id.ts';
import { acknowledges, type Certificate, makeCertificate } from './certificate.ts';
import {
  type Checked,
  checkConfirmations,
  checkEchoes,
  deriveEcho,
  deriveSid,
  openDealings,
  sumCommitments,
} from './checks.ts';
import { canJudge, type Frame, makeFrame } from './config.ts';
import { configProblem, lineageProblem } from './config-rules.ts';
import { type Epoch, makeEpoch } from './epoch.ts';
import { bodyLength, DKG_ABANDON, DKG_ACK, DKG_ACTIVE, DKG_BROADCAST } from './messages.ts';

export interface KeygenBroadcasts {
  /** Recomputed by the caller from the statements of the ceremony. */
  readonly sessionId: Uint8Array;
  readonly config: EpochConfig;
  /** RESHARE, REMOVE: the parent epoch, out of its verified certificate. */
  readonly parent?: Epoch;
  /** ccPub, 32 bytes. */
  readonly chainCodeHash: Uint8Array;
  /** Complete envelopes in any order: rounds 1-4 and ACK of everybody; ACTIVE and ABANDON may be among them. */
  readonly envelopes: readonly Uint8Array[];
  readonly verify: VerifySignature;
}

export interface PublicCheckProblem {
  readonly code:
    | 'CONFIG'
    /** Not an envelope of this run, not signed by its sender, or of the wrong form. */
    | 'ENVELOPE'
    /** Two different messages in one slot. */
    | 'EQUIVOCATION'
    | 'MISSING'
    /** A check of b.6 does not hold; see `check`. */
    | 'CHECK'
    | 'ACKNOWLEDGEMENT';
  readonly check?: string;
  /** pids of the members at fault; empty if nobody's signature proves it. */
  readonly members: readonly number[];
  readonly message: string;
}

export interface PublicKeygen {
  readonly sid: Uint8Array;
  readonly epoch: Epoch;
  readonly certificate: Certificate;
}

type Outcome<T> = Result<T, PublicCheckProblem>;

export function verifyKeygenBroadcasts(broadcasts: KeygenBroadcasts): Outcome<PublicKeygen> {
  const unusable = configProblem(broadcasts.config);
  if (unusable !== undefined) return problem('CONFIG', [], `The configuration is unusable: ${unusable}.`);
  if (broadcasts.sessionId.length !== 32 || broadcasts.chainCodeHash.length !== 32) {
    return problem('CONFIG', [], 'A session id and ccPub are 32 bytes.');
  }
  const { parent } = broadcasts;
  const foreign = parent && lineageProblem(broadcasts.config, parent);
  if (foreign !== undefined) return problem('CONFIG', [], `Not a child of its parent epoch: ${foreign}.`);
  const frame = makeFrame(broadcasts.sessionId, broadcasts.config, parent);
  if (!canJudge(frame)) return problem('CONFIG', [], 'The parent epoch is missing.');
  const { chainCodeHash } = frame.config;
  if (chainCodeHash.length > 0 && !equalBytes(chainCodeHash, broadcasts.chainCodeHash)) {
    return problem('CONFIG', [], 'ccPub is not the inherited one.');
  }
  const authentic = authenticate(frame, broadcasts);
  if (!authentic.ok) return authentic;
  const inbox = new Inbox();
  const opening = sort(inbox, authentic.value.filter(isOpening), frame.sessionId);
  if (!opening.ok) return opening;
  const round1 = need(frame, inbox, 1);
  if (!round1.ok) return round1;
  const round2 = need(frame, inbox, 2);
  if (!round2.ok) return round2;
  const sid = deriveSid(frame, round1.value);
  if (sid === undefined) return problem('ENVELOPE', [], 'A round 1 message is malformed.');
  const dealings = openDealings(frame, sid, round1.value, round2.value);
  if (!dealings.ok) return failedCheck(dealings);

  const rest = authentic.value.filter((envelope) => !isOpening(envelope));
  const later = sort(inbox, rest, sid);
  if (!later.ok) return later;
  const round3 = need(frame, inbox, 3);
  if (!round3.ok) return round3;
  const echoes = checkEchoes(deriveEcho(sid, round2.value), round2.value, round3.value);
  if (!echoes.ok) return failedCheck(echoes);

  const points = sumCommitments(frame, dealings.value);
  const epoch = makeEpoch(frame.config, sid, points, () => broadcasts.chainCodeHash);
  if (epoch === undefined) return problem('CHECK', [], 'A public value is the identity.', 'K12');
  const round4 = need(frame, inbox, 4);
  if (!round4.ok) return round4;
  const confirmed = checkConfirmations(frame, epoch, [...round1.value, ...round2.value], round4.value);
  if (!confirmed.ok) return failedCheck(confirmed);
  const certificate = certify(frame, epoch, inbox);
  return certificate.ok ? ok({ sid, epoch, certificate: certificate.value }) : certificate;
}

/** Rounds 1 and 2 carry the session id, all others the sid of the run. */
function isOpening(envelope: ParsedEnvelope): boolean {
  return envelope.type === DKG_BROADCAST && envelope.round <= 2;
}

/** Every envelope parsed, its signature and form checked. */
function authenticate(frame: Frame, { envelopes, verify }: KeygenBroadcasts): Outcome<readonly ParsedEnvelope[]> {
  const authentic: ParsedEnvelope[] = [];
  for (const bytes of envelopes) {
    const envelope = parseEnvelope(bytes);
    const sender = frame.members.find((member) => member.pid === envelope?.from);
    if (envelope === undefined || sender === undefined) return problem('ENVELOPE', [], 'Not a message of a member.');
    if (!verifyEnvelope(envelope, sender.identityKey, verify)) {
      return problem('ENVELOPE', [], 'A signature does not verify.');
    }
    const { type, round, to, body } = envelope;
    const isHolders = type !== DKG_BROADCAST || round === 4;
    const known = [DKG_BROADCAST, DKG_ACK, DKG_ACTIVE, DKG_ABANDON].includes(type) && (!isHolders || sender.index > 0);
    if (!known || to !== 0 || body.length !== bodyLength(type, round, frame.threshold, sender.dealer)) {
      return problem('ENVELOPE', [envelope.from], 'A message has no place or the wrong length.');
    }
    authentic.push(envelope);
  }
  return ok(authentic);
}

/** Puts messages into their slots. What was signed for another run proves nothing here, least of all against its sender. */
function sort(inbox: Inbox, envelopes: readonly ParsedEnvelope[], sid: Uint8Array): Outcome<undefined> {
  for (const envelope of envelopes) {
    if (!equalBytes(envelope.sid, sid)) return problem('ENVELOPE', [], 'A message belongs to another run.');
    if (inbox.put(envelope) === 'equivocation') {
      const message = 'A member has signed two different messages in one place.';
      return problem('EQUIVOCATION', [envelope.from], message);
    }
  }
  return ok(undefined);
}

/** All broadcasts of this round. */
function need(frame: Frame, inbox: Inbox, round: number): Outcome<readonly ParsedEnvelope[]> {
  const senders = round === 4 ? frame.holders : frame.members;
  const found = senders.flatMap((member) => inbox.get(DKG_BROADCAST, round, member.pid) ?? []);
  if (found.length === senders.length) return ok(found);
  const absent = senders.filter((member) => inbox.get(DKG_BROADCAST, round, member.pid) === undefined);
  const pids = absent.map((member) => member.pid);
  return problem('MISSING', pids, `A message of round ${round} is missing.`);
}

function certify(frame: Frame, epoch: Epoch, inbox: Inbox): Outcome<Certificate> {
  const acknowledgements: Uint8Array[] = [];
  for (const holder of frame.holders) {
    const envelope = inbox.get(DKG_ACK, 5, holder.pid);
    if (envelope === undefined) return problem('MISSING', [holder.pid], 'An acknowledgement is missing.');
    if (!acknowledges(epoch, holder.pid, envelope)) {
      return problem('ACKNOWLEDGEMENT', [holder.pid], 'An acknowledgement is for another result.');
    }
    acknowledgements.push(envelope.bytes);
  }
  return ok(makeCertificate(epoch, acknowledgements));
}

function failedCheck(failure: Checked<unknown> & { readonly ok: false }): Outcome<never> {
  const { check, culprits, message } = failure.finding;
  return problem('CHECK', culprits, message, check);
}

function problem(
  code: PublicCheckProblem['code'],
  members: readonly number[],
  message: string,
  check?: string,
): { readonly ok: false; readonly error: PublicCheckProblem } {
  return err({ code, members, message, ...(check === undefined ? {} : { check }) });
}
