/**
 * One session of this party, from the accepted start to its signed outcome: what was sent and heard, its deadline, and
 * how it ends. What kind of run it is (a signing, a keygen) is in sign-session.ts and keygen-session.ts.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import {
  type AbortReport,
  type OutcomeBody,
  signOutcome,
  type UnicastRecord,
} from '../../protocol/ceremony/outcome.ts';
import type { Start } from '../../protocol/ceremony/start.ts';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes } from '../../protocol/common/canonical-json.ts';
import { Abort } from '../../protocol/threshold/errors.ts';
import { DKG_SHARE } from '../../protocol/threshold/keygen/messages.ts';
import { type ParsedEnvelope, parseEnvelope, verifyEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { SIGN, SIGN_PAIR } from '../../protocol/threshold/sign/messages.ts';
import type { NodeContext } from '../context.ts';
import { LOG_SALTS } from '../home.ts';
import type { HeardHash } from '../journal/records.ts';
import type { ActiveRun } from './run.ts';

/** A session that has not ended after this many milliseconds ends as BENIGN: a peer is gone or silent. */
export const SESSION_DEADLINE = 30_000;

/** What a session ends with, beside what every outcome says. */
export type Ending = Pick<OutcomeBody, 'signature' | 'key' | 'abort'>;

export class Session {
  readonly start: Start;
  readonly #node: NodeContext;
  readonly #unicasts: UnicastRecord[] = [];
  /** What opens the salted hashes; kept in the own log only. */
  readonly #salts: { readonly eh: string; readonly salt: string }[] = [];
  readonly #heard: HeardHash[] = [];
  readonly #seen = new Set<string>();
  readonly #partyOf: (envelope: number) => number;
  #run: ActiveRun | undefined;
  #cancelDeadline: () => void = () => undefined;
  #deadline = 0;
  #ended = false;

  /** @param partyOf party index behind the number an envelope carries: itself, or the party with this pid */
  constructor(node: NodeContext, start: Start, partyOf: (envelope: number) => number) {
    this.#node = node;
    this.start = start;
    this.#partyOf = partyOf;
  }

  get sessionId(): Uint8Array {
    return this.start.body.sessionId;
  }

  /** Hashes of the round 1 messages received so far. */
  get heard(): readonly HeardHash[] {
    return this.#heard;
  }

  get run(): ActiveRun | undefined {
    return this.#run;
  }

  /** Whether its outcome is signed: nothing that is heard later changes it. */
  get ended(): boolean {
    return this.#ended;
  }

  begin(run: ActiveRun): void {
    this.#run = run;
    this.#deadline = this.#node.clock.monotonic() + SESSION_DEADLINE;
    this.#cancelDeadline = this.#node.clock.after(SESSION_DEADLINE, () => {
      run.cancel(new Abort({ failure: 'BENIGN', check: 'deadline', message: 'The session took too long.' }));
    });
  }

  deliver(bytes: Uint8Array): void {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined) return;
    // The machine authenticates for itself; the record of what was heard must not hold what nobody signed.
    if (this.#isAuthentic(envelope)) this.#keep(envelope);
    this.#run?.deliver(bytes);
  }

  /** Sends an own round message: to one party, or to all signers and every operator that archives broadcasts. */
  async send(to: number, bytes: Uint8Array): Promise<void> {
    const { members, self } = this.#node;
    const envelope = parseEnvelope(bytes);
    if (to !== 0) {
      // A complaint goes to each member by itself, but is a broadcast.
      if (envelope !== undefined && envelope.to !== 0) this.#keepUnicast(envelope);
      void members().send(`party:${to}`, { kind: 'round', envelope: bytes });
      return;
    }
    const { signers, proposal } = this.start.body;
    const chosen = (member: string): boolean => {
      const [role, name] = member.split(':');
      return role === 'operator' || signers.includes(Number(name));
    };
    void members().sendAll({ kind: 'round', envelope: bytes }, chosen);
    const step = Math.min(envelope?.round ?? 0, ROUNDS);
    const progress = { ceremony: proposal, party: self, stage: 'round', step, steps: ROUNDS } as const;
    void members().sendAll({ kind: 'progress', ...progress }, (member) => member.startsWith('operator:'));
  }

  /**
   * After a failed check that may have told a peer something: silence until the deadline, as if nobody had answered
   * (docs/protocol.md d.7). The ban is durable by then.
   */
  endAtDeadline(ending: Ending, released: boolean): void {
    const { clock, note } = this.#node;
    clock.after(Math.max(0, this.#deadline - clock.monotonic()), () => {
      this.end(ending, released).catch(() =>
        note('OUTCOME_LOST', 'the outcome of a failed session could not be published'),
      );
    });
  }

  /** Signs and publishes how it ended for this party; once. */
  async end(ending: Ending, released: boolean): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelDeadline();
    const { clock, exchange, journal, self, signer } = this.#node;
    const { proposal, attempt } = this.start.body;
    await exchange.exclusively(async () => {
      const body: OutcomeBody = {
        ...ending,
        proposal,
        attempt,
        party: self,
        sessionId: this.sessionId,
        released,
        unicasts: this.#unicasts,
        counter: await journal.nextCounter(),
        created: clock.now(),
      };
      if (this.#salts.length > 0) await exchange.keep(LOG_SALTS, canonicalBytes(this.#salts));
      await exchange.publish(signOutcome(body, signer));
    });
  }

  #isAuthentic(envelope: ParsedEnvelope): boolean {
    const author = this.#partyOf(envelope.from);
    if (!this.start.body.signers.includes(author) || author === this.#node.self) return false;
    const key = this.#node.roster.parties.find((party) => party.index === author)?.statementKey;
    return key !== undefined && verifyEnvelope(envelope, key, verify);
  }

  /** The first message of each place, as the machine takes it: a corrupt signer must not fill what is signed later. */
  #keep(envelope: ParsedEnvelope): void {
    const { eh, from, round, to, type } = envelope;
    const isUnicast = UNICASTS.get(type)?.includes(round) ?? false;
    const isHeard = round === 1 && (type === SIGN || type === SIGN_PAIR);
    const name = [type, round, from].join('/');
    if (!(isUnicast || isHeard) || this.#seen.has(name)) return;
    if (isUnicast ? this.#partyOf(to) !== this.#node.self : to !== 0) return;
    this.#seen.add(name);
    if (isUnicast) this.#keepUnicast(envelope);
    if (isHeard) this.#heard.push({ party: this.#partyOf(from), hash: eh });
  }

  /** Only a salted hash is ever shown; a party can open it later if somebody denies a message. */
  #keepUnicast(envelope: ParsedEnvelope): void {
    if (this.#unicasts.length >= MAX_UNICASTS) return;
    const salt = this.#node.random.bytes(32);
    this.#salts.push({ eh: toHex(envelope.eh), salt: toHex(salt) });
    this.#unicasts.push({
      type: envelope.type,
      round: envelope.round,
      from: this.#partyOf(envelope.from),
      to: this.#partyOf(envelope.to),
      salted: sha256(concat(salt, envelope.eh)),
    });
  }
}

export function abortReport(abort: Abort): AbortReport {
  return { failure: abort.failure, check: abort.check, culprits: abort.culprits };
}

/** What is sent to one receiver, by type and round. */
const UNICASTS: ReadonlyMap<number, readonly number[]> = new Map([
  [SIGN_PAIR, [1, 2]],
  [DKG_SHARE, [3]],
]);
/** Progress is shown in these many steps, whatever the run. */
const ROUNDS = 5;
/** Both directions of two rounds with ten peers. */
const MAX_UNICASTS = 80;
