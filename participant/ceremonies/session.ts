/**
 * One session of this party, from the accepted start to its signed outcome: what was sent and heard, its deadline, and
 * how it ends. What kind it is, is in sign-session.ts, run-session.ts and export-session.ts.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { type OutcomeBody, signOutcome, type UnicastRecord } from '../../protocol/ceremony/outcome.ts';
import type { Start } from '../../protocol/ceremony/start.ts';
import { concat, equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes } from '../../protocol/common/canonical-json.ts';
import { Abort } from '../../protocol/threshold/errors.ts';
import { DKG_SHARE } from '../../protocol/threshold/keygen/messages.ts';
import { type ParsedEnvelope, parseEnvelope, verifyEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { SIGN, SIGN_PAIR } from '../../protocol/threshold/sign/messages.ts';
import type { NodeContext } from '../context.ts';
import { LOG_SALTS } from '../home.ts';
import type { HeardHash } from '../journal/records.ts';
import type { Crew, CrewMember } from './crew.ts';
import type { ActiveRun } from './run.ts';
import { Witness } from './witness.ts';

/** A session that has not ended after this many milliseconds ends as BENIGN: a peer is gone or silent. */
export const SESSION_DEADLINE = 30_000;

/** Check of the abort of a session that another signer has left. */
export const PEER_ENDED = 'peer';

/** What a session ends with, beside what every outcome says. */
export type Ending = Pick<OutcomeBody, 'signature' | 'key' | 'exported' | 'abort'>;

export class Session {
  readonly start: Start;
  readonly #node: NodeContext;
  readonly #unicasts: UnicastRecord[] = [];
  /** What opens the salted hashes; kept in the own log only. */
  readonly #salts: { readonly eh: string; readonly salt: string }[] = [];
  readonly #heard: HeardHash[] = [];
  readonly #seen = new Set<string>();
  readonly #witness: Witness;
  readonly crew: Crew;
  #run: ActiveRun | undefined;
  #cancelDeadline: () => void = () => undefined;
  #deadline = 0;
  #ended = false;

  constructor(node: NodeContext, start: Start, crew: Crew) {
    this.#node = node;
    this.#witness = new Witness(node);
    this.start = start;
    this.crew = crew;
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
    if (this.#isAuthentic(envelope)) {
      this.#witness.see(envelope);
      this.#keep(envelope);
    }
    this.#run?.deliver(bytes);
  }

  /** Sends an own round message: to one member, or to all of them and every operator that archives broadcasts. */
  async send(to: number, bytes: Uint8Array): Promise<void> {
    const { members, self } = this.#node;
    const envelope = parseEnvelope(bytes);
    if (envelope !== undefined) this.#witness.see(envelope);
    if (to !== 0) {
      // A complaint goes to each member by itself, but is a broadcast.
      if (envelope !== undefined && envelope.to !== 0) this.#keepUnicast(envelope);
      const name = this.crew.member(to)?.name;
      if (name !== undefined) void members().send(name, { kind: 'round', envelope: bytes });
      return;
    }
    const { proposal } = this.start.body;
    // Not only to whom is connected now: a message of a run is sent once, and whoever is on the way back gets it.
    for (const member of this.crew.members) {
      if (!this.#isOwn(member)) void members().send(member.name, { kind: 'round', envelope: bytes });
    }
    void members().sendAll({ kind: 'round', envelope: bytes }, (member) => member.startsWith('operator:'));
    if (self === 0) return; // Progress is told of parties of this roster.
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
    const { proposal, attempt, signers } = this.start.body;
    // Who is not of this roster, a guest, signs no statements of it; what it saw proves as much as what others saw.
    if (!signers.includes(self)) {
      await exchange.exclusively(() => this.#evidence(ending));
      return;
    }
    await exchange.exclusively(async () => {
      const evidence = await this.#evidence(ending);
      const body: OutcomeBody = {
        ...ending,
        ...(evidence.length === 0 ? {} : { evidence }),
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

  /** Whatever goes wrong with it, the outcome is said all the same. */
  async #evidence({ abort }: Ending): Promise<readonly Uint8Array[]> {
    return await this.#witness.testify(this.start.body.proposal, abort !== undefined).catch((error: unknown) => {
      this.#node.note('EVIDENCE_LOST', error instanceof Error ? error.message : 'unknown');
      return [];
    });
  }

  #isAuthentic(envelope: ParsedEnvelope): boolean {
    const author = this.crew.member(envelope.from);
    if (author === undefined || this.#isOwn(author)) return false;
    return verifyEnvelope(envelope, author.identityKey, verify);
  }

  #isOwn(member: CrewMember | undefined): boolean {
    return member !== undefined && equalBytes(member.identityKey, this.#node.statementKey);
  }

  /** The first message of each place, as the machine takes it: a corrupt signer must not fill what is signed later. */
  #keep(envelope: ParsedEnvelope): void {
    const { eh, from, round, to, type } = envelope;
    const isUnicast = UNICASTS.get(type)?.includes(round) ?? false;
    const isHeard = round === 1 && (type === SIGN || type === SIGN_PAIR);
    const name = [type, round, from].join('/');
    if (!(isUnicast || isHeard) || this.#seen.has(name)) return;
    if (isUnicast ? !this.#isOwn(this.crew.member(to)) : to !== 0) return;
    this.#seen.add(name);
    if (isUnicast) this.#keepUnicast(envelope);
    if (isHeard) this.#heard.push({ party: this.#row(from), hash: eh });
  }

  /** Only a salted hash is ever shown; a party can open it later if somebody denies a message. */
  #keepUnicast(envelope: ParsedEnvelope): void {
    if (this.#unicasts.length >= MAX_UNICASTS) return;
    const salt = this.#node.random.bytes(32);
    this.#salts.push({ eh: toHex(envelope.eh), salt: toHex(salt) });
    this.#unicasts.push({
      type: envelope.type,
      round: envelope.round,
      from: this.#row(envelope.from),
      to: this.#row(envelope.to),
      salted: sha256(concat(salt, envelope.eh)),
    });
  }

  #row(number: number): number {
    return this.crew.member(number)?.row ?? 0;
  }
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
