/**
 * What the journal says so far, in memory. `check` tells whether a record may follow, `apply` takes it in; replaying a
 * journal uses the same two, so a file that breaks a rule is refused like a damaged one.
 */
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import type { Address } from '../../protocol/payload/address.ts';
import { Ledger } from '../../protocol/policy/ledger.ts';
import { GovernanceBook } from './governance-book.ts';
import { PairBook } from './pair-book.ts';
import type {
  Exported,
  JournalRecord,
  PeerCounter,
  PolicySet,
  R3Sent,
  Reservation,
  SessionStarted,
  Settled,
  SpendFreed,
  VerdictGiven,
  Withdrawn,
} from './records.ts';

export type SessionPhase = 'started' | 'r2-sent' | 'r3-sent' | 'completed' | 'aborted';

export interface SessionRow {
  readonly started: SessionStarted;
  readonly phase: SessionPhase;
  /** R3 is durable: the digest counts as signed for limits, nonces and transcript, whatever `phase` says. */
  readonly released: boolean;
  /** Why it ended; absent while it is open. */
  readonly reason?: string;
}

export class JournalState {
  /** Bans and failed setups of each pair and epoch. */
  readonly pairs: PairBook = new PairBook();
  /** What consents have reserved and what became of it. Keys: `payloadKey`; attempts: `attemptKey`. */
  readonly ledger: Ledger = new Ledger();
  /** Freezes, and versions of the common policy that wait or were vetoed. */
  readonly governance: GovernanceBook = new GovernanceBook();
  #fencing = 0;
  #counter = 0;
  readonly #sessions = new Map<string, SessionRow>();
  readonly #open = new Set<string>();
  readonly #startedIn = new Map<string, number>();
  readonly #slots = new Map<string, Set<string>>();
  readonly #seen = new Set<string>();
  readonly #verdicts = new Map<string, VerdictGiven>();
  readonly #spent = new Map<string, string>();
  readonly #usedCounters = new Set<number>();
  readonly #withdrawn = new Map<string, Withdrawn>();
  readonly #policies = new Map<PolicySet['scope'], PolicySet>();
  readonly #acked = new Map<string, number>();
  readonly #exported = new Map<string, Exported>();
  readonly #peers = new Map<string, PeerCounter>();
  readonly #settled = new Set<string>();
  /** Keys of charges by wallet and digest: those of several accounts, if more than one was asked to sign it. */
  readonly #charges = new Map<string, Set<string>>();

  /** Fencing epoch of the last opening; 0 for a new journal. */
  get fencing(): number {
    return this.#fencing;
  }

  /** The highest statement counter ever reserved; 0 before the first. */
  get counter(): number {
    return this.#counter;
  }

  session(sessionId: Uint8Array): SessionRow | undefined {
    return this.#sessions.get(toHex(sessionId));
  }

  /** Sessions that have started and not ended. */
  openSessions(): readonly SessionRow[] {
    return [...this.#open].flatMap((id) => this.#sessions.get(id) ?? []);
  }

  /** Sessions whose digest counts as signed, oldest first. */
  releasedSessions(): readonly SessionRow[] {
    return [...this.#sessions.values()].filter((row) => row.released);
  }

  /** How many sessions ever started in an epoch. */
  sessionCount(epochId: Uint8Array): number {
    return this.#startedIn.get(toHex(epochId)) ?? 0;
  }

  /** Sessions that share account, chain and nonce with the given one; none if it has no slot. */
  sessionsInSlot(session: Pick<SessionStarted, 'walletId' | 'path' | 'slot'>): readonly SessionRow[] {
    const ids = new Set(slotKeys(session).flatMap((key) => [...(this.#slots.get(key) ?? [])]));
    return [...ids].flatMap((id) => this.#sessions.get(id) ?? []);
  }

  hasSeen(proposal: Uint8Array, attempt: number): boolean {
    return this.#seen.has(attemptKey(proposal, attempt));
  }

  verdict(proposal: Uint8Array, attempt: number): VerdictGiven | undefined {
    return this.#verdicts.get(attemptKey(proposal, attempt));
  }

  /** The session that spent the consent for an attempt. */
  sessionOf(proposal: Uint8Array, attempt: number): SessionRow | undefined {
    const id = this.#spent.get(attemptKey(proposal, attempt));
    return id === undefined ? undefined : this.#sessions.get(id);
  }

  /** Whether an attempt is still charged for what its consent reserved. */
  isReserved(reservation: Reservation, proposal: Uint8Array, attempt: number): boolean {
    return this.ledger.isCharged(chargeKey(reservation), attemptKey(proposal, attempt));
  }

  /** Whether this party has said for good that it releases nothing for an attempt. */
  isSettled(proposal: Uint8Array, attempt: number): boolean {
    return this.#settled.has(attemptKey(proposal, attempt));
  }

  withdrawal(proposal: Uint8Array, attempt: number): Withdrawn | undefined {
    return this.#withdrawn.get(attemptKey(proposal, attempt));
  }

  /** The adopted policies, by scope. */
  get policies(): ReadonlyMap<PolicySet['scope'], PolicySet> {
    return this.#policies;
  }

  /** The highest generation acknowledged for a wallet; 0 if none. */
  ackedGeneration(walletId: Uint8Array): number {
    return this.#acked.get(toHex(walletId)) ?? 0;
  }

  /** Whether this wallet, or every wallet, is frozen. */
  isFrozen(walletId: Uint8Array): boolean {
    return this.governance.isFrozen(walletId);
  }

  /** The first export of this wallet's key: it is marked for ever. */
  exported(walletId: Uint8Array): Exported | undefined {
    return this.#exported.get(toHex(walletId));
  }

  peerCounter(statementKey: Uint8Array): PeerCounter | undefined {
    return this.#peers.get(toHex(statementKey));
  }

  /** Why `record` may not follow what is written; `undefined` if it may. */
  check(record: JournalRecord): Refusal | undefined {
    switch (record.type) {
      case 'opened':
        if (record.fencing > this.#fencing) return undefined;
        return refuse('JOURNAL_NOT_OURS', 'the journal was opened under a later lock; home and journal differ in age');
      case 'verdict-given':
        return this.#checkVerdict(record);
      case 'session-started':
        if (this.session(record.sessionId) === undefined) return undefined;
        return refuse('SESSION_USED', `session ${short(record.sessionId)} was used before`);
      case 'r2-sent':
        return this.#checkPhase(record.sessionId, 'started');
      case 'r3-sent':
        return this.#checkPhase(record.sessionId, 'r2-sent');
      case 'settled':
        return this.#checkSettled(record);
      case 'session-ended':
        if (this.#open.has(toHex(record.sessionId))) return undefined;
        return refuse('SESSION_NOT_OPEN', `session ${short(record.sessionId)} is not open`);
      case 'counter':
        if (record.value > this.#counter) return undefined;
        return refuse('COUNTER_NOT_ABOVE', `counter ${record.value} is not above ${this.#counter}`);
      case 'policy-set':
        if (record.version > (this.#policies.get(record.scope)?.version ?? 0)) return undefined;
        return refuse('POLICY_VERSION_NOT_ABOVE', `version ${record.version} of a policy is not above the present one`);
      case 'acked':
        if (record.gen > this.ackedGeneration(record.walletId)) return undefined;
        return refuse('GENERATION_NOT_ABOVE', `generation ${record.gen} is not above one acknowledged before`);
      case 'peer-counter':
        if (record.counter > (this.peerCounter(record.statementKey)?.counter ?? 0)) return undefined;
        return refuse('COUNTER_NOT_ABOVE', `a higher counter of party ${record.party} is known`);
      case 'ban':
      case 'ban-lifted':
        return this.pairs.check(record);
      default:
        return undefined;
    }
  }

  /** Takes in a record that `check` let pass. */
  apply(record: JournalRecord): void {
    switch (record.type) {
      case 'opened':
        this.#fencing = record.fencing;
        break;
      case 'ceremony-seen':
        this.#seen.add(attemptKey(record.proposal, record.attempt));
        break;
      case 'verdict-given':
        this.#verdicts.set(attemptKey(record.proposal, record.attempt), record);
        this.#usedCounters.add(record.counter);
        this.#reserve(record);
        break;
      case 'session-started':
        this.#start(record);
        break;
      case 'r2-sent':
        this.#move(record.sessionId, { phase: 'r2-sent' });
        break;
      case 'r3-sent':
        this.#move(record.sessionId, { phase: 'r3-sent', released: true });
        this.#release(record);
        break;
      case 'released-seen':
        for (const key of this.#chargesOf(record)) this.ledger.release(key, record.at);
        break;
      case 'settled':
        this.#settled.add(attemptKey(record.proposal, record.attempt));
        break;
      case 'spend-freed':
        this.#free(record);
        break;
      case 'nonce-consumed':
        this.ledger.consumed(record.place, record.at);
        break;
      case 'signature-void':
        for (const key of this.#chargesOf(record)) this.ledger.voided(key, record.at);
        break;
      case 'session-ended':
        this.#move(record.sessionId, { phase: record.outcome, reason: record.reason });
        this.#open.delete(toHex(record.sessionId));
        break;
      case 'counter':
        this.#counter = record.value;
        break;
      case 'withdraw':
        this.#withdrawn.set(attemptKey(record.proposal, record.attempt), record);
        break;
      case 'policy-set':
        this.#policies.set(record.scope, record);
        break;
      case 'acked':
        this.#acked.set(toHex(record.walletId), record.gen);
        break;
      case 'freeze':
      case 'policy-announced':
      case 'policy-vetoed':
        this.governance.apply(record);
        break;
      case 'peer-counter':
        this.#peers.set(toHex(record.statementKey), record);
        break;
      case 'exported':
        if (this.exported(record.walletId) === undefined) this.#exported.set(toHex(record.walletId), record);
        break;
      case 'prepared':
      case 'active':
        break;
      default:
        this.pairs.apply(record);
    }
  }

  #reserve({ proposal, attempt, reservation }: VerdictGiven): void {
    if (reservation === undefined) return;
    const { walletId, digest, spend, at, until } = reservation;
    const key = chargeKey(reservation);
    this.ledger.reserve(key, spend, attemptKey(proposal, attempt), until, at);
    const name = `${toHex(walletId)}/${toHex(digest)}`;
    this.#charges.set(name, (this.#charges.get(name) ?? new Set<string>()).add(key));
  }

  #release({ sessionId, at }: R3Sent): void {
    const started = this.session(sessionId)?.started;
    const reservation = started && this.verdict(started.proposal, started.attempt)?.reservation;
    if (reservation !== undefined) this.ledger.release(chargeKey(reservation), at);
  }

  #free({ proposal, attempt }: SpendFreed): void {
    const reservation = this.verdict(proposal, attempt)?.reservation;
    if (reservation !== undefined) this.ledger.settle(chargeKey(reservation), attemptKey(proposal, attempt));
  }

  #chargesOf({ walletId, digest }: Pick<Reservation, 'walletId' | 'digest'>): Iterable<string> {
    return this.#charges.get(`${toHex(walletId)}/${toHex(digest)}`) ?? [];
  }

  #checkSettled({ proposal, attempt }: Settled): Refusal | undefined {
    if (this.isSettled(proposal, attempt)) return refuse('CEREMONY_SETTLED', 'this party has said so before');
    const session = this.sessionOf(proposal, attempt);
    if (session?.released !== true) return undefined;
    return refuse('DIGEST_RELEASED', "this party's last message for the attempt has left, or may have");
  }

  #checkVerdict(record: VerdictGiven): Refusal | undefined {
    if (this.verdict(record.proposal, record.attempt) !== undefined) {
      return refuse('VERDICT_ALREADY_GIVEN', `attempt ${record.attempt} of this proposal was answered before`);
    }
    if (record.counter > this.#counter || this.#usedCounters.has(record.counter)) {
      return refuse('COUNTER_NOT_RESERVED', `counter ${record.counter} was not reserved for this statement`);
    }
    return undefined;
  }

  #checkPhase(sessionId: Uint8Array, expected: SessionPhase): Refusal | undefined {
    const phase = this.session(sessionId)?.phase;
    if (phase === expected) return undefined;
    return refuse('SESSION_OUT_OF_ORDER', `session ${short(sessionId)} is ${phase ?? 'unknown'}, not ${expected}`);
  }

  #start(record: SessionStarted): void {
    const id = toHex(record.sessionId);
    const epoch = toHex(record.epochId);
    this.#sessions.set(id, { started: record, phase: 'started', released: false });
    this.#open.add(id);
    this.#startedIn.set(epoch, (this.#startedIn.get(epoch) ?? 0) + 1);
    this.#spent.set(attemptKey(record.proposal, record.attempt), id);
    for (const key of slotKeys(record)) this.#slots.set(key, (this.#slots.get(key) ?? new Set<string>()).add(id));
  }

  #move(sessionId: Uint8Array, change: Partial<SessionRow>): void {
    const row = this.session(sessionId);
    if (row !== undefined) this.#sessions.set(toHex(sessionId), { ...row, ...change });
  }
}

/** Whether two sessions would sign different things. */
export function differs(row: SessionRow, digest: Uint8Array): boolean {
  return !equalBytes(row.started.digest, digest);
}

/**
 * Under which name the ledger keeps a payload. Most digests do not say who signs: the same bytes, signed by two accounts
 * of one wallet, are two payments. And what one operator asked for in vain fills no limit of another who asks again.
 */
export function payloadKey(walletId: Uint8Array, digest: Uint8Array, account: Address, initiator: string): string {
  return `${toHex(walletId)}/${toHex(digest)}/${account}/${initiator}`;
}

export function chargeKey({ walletId, digest, spend }: Reservation): string {
  return payloadKey(walletId, digest, spend.account, spend.initiator);
}

function attemptKey(proposal: Uint8Array, attempt: number): string {
  return `${toHex(proposal)}/${attempt}`;
}

/**
 * Under which names a slot is kept: wallet and path, and the address itself, which two wallets share if a key was
 * imported twice.
 */
function slotKeys({ walletId, path, slot }: Pick<SessionStarted, 'walletId' | 'path' | 'slot'>): readonly string[] {
  if (slot === undefined) return [];
  const place = `${slot.chainId}/${slot.nonce}`;
  const byPath = `${toHex(walletId)}/${path.join('.')}/${place}`;
  return slot.account === undefined ? [byPath] : [byPath, `${toHex(slot.account)}/${place}`];
}

function short(id: Uint8Array): string {
  return toHex(id).slice(0, 16);
}

function refuse(code: string, why: string): Refusal {
  return new Refusal(code, `Refused by the journal: ${why}.`);
}
