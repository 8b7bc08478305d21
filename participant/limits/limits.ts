/**
 * The limits of this party over time (docs/limits.md). A consent reserves what it could spend in the very record that
 * makes it durable; a release, seen or own, keeps it charged; proof that nothing was released lifts it. What is counted
 * comes from the journal alone, so that nothing is forgotten with an old log.
 */
import { type BookEntry, reportedOutcomes } from '../../protocol/ceremony/book.ts';
import type { Judgement } from '../../protocol/ceremony/judgement.ts';
import { standing } from '../../protocol/ceremony/lifecycle.ts';
import type { Proposal, SignProposal } from '../../protocol/ceremony/proposal.ts';
import { couldSuffice } from '../../protocol/ceremony/quorum.ts';
import { hasReleasedNothing } from '../../protocol/ceremony/settlement.ts';
import type { Envelope } from '../../protocol/ceremony/statement.ts';
import type { VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { decode } from '../../protocol/payload/payload.ts';
import type { LedgerRow } from '../../protocol/policy/ledger.ts';
import type { LedgerView } from '../../protocol/policy/verdict.ts';
import type { NodeContext } from '../context.ts';
import type { Reservation, VerdictGiven } from '../journal/records.ts';
import { chargeKey, type JournalState, payloadKey } from '../journal/state.ts';
import { Settlements, type SettlementsNode } from './settlements.ts';

export type LimitsNode = SettlementsNode & Pick<NodeContext, 'note' | 'policies'>;

/** Digests of payloads judged lately, so that a batch is not decoded once more for every look at it. */
const REMEMBERED = 256;

export class Limits {
  readonly #node: LimitsNode;
  readonly #settlements: Settlements;
  readonly #digests = new Map<string, Uint8Array | undefined>();
  /** By proposal: the next moment at which it may turn out to be over without anybody saying so. */
  readonly #timers = new Map<string, () => void>();
  #stopped = false;

  /** @param kept settlements in the log */
  constructor(node: LimitsNode, kept: readonly Uint8Array[]) {
    this.#node = node;
    this.#settlements = new Settlements(node, kept);
  }

  /**
   * What is used up beside this proposal's payload. Where the consent to this attempt is judged again, only what was
   * reserved before the payload counts: what was admitted is not starved by what came later.
   */
  view(proposal: Proposal): LedgerView {
    const { body } = proposal;
    if (body.ceremony !== 'sign') return () => undefined;
    const now = this.#node.clock.now();
    let view: LedgerView | undefined;
    return (need) => {
      const { state } = this.#node.journal;
      const isAgain = state.verdict(proposal.digest, body.attempt)?.reservation !== undefined;
      view ??= this.#open(state, this.#key(proposal, body), now, isAgain ? 'before' : 'all');
      return view(need);
    };
  }

  /**
   * Makes an answer durable: with its reservation, if it is a consent to a signing. Refused with `LEDGER_MOVED` if a
   * limit would be answered otherwise by now; then nothing is written, and it must be judged anew.
   */
  async record(
    statement: VerdictStatement,
    { ceremony: { proposal } }: BookEntry,
    judgement: Judgement,
  ): Promise<Result<void, Refusal>> {
    const { body } = statement;
    const given: VerdictGiven = {
      type: 'verdict-given',
      proposal: proposal.digest,
      attempt: proposal.body.attempt,
      decision: body.decision,
      body: statement.digest,
      counter: body.counter,
      statement: statement.envelope.bytes,
      reservation: reservationOf(statement, proposal, judgement),
    };
    return await this.#node.journal.update((state) => {
      const moved = given.reservation === undefined ? undefined : this.#moved(state, given.reservation, judgement);
      return moved === undefined ? ok({ record: given, value: undefined }) : err(moved);
    });
  }

  /** After every statement about a proposal, and whenever time may have ended it. Call it inside `exclusively`. */
  async note(entry: BookEntry): Promise<void> {
    const { body, digest } = entry.ceremony.proposal;
    if (body.ceremony !== 'sign' || this.#node.self === 0) return;
    await this.#noteRelease(entry);
    if (this.#mustSettle(entry)) await this.#settlements.say(digest, body.attempt);
    await this.#noteFreed(entry, body);
    this.#wake(entry);
  }

  /** A settlement that another member sent. Call it inside `exclusively`. */
  async receive(envelope: Envelope, from: string): Promise<void> {
    const proposal = await this.#settlements.receive(envelope, from);
    const entry = proposal && this.#node.book.get(proposal);
    if (entry !== undefined) await this.note(entry);
  }

  /** Everything that may have ended while this node was away. Call it inside `exclusively`. */
  async noteAll(): Promise<void> {
    for (const entry of this.#node.book.entries()) await this.note(entry);
  }

  async greet(member: string): Promise<void> {
    await this.#settlements.greet(member);
  }

  /** What is charged, oldest first. */
  rows(): readonly LedgerRow[] {
    return this.#node.journal.state.ledger.rows();
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #open(state: JournalState, key: string | undefined, now: number, scope: 'all' | 'before'): LedgerView {
    const { common, own } = this.#node.policies;
    return common === undefined ? () => undefined : state.ledger.view(now, { common, own }, key, scope);
  }

  #key({ digest }: Proposal, body: SignProposal): string | undefined {
    const name = toHex(digest);
    if (!this.#digests.has(name)) {
      const decoded = decode(body.payload);
      this.#digests.set(name, decoded.ok ? decoded.value.digest : undefined);
      const [oldest] = this.#digests.keys();
      if (oldest !== undefined && this.#digests.size > REMEMBERED) this.#digests.delete(oldest);
    }
    const payload = this.#digests.get(name);
    return payload && payloadKey(body.walletId, payload, `0x${toHex(body.address)}`, body.initiator);
  }

  /** Whether what the consent rests on is no longer so: two judgements may have looked at the same room. */
  #moved(state: JournalState, reservation: Reservation, { limits }: Judgement): Refusal | undefined {
    const view = this.#open(state, chargeKey(reservation), reservation.at, 'all');
    const odd = limits.find((row) => {
      const usage = view({ ...row, charge: 0n });
      return usage?.used !== row.used || usage.entries !== row.entries;
    });
    return odd && new Refusal('LEDGER_MOVED', `limit ${odd.limit} was used up further while this was judged`);
  }

  /** A signer said that its last message has left, or a signature is there: that ends all doubt. */
  async #noteRelease(entry: BookEntry): Promise<void> {
    const { clock, journal, roster } = this.#node;
    const reservation = this.#reservation(entry);
    if (reservation === undefined) return;
    if (journal.state.ledger.isReleased(chargeKey(reservation))) return;
    const isOut = reportedOutcomes(entry, roster).some(({ body: outcome }) => {
      const start = entry.starts.find((item) => equalBytes(item.body.sessionId, outcome.sessionId));
      const isThis = start !== undefined && equalBytes(start.body.digest, reservation.digest);
      return isThis && (outcome.released || outcome.signature !== undefined);
    });
    if (!isOut) return;
    const { digest, walletId } = reservation;
    await journal.record({ type: 'released-seen', walletId, digest, at: clock.now() });
  }

  /** Over, and without this party: neither did it reject nor will it sign an outcome, so nobody else could know. */
  #mustSettle(entry: BookEntry): boolean {
    const { ceremony } = entry;
    const { clock, journal, roster, self } = this.#node;
    const { digest, body } = ceremony.proposal;
    if (ceremony.verdicts.get(self)?.body.decision === 'reject' || ceremony.outcomes.has(self)) return false;
    // Nobody has reserved anything.
    if (![...ceremony.verdicts.values()].some((verdict) => verdict.body.decision === 'consent')) return false;
    if (journal.state.sessionOf(digest, body.attempt) !== undefined) return false;
    const now = clock.now();
    if (!standing(ceremony, now).ok || hasFailed(entry)) return true;
    return ceremony.start === undefined && !couldSuffice(ceremony, roster, now);
  }

  async #noteFreed(entry: BookEntry, body: SignProposal): Promise<void> {
    const { journal, note, roster } = this.#node;
    const { ceremony } = entry;
    const { digest: proposal } = ceremony.proposal;
    const reservation = this.#reservation(entry);
    if (reservation === undefined) return;
    const { digest, walletId } = reservation;
    const { attempt } = body;
    if (!journal.state.isReserved(reservation, proposal, attempt)) return;
    if (!hasReleasedNothing(ceremony, roster, this.#settlements.of(proposal, attempt))) return;
    await journal.record({ type: 'spend-freed', walletId, digest, proposal, attempt });
    const isFree = !journal.state.ledger.isCharged(chargeKey(reservation));
    if (isFree) note('CHARGE_FREED', `attempt ${attempt} of ${toHex(proposal).slice(0, 16)} released nothing`);
  }

  #reservation({ ceremony: { proposal } }: BookEntry): Reservation | undefined {
    return this.#node.journal.state.verdict(proposal.digest, proposal.body.attempt)?.reservation;
  }

  /** Looks again when the proposal, or a consent to it, has expired. */
  #wake({ ceremony }: BookEntry): void {
    const { clock, self } = this.#node;
    const { digest, body } = ceremony.proposal;
    const name = toHex(digest);
    this.#timers.get(name)?.();
    this.#timers.delete(name);
    const isSaid = this.#settlements.of(digest, body.attempt).has(self) || ceremony.outcomes.has(self);
    if (this.#stopped || isSaid) return;
    const now = clock.now();
    const ends = [body.expires, ...[...ceremony.verdicts.values()].map((verdict) => verdict.body.expires)];
    const next = Math.min(...ends.filter((end) => end > now));
    if (!Number.isFinite(next)) return;
    const wait = Math.min((next - now + 1) * 1000, MAX_TIMER);
    this.#timers.set(
      name,
      clock.after(wait, () => this.#again(digest)),
    );
  }

  #again(digest: Uint8Array): void {
    const { book, exchange, note } = this.#node;
    this.#timers.delete(toHex(digest));
    exchange
      .exclusively(async () => {
        const entry = book.get(digest);
        if (entry !== undefined && !this.#stopped) await this.note(entry);
      })
      .catch((error: unknown) => note('SETTLEMENT_FAILED', error instanceof Error ? error.message : 'unknown'));
  }
}

/** A start whose signers have all signed how it ended: this party is none of them, and no other start is expected. */
function hasFailed({ ceremony, starts }: BookEntry): boolean {
  return starts.some(({ body: { sessionId, signers } }) =>
    signers.every((signer) => {
      const outcome = ceremony.outcomes.get(signer)?.body;
      return outcome !== undefined && equalBytes(outcome.sessionId, sessionId);
    }),
  );
}

/** A timer of Node counts milliseconds in 31 bits. */
const MAX_TIMER = 86_400_000;

function reservationOf(
  { body }: VerdictStatement,
  { body: proposal }: Proposal,
  { reading, verdict }: Judgement,
): Reservation | undefined {
  const spend = verdict?.spend;
  if (proposal.ceremony !== 'sign' || body.decision !== 'consent' || reading === undefined || spend === undefined) {
    return undefined;
  }
  return { walletId: proposal.walletId, digest: reading.digest, spend, at: body.created, until: body.expires };
}
