/**
 * This party's answer to each proposal: judged at once when it comes in; consented to by policy alone, handed to the
 * key holder, or rejected. One answer an attempt, ever; it is in the journal before it leaves.
 */
import { isKeyChange } from '../../protocol/ceremony/agreement.ts';
import { type BookEntry, open, reportedOutcomes } from '../../protocol/ceremony/book.ts';
import { heldBack } from '../../protocol/ceremony/hold.ts';
import { INPUTS } from '../../protocol/ceremony/inputs.ts';
import { denial, type Judgement, judgeProposal } from '../../protocol/ceremony/judgement.ts';
import { standing } from '../../protocol/ceremony/lifecycle.ts';
import type { Envelope } from '../../protocol/ceremony/statement.ts';
import { signVerdict, type VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import { signWithdrawal } from '../../protocol/ceremony/withdrawal.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { read } from '../../protocol/common/schema.ts';
import { RISKS } from '../../protocol/payload/risk/codes.ts';
import { canonicalObservations, isAmong, type Observation } from '../../protocol/payload/risk/observed.ts';
import { type LimitRow, recordedLedger } from '../../protocol/policy/usage.ts';
import { MAX_REASONS } from '../../protocol/policy/verdict.ts';
import type { NodeContext } from '../context.ts';
import type { Observer } from '../observe/observer.ts';
import { answerBody, type Judged } from './answer-statement.ts';
import { childKeyOf, localReasons } from './epoch-reasons.ts';
import { firstHold, firstVeto } from './gate.ts';

/** Whether what is held back may be answered by now is looked at so often, in milliseconds. */
const HELD_AGAIN = 2_000;
/** Characters of a withdrawal's reason. */
const MAX_WITHDRAWAL = 140;

/** A proposal that waits for the key holder. */
export interface Pending {
  readonly entry: BookEntry;
  readonly judgement: Judgement;
  /** Unix seconds. */
  readonly since: number;
  /** Why it is not answered yet; undefined if it waits for the key holder alone. */
  readonly held: VerdictReason | undefined;
}

/** What stands in the inputs of an own answer; `limits` absent: what is charged now. */
interface Recorded {
  readonly observed: readonly Observation[];
  readonly limits?: readonly LimitRow[];
}

export class Answers {
  readonly #node: NodeContext;
  readonly #observer: Observer;
  /** Why this node must not answer yet, or at all: it has not shown its counters, or peers know higher ones. */
  readonly #heldBack: () => string | undefined;
  readonly #pending = new Map<string, Pending>();
  #stopWatching: (() => void) | undefined;

  constructor(node: NodeContext, observer: Observer, heldBack: () => string | undefined) {
    this.#node = node;
    this.#observer = observer;
    this.#heldBack = heldBack;
  }

  /** What waits for the key holder, oldest first. */
  pending(): readonly Pending[] {
    const { book, clock, roster } = this.#node;
    const now = clock.now();
    return [...this.#pending.values()].filter((item) => {
      const entry = book.get(item.entry.ceremony.proposal.digest);
      if (entry === undefined) return false;
      // The others may have gone on, or ended it, without this party.
      const isOpen = entry.ceremony.start === undefined && reportedOutcomes(entry, roster).length === 0;
      return isOpen && standing(entry.ceremony, now).ok;
    });
  }

  /** Looks again at everything unanswered: after the node may answer, or a policy changed. */
  async considerAll(): Promise<void> {
    for (const entry of this.#node.book.entries()) await this.consider(entry);
  }

  /** After a change of policy what waits is judged anew; consents already given end at the recheck before each round. */
  async reconsider(): Promise<void> {
    this.#pending.clear();
    await this.considerAll();
  }

  /** Judges one proposal unless it is answered or over. Call it inside `exclusively`. */
  async consider(entry: BookEntry): Promise<void> {
    const { ceremony } = entry;
    const { self } = this.#node;
    // A guest is no party of this roster: its holder agreed by signing and adopting the next one.
    if (self === 0) return;
    if (entry.conflict !== undefined) await this.#takeBack(entry);
    if (ceremony.verdicts.has(self) || ceremony.withdrawals.size > 0 || this.#isOver(entry)) return;
    const held = this.#heldBack();
    if (held !== undefined) return;
    const now = this.#node.clock.now();
    // Admitted in its time, expired since: there is nothing left to answer.
    const { body } = ceremony.proposal;
    if ((entry.inadmissible === undefined || isKeyChange(body)) && now >= body.expires) return;
    const judged = this.#judged(entry, now);
    const { judgement } = judged;
    const isDenied = judgement.judgement === 'deny';
    const isSeen = isDenied || this.#observer.isDone(entry);
    if (!isSeen) this.#lookFirst(entry);
    const reason = firstHold(this.#node.gates, entry, judgement, now);
    if (reason !== undefined) return this.#keep(entry, judgement, reason);
    const veto = firstVeto(this.#node.gates, entry, judgement, now);
    if (veto !== undefined) return this.#answer(entry, { judgement: denial([veto]), inputs: { now } }, 'reject', false);
    // Looks can only add reasons; what is denied without them need not wait.
    if (isDenied) return this.#answer(entry, judged, 'reject', false);
    if (!isSeen) return;
    const { obligations } = judgement;
    // What rules leave to groups alone, and those have approved, needs no other hand.
    const isDecided = judgement.judgement === 'allow' || obligations?.holder === false;
    if (isDecided) return this.#answer(entry, judged, 'consent', false);
    this.#keep(entry, judgement, undefined);
  }

  /** Approvers have refused what this party consented to: it takes its consent back while that is possible. */
  async retract(entry: BookEntry): Promise<void> {
    const { clock, gates, journal, roster, self } = this.#node;
    const { proposal, verdicts, withdrawals } = entry.ceremony;
    const isOurs = verdicts.get(self)?.body.decision === 'consent' && withdrawals.size === 0;
    const now = clock.now();
    if (!isOurs || reportedOutcomes(entry, roster).length > 0 || !standing(entry.ceremony, now).ok) return;
    if (journal.state.sessionOf(proposal.digest, proposal.body.attempt)?.released === true) return;
    const veto = firstVeto(gates, entry, this.judge(entry, now), now);
    if (veto !== undefined) await this.withdraw(entry, `${veto.code}: ${veto.detail}`.slice(0, MAX_WITHDRAWAL));
  }

  /** Nothing is looked at again. */
  stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  /** It waits: for the key holder, or for whatever holds it back. */
  #keep(entry: BookEntry, judgement: Judgement, held: VerdictReason | undefined): void {
    const name = toHex(entry.ceremony.proposal.digest);
    const since = this.#pending.get(name)?.since ?? this.#node.clock.now();
    this.#pending.set(name, { entry, judgement, since, held });
    if (held !== undefined) this.#watch();
  }

  #watch(): void {
    const { clock, exchange, note } = this.#node;
    this.#stopWatching ??= clock.after(HELD_AGAIN, () => {
      this.#stopWatching = undefined;
      exchange
        .exclusively(() => this.#considerHeld())
        .catch((error: unknown) => note('JUDGEMENT_FAILED', error instanceof Error ? error.message : 'unknown'));
    });
  }

  /** What nothing holds back any more is judged anew. */
  async #considerHeld(): Promise<void> {
    const { book, clock, gates } = this.#node;
    for (const [name, { entry, held, judgement }] of [...this.#pending]) {
      if (held === undefined) continue;
      const known = book.get(entry.ceremony.proposal.digest);
      const isOpen = known !== undefined && standing(known.ceremony, clock.now()).ok;
      if (!isOpen) this.#pending.delete(name);
      else if (firstHold(gates, known, judgement, clock.now()) === undefined) await this.consider(known);
      else this.#watch();
    }
  }

  /**
   * The key holder agrees. The payload is judged anew: what was shown may be an hour old.
   *
   * @param shown hex of the digest on the screen that was read; it must still be the one
   * @param risks codes on that screen; there must be no others by now
   */
  async approve(proposal: Uint8Array, shown: string, risks?: readonly string[]): Promise<void> {
    const { entry, judgement: before } = this.#held(proposal);
    const hold = this.hold(entry, before);
    if (hold !== undefined) throw new Refusal(hold.code, hold.detail);
    if (!this.#observer.isDone(entry)) {
      this.#lookFirst(entry);
      throw new Refusal('STILL_LOOKING', 'this node is still looking at it; read it again in a moment');
    }
    const judged = this.#judged(entry, this.#node.clock.now());
    const { judgement } = judged;
    const later = this.hold(entry, judgement);
    if (later !== undefined) throw new Refusal(later.code, later.detail);
    if (judgement.judgement === 'deny') {
      await this.#answer(entry, judged, 'reject', false);
      throw new Refusal(
        'NO_LONGER_PERMITTED',
        `it is denied now: ${judgement.reasons.map((reason) => reason.code).join(', ')}`,
      );
    }
    if (judgement.reading === undefined || toHex(judgement.reading.digest) !== shown) {
      throw new Refusal('SHOWN_DIFFERS', 'the screen that was approved shows another digest than this node would sign');
    }
    const unseen = risks === undefined ? undefined : judgement.risks.find((code) => !risks.includes(code));
    if (unseen !== undefined) {
      throw new Refusal('SHOWN_DIFFERS', `there is a risk now that the screen did not show: ${unseen}; read it again`);
    }
    await this.#answer(entry, judged, 'consent', true);
  }

  /** The key holder declines, in words that the statement carries. */
  async reject(proposal: Uint8Array, words: string): Promise<void> {
    const { entry } = this.#held(proposal);
    const { inputs, judgement } = this.#judge(entry, this.#node.clock.now());
    const reasons = [...judgement.reasons.slice(0, MAX_REASONS - 1), { code: 'HOLDER_REJECTED', detail: words }];
    await this.#answer(entry, { inputs, judgement: { ...judgement, reasons } }, 'reject', true);
  }

  /** Takes a consent back while that is still possible. */
  async withdraw(entry: BookEntry, reason: string): Promise<void> {
    const { clock, exchange, journal, self, signer } = this.#node;
    const { digest, body } = entry.ceremony.proposal;
    const released = journal.state.sessionOf(digest, body.attempt)?.released ?? false;
    if (released || reportedOutcomes(entry, this.#node.roster).length > 0) {
      throw new Refusal(
        'CEREMONY_OVER',
        "it has ended, or this party's last message has left: nothing can be taken back",
      );
    }
    const author = `party:${self}`;
    const statement = { proposal: digest, attempt: body.attempt, author, reason, created: clock.now() };
    const withdrawal = signWithdrawal(statement, signer);
    this.#mustOpen(withdrawal.envelope);
    await journal.record({ type: 'withdraw', proposal: digest, attempt: body.attempt, author });
    await exchange.publish(withdrawal);
  }

  /** What has to happen before the key holder can agree; undefined if nothing, or if this party has answered. */
  hold(entry: BookEntry, judgement: Judgement): VerdictReason | undefined {
    const { clock, gates, roster, rosters, self } = this.#node;
    const { proposal, verdicts } = entry.ceremony;
    if (verdicts.has(self)) return undefined;
    return heldBack(proposal.body, roster, self, rosters.successor) ?? firstHold(gates, entry, judgement, clock.now());
  }

  /**
   * What a screen shows: the judgement by what is observed at this moment or, of what this party has answered, by what
   * its answer records.
   */
  judge(entry: BookEntry, now: number): Judgement {
    const recorded = this.#recorded(entry);
    return recorded === undefined ? this.#judge(entry, now).judgement : this.#judge(entry, now, recorded).judgement;
  }

  /**
   * The second judgement, right before the key share is used. It rests on what the consent records and on the history as
   * it is now, which may only add. The looks that take time are not repeated: they are part of what was agreed to, and
   * whoever answers them must not be able to stop a session that has begun.
   *
   * @returns also the risks that are new since the consent; info left out
   */
  judgeAgain(
    entry: BookEntry,
    now: number,
  ): { readonly judgement: Judgement; readonly strange: readonly Observation[] } {
    const recorded = this.#recorded(entry)?.observed ?? [];
    const fresh = this.#observer.observed(entry, now);
    const all = canonicalObservations([...recorded, ...fresh.filter((item) => !isAmong(item, recorded))]);
    const strange = fresh.filter((item) => RISKS[item.code].severity !== 'info' && !isAmong(item, recorded));
    return { judgement: this.#judge(entry, now, { observed: all }).judgement, strange };
  }

  /** By what only this node can know first, then by payload, policies and observations. */
  #judged(entry: BookEntry, now: number): Judged {
    const local = localReasons(this.#node, entry);
    return local.length > 0 ? { judgement: denial(local), inputs: { now } } : this.#judge(entry, now);
  }

  /** @param recorded what the answer records, instead of what is seen and charged now */
  #judge(entry: BookEntry, now: number, recorded?: Recorded): Judged {
    const { limits: counted, policies, roster, wallets } = this.#node;
    const { proposal } = entry.ceremony;
    const wallet = 'walletId' in proposal.body ? wallets.byId(proposal.body.walletId) : undefined;
    const { common, own } = policies;
    const childKey = wallet && childKeyOf(this.#node, wallet, proposal.body);
    const inputs = { now, observed: recorded?.observed ?? this.#observer.observed(entry, now) };
    const ledger = recorded?.limits === undefined ? counted.view(proposal) : recordedLedger(recorded.limits);
    const judgement = judgeProposal(proposal, { roster, wallet, childKey, common, own, inputs, ledger });
    const { limits } = judgement;
    return { judgement, inputs: limits.length === 0 ? inputs : { ...inputs, limits } };
  }

  /** What the own answer to this attempt records as observed and charged; undefined if there is no answer. */
  #recorded({ ceremony }: BookEntry): Required<Recorded> | undefined {
    const own = ceremony.verdicts.get(this.#node.self);
    const document = own === undefined ? undefined : this.#node.documents.get(own.body.inputs);
    const inputs = document === undefined ? undefined : read(INPUTS, document);
    if (inputs?.ok !== true) return undefined;
    return { observed: inputs.value.observed ?? [], limits: inputs.value.limits ?? [] };
  }

  /** The proposal is judged when all looks at it have ended; until then it is not answered. */
  #lookFirst(entry: BookEntry): void {
    const { book, exchange, note } = this.#node;
    const { digest } = entry.ceremony.proposal;
    this.#observer.begin(entry, () => {
      exchange
        .exclusively(async () => {
          const known = book.get(digest);
          if (known !== undefined) await this.consider(known);
        })
        .catch((error: unknown) => note('JUDGEMENT_FAILED', error instanceof Error ? error.message : 'unknown'));
    });
  }

  async #answer(entry: BookEntry, judged: Judged, decision: 'consent' | 'reject', byHand: boolean): Promise<void> {
    const { exchange, limits, signer } = this.#node;
    const { proposal } = entry.ceremony;
    const body = await answerBody(this.#node, entry, { ...judged, decision, byHand });
    const statement = signVerdict(body, signer);
    this.#mustOpen(statement.envelope);
    const done = await limits.record(statement, entry, judged.judgement);
    if (!done.ok) {
      const { code, message } = done.error;
      // It is judged anew in a moment, by what is charged then.
      if (code === 'LEDGER_MOVED') this.#keep(entry, judged.judgement, { code, detail: message });
      if (code !== 'LEDGER_MOVED' || byHand) throw done.error;
      return;
    }
    this.#pending.delete(toHex(proposal.digest));
    await exchange.publish(statement);
  }

  /** A consent given before the operator showed its second face is withdrawn, in public. */
  async #takeBack(entry: BookEntry): Promise<void> {
    const { ceremony } = entry;
    this.#pending.delete(toHex(ceremony.proposal.digest));
    const own = ceremony.verdicts.get(this.#node.self);
    if (
      own?.body.decision !== 'consent' ||
      ceremony.withdrawals.has(`party:${this.#node.self}`) ||
      reportedOutcomes(entry, this.#node.roster).length > 0
    )
      return;
    await this.withdraw(entry, 'OPERATOR_EQUIVOCATION: two proposals under one nonce');
  }

  /** What nobody can read must not use up the one answer of this attempt: words that are too long, say. */
  #mustOpen(envelope: Envelope): void {
    const opened = open(envelope, this.#node.roster);
    if (!opened.ok) throw new Refusal('STATEMENT_UNUSABLE', `nothing was signed: ${opened.error.message}`);
  }

  #held(proposal: Uint8Array): Pending {
    const held = this.#pending.get(toHex(proposal));
    const why = this.#heldBack();
    if (why !== undefined) throw new Refusal('NODE_HELD_BACK', why);
    if (held === undefined) throw new Refusal('NOT_PENDING', 'no such proposal waits for an answer here');
    if (this.#node.clock.now() >= held.entry.ceremony.proposal.body.expires) {
      throw new Refusal('PROPOSAL_EXPIRED', 'the proposal has expired while it waited');
    }
    return held;
  }

  /** Nothing is to be said about what ended before, or while, this node was away. */
  #isOver(entry: BookEntry): boolean {
    const { ceremony } = entry;
    if (ceremony.start !== undefined || reportedOutcomes(entry, this.#node.roster).length > 0) return true;
    const { proposal } = ceremony;
    return this.#node.journal.state.verdict(proposal.digest, proposal.body.attempt) !== undefined;
  }
}
