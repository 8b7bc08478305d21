/**
 * Which starts this party accepts, and what it runs. A start is checked against everything this party knows, its
 * session id is recomputed, and the first one accepted spends the consents; round messages find their run from here.
 */
import { announcementEnd } from '../../protocol/ceremony/announcement.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { standing, vetoOf } from '../../protocol/ceremony/lifecycle.ts';
import type { Outcome } from '../../protocol/ceremony/outcome.ts';
import type { ProposalBody } from '../../protocol/ceremony/proposal.ts';
import { checkStart, type Quorum } from '../../protocol/ceremony/quorum.ts';
import type { Start } from '../../protocol/ceremony/start.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, type Result } from '../../protocol/common/result.ts';
import { Abort } from '../../protocol/threshold/errors.ts';
import type { ParsedEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { checkStartConsents } from '../approvals/consents.ts';
import type { KeyRecord } from '../keystore/key-record.ts';
import type { Pairs } from '../pairs/pairs.ts';
import type { Answers } from './answers.ts';
import { type Crew, crewOfParties, crewOfRun } from './crew.ts';
import { EarlyEnvelopes } from './early.ts';
import { beginExport } from './export-session.ts';
import { leavesDealing } from './handover.ts';
import { bindingOf, planOf } from './plans.ts';
import { ACK_PATIENCE, beginRun, type RunParts } from './run-session.ts';
import { PEER_ENDED, SESSION_DEADLINE, Session } from './session.ts';
import { beginSigning } from './sign-session.ts';

/** Longest wait of one timer, milliseconds; what is announced for longer is looked at again. */
const MAX_TIMER: number = 2 ** 31 - 1;

/** How long others may still be at a run whose dealer has died: to their deadline, and on after their ACKs; milliseconds. */
const AFTER_CRASH: number = SESSION_DEADLINE + ACK_PATIENCE;

export interface SessionsOptions extends RunParts {
  readonly pairs: Pairs;
  readonly answers: Answers;
  /** Why this node must not take part in anything yet, or at all: a memory older than its word would repeat itself. */
  readonly heldBack: () => string | undefined;
  /** Digest of the sealed share that this party made in an export with this session id. */
  readonly sealedShare: (sessionId: Uint8Array) => Uint8Array | undefined;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #early = new EarlyEnvelopes();
  /** Timers by proposal: of starts that came before their announcement was over, of sessions that a crash cut off. */
  readonly #waiting = new Map<string, () => void>();
  /** Sessions of an earlier process that may yet have a result, by the configuration of its epoch. */
  readonly #awaiting = new Map<string, Session>();
  /** Those of them in which this party dealt for others, by the same. */
  readonly #cutOff = new Map<string, Session>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Accepts the first start that holds; others stay, in case a statement they rest on is still on its way. */
  async considerStarts(entry: BookEntry): Promise<void> {
    const { heldBack, node } = this.#options;
    const { ceremony } = entry;
    // A guest has signed nothing under this roster that it could have forgotten.
    if (node.self !== 0 && heldBack() !== undefined) return;
    // It has said that it is out, of a session that an earlier process never claimed: it does not come back to it.
    if (ceremony.outcomes.has(node.self)) return;
    // What else is signed or made under the roster that it will replace is no guest's concern.
    if (node.self === 0 && ceremony.proposal.body.ceremony !== 'reshare') return;
    // The veto of an attempt may come after the next one was taken up.
    const { previous } = ceremony.proposal.body;
    const before = previous === undefined ? undefined : node.book.get(previous);
    if (before !== undefined && vetoOf(before.ceremony) !== undefined) return;
    if (ceremony.start !== undefined || entry.conflict !== undefined || entry.inadmissible !== undefined) return;
    for (const start of entry.starts) {
      const quorum = checkStart(ceremony, start, node.roster, node.clock.now());
      if (!quorum.ok) {
        if (quorum.error.code === 'ANNOUNCEMENT_RUNNING') this.#considerLater(entry);
        node.note(quorum.error.code, `start of ${shortName(ceremony.proposal.digest)}: ${quorum.error.message}`);
        continue;
      }
      const binding = bindingOf(node, entry, start.body, quorum.value);
      const holds =
        binding !== undefined &&
        equalBytes(binding.sessionId, start.body.sessionId) &&
        equalBytes(binding.digest, quorum.value.digest);
      if (!holds) {
        node.note(
          'START_SESSION',
          `start of ${shortName(ceremony.proposal.digest)}: its session id is not the one that follows`,
        );
        continue;
      }
      const rests = checkStartConsents(node, node.approvals, entry, quorum.value.consents);
      if (!rests.ok) {
        // One that is not at hand yet is on its way: it was asked for when the consent came.
        const code = rests.error.code === 'APPROVAL_MISSING' ? rests.error.code : 'START_APPROVALS';
        node.note(code, `start of ${shortName(ceremony.proposal.digest)}: ${rests.error.detail}`);
        continue;
      }
      const accepted = node.book.update(ceremony.proposal.digest, (known) => ({
        ...known,
        ceremony: { ...known.ceremony, start },
      }));
      const crew = this.#crewOf(accepted, start);
      const isIn = crew.members.some(({ identityKey }) => equalBytes(identityKey, node.statementKey));
      if (isIn) await this.#begin(accepted, start, quorum.value, crew);
      return;
    }
  }

  /** Ends a running session whose ceremony no longer stands: a rejection, a withdrawal, an expiry. */
  recheck(entry: BookEntry): void {
    const session = this.#sessions.get(toHex(entry.ceremony.proposal.digest));
    if (session?.run === undefined || session.ended) return;
    const alive = standing(entry.ceremony, this.#options.node.clock.now());
    const why =
      entry.conflict === undefined
        ? alive.ok
          ? undefined
          : alive.error
        : { code: 'OPERATOR_EQUIVOCATION', message: 'two proposals under one nonce' };
    if (why !== undefined) {
      session.run.cancel(new Abort({ failure: 'BENIGN', check: why.code, message: `${why.message}.` }));
    }
  }

  /** Another signer has signed that it is out: there is nothing left to wait for. */
  peerEnded(outcome: Outcome): void {
    const { abort, party, proposal, sessionId } = outcome.body;
    if (abort !== undefined) {
      for (const [name, { start }] of this.#cutOff) if (equalBytes(start.body.proposal, proposal)) this.#giveUp(name);
    }
    const session = this.#sessions.get(toHex(proposal));
    if (abort === undefined || session === undefined || session.ended || party === this.#options.node.self) return;
    const { body } = session.start;
    if (!equalBytes(body.sessionId, sessionId) || !body.signers.includes(party)) return;
    session.run?.cancel(
      new Abort({ failure: 'BENIGN', check: PEER_ENDED, message: `Party ${party} has ended the session.` }),
    );
  }

  /** @param from the member whose connection brought it; who signed it is found out by its session */
  deliver(bytes: Uint8Array, envelope: ParsedEnvelope, from: string): void {
    const session = [...this.#sessions.values()].find((candidate) => candidate.run?.accepts(envelope.sid));
    if (session !== undefined) session.deliver(bytes);
    else if (!this.#options.activations.deliver(bytes, envelope)) this.#early.hold(envelope.sid, bytes, from);
  }

  /** What a start rests on may have become known: the wallet that it names. */
  async considerAll(): Promise<void> {
    const { book, clock } = this.#options.node;
    for (const entry of book.entries()) {
      if (entry.ceremony.proposal.body.expires > clock.now()) await this.considerStarts(entry);
    }
  }

  /**
   * Signs the outcome of sessions that an earlier process could not: what was released stays released. A session whose
   * share was acknowledged ends when that is active, and one that handed a share over has done so. Who dealt for others
   * only does not know how far they have got without it: it listens as long as they may still be at it.
   */
  async settleCrashed(): Promise<void> {
    const { keyshares, node } = this.#options;
    for (const entry of node.book.entries()) {
      const { proposal, start } = entry.ceremony;
      const row = node.journal.state.sessionOf(proposal.digest, proposal.body.attempt);
      if (row === undefined || start === undefined || entry.ceremony.outcomes.has(node.self)) continue;
      // One of this process: it began while those of the earlier one were being settled.
      if (this.#sessions.has(toHex(proposal.digest))) continue;
      const session = new Session(node, start, this.#crewOf(entry, start));
      const handed = this.#options.sealedShare(start.body.sessionId);
      if (handed !== undefined) {
        await session.end({ exported: handed }, true);
        continue;
      }
      const known = keyshares.list().find((record) => isResultOf(record, proposal.body, row.started.walletId));
      const isWaiting = known !== undefined && known.state !== 'abandoned';
      const isOfOthers = leavesDealing(node.roster, node.self, proposal.body) && !isCalledOff(entry, start);
      const name = toHex(start.body.digest);
      if (isWaiting || isOfOthers) this.#awaiting.set(name, session);
      else await session.end(CRASH, row.released);
      if (!isOfOthers) continue;
      this.#cutOff.set(name, session);
      this.#later(toHex(proposal.digest), AFTER_CRASH, async () => this.#giveUp(name));
    }
    for (const { wallet } of [...node.wallets.all(), ...node.wallets.seen()]) await this.epochActive(wallet);
  }

  /** A session in which this party dealt for others has come to nothing. */
  #giveUp(name: string): void {
    const session = this.#cutOff.get(name);
    this.#cutOff.delete(name);
    if (session === undefined || session.ended) return;
    this.#awaiting.delete(name);
    session.end(CRASH, false).catch(() => {
      this.#options.node.note('OUTCOME_LOST', 'the outcome of a session that was cut off could not be published');
    });
  }

  /** A session of an earlier process has its result after all. */
  async epochActive({ document, epoch, epochId, publicKey, walletId }: Wallet): Promise<void> {
    const name = toHex(epoch.cfgHash);
    const session = this.#awaiting.get(name);
    if (session === undefined) return;
    this.#awaiting.delete(name);
    const certificate = await this.#options.node.documents.put(document);
    await session.end({ key: { walletId, epochId, publicKey, certificate } }, false);
  }

  /** A start that came before the announcement was over holds later, if nobody vetoes. */
  #considerLater({ ceremony }: BookEntry): void {
    const { book, clock, exchange, roster } = this.#options.node;
    const name = toHex(ceremony.proposal.digest);
    const end = announcementEnd(ceremony, roster);
    // A start that is itself dated too early does not get better by waiting.
    if (end === undefined || end <= clock.now() || this.#waiting.has(name)) return;
    this.#later(name, Math.min((end - clock.now()) * 1000 + 500, MAX_TIMER), () =>
      exchange.exclusively(async () => {
        const known = book.get(ceremony.proposal.digest);
        if (known !== undefined) await this.considerStarts(known);
      }),
    );
  }

  #later(name: string, milliseconds: number, action: () => Promise<void>): void {
    const { clock, note } = this.#options.node;
    const cancel = clock.after(milliseconds, () => {
      this.#waiting.delete(name);
      action().catch((error: unknown) => note('SESSION_FAILED', error instanceof Error ? error.message : 'unknown'));
    });
    this.#waiting.set(name, cancel);
  }

  /** Whether a session of this process has not ended yet. */
  isBusy(): boolean {
    return [...this.#sessions.values()].some((session) => session.run !== undefined && !session.ended);
  }

  stop(): void {
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  #crewOf({ ceremony: { proposal } }: BookEntry, { body: { signers } }: Start): Crew {
    const { node } = this.#options;
    const { body } = proposal;
    if (body.ceremony === 'sign' || body.ceremony === 'export') return crewOfParties(node.roster, signers);
    const plan = planOf(node, proposal.digest, body);
    return plan.ok ? crewOfRun(plan.value) : crewOfParties(node.roster, signers);
  }

  async #begin(entry: BookEntry, start: Start, quorum: Quorum, crew: Crew): Promise<void> {
    const { node } = this.#options;
    this.#forgetEnded();
    // A repeated attempt has the same configuration: its result is not that of the one before.
    this.#giveUp(toHex(start.body.digest));
    const session = new Session(node, start, crew);
    this.#sessions.set(toHex(entry.ceremony.proposal.digest), session);
    // Not awaited: making pair setups may take seconds, and statements must go on being heard meanwhile.
    void this.#run(entry, session, quorum)
      .then(async (begun) => {
        if (!begun.ok) {
          node.note(begun.error.code, begun.error.message);
          await session.end({ abort: { failure: begun.error.code, check: 'claim', culprits: [] } }, false);
          return;
        }
        for (const bytes of this.#early.release(session.sessionId)) session.deliver(bytes);
      })
      .catch(async (error: unknown) => {
        node.note('SESSION_FAILED', error instanceof Error ? error.message : 'a session could not begin');
        await session.end({ abort: { failure: 'SESSION_FAILED', check: 'begin', culprits: [] } }, false);
      })
      .catch(() => node.note('OUTCOME_LOST', 'the outcome of a failed session could not be published'));
  }

  /** Sessions that are over and listen to nobody any more: a node signs for years. */
  #forgetEnded(): void {
    for (const [name, session] of this.#sessions) {
      const listens = session.run?.mustListen?.() ?? session.run?.accepts(session.sessionId);
      if (session.ended && listens !== true) this.#sessions.delete(name);
    }
  }

  async #run(entry: BookEntry, session: Session, quorum: Quorum): Promise<Result<void, Refusal>> {
    const { answers, node, pairs } = this.#options;
    const { proposal } = entry.ceremony;
    const { body } = proposal;
    if (body.ceremony === 'sign') return beginSigning(node, pairs, answers, session, { entry, body, quorum });
    if (body.ceremony === 'export') return beginExport(node, session, { ...proposal, body });
    const plan = planOf(node, proposal.digest, body);
    if (!plan.ok) return err(new Refusal(plan.error.code, plan.error.detail));
    const parent = body.ceremony === 'reshare' ? node.wallets.known(body.epochId) : undefined;
    const source = parent?.wallet.source ?? proposal.envelope;
    return beginRun(this.#options, session, { proposal, plan: plan.value, source });
  }
}

const CRASH = { abort: { failure: 'CRASH', check: 'restart', culprits: [] } } as const;

/** Whether somebody has signed that it is out of this session. */
function isCalledOff({ ceremony }: BookEntry, { body }: Start): boolean {
  const outcomes = [...ceremony.outcomes.values()].filter((item) => equalBytes(item.body.sessionId, body.sessionId));
  return outcomes.some((item) => item.body.abort !== undefined);
}

/** Whether this record is the share that a run of this proposal gave. */
function isResultOf(record: KeyRecord, body: ProposalBody, walletId: Uint8Array): boolean {
  if (!equalBytes(record.walletId, walletId)) return false;
  if (body.ceremony === 'reshare') {
    return record.gen === body.gen && equalBytes(record.parentEpochId, body.epochId);
  }
  return (body.ceremony === 'keygen' || body.ceremony === 'import') && record.gen === 1;
}
