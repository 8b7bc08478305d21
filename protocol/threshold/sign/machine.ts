/**
 * One signing session of one signer (docs/protocol.md d): composes the rounds, orders what must be durable before
 * what may be seen, and ends every abort with all ephemeral secrets gone. Nothing is resumed: a crash means a new
 * attempt under a new session id.
 */
import { equalBytes } from '../../common/bytes.ts';
import type { Clock, Random } from '../../common/effects.ts';
import { Refusal } from '../../common/errors.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { curve } from '../curve/accelerated.ts';
import { strictlyAscending } from '../encoding.ts';
import type { Abort } from '../errors.ts';
import { ABORT_MESSAGE } from '../keygen/messages.ts';
import { mod, readScalar, scalarFromHash } from '../math/scalar.ts';
import { wipeReceiver } from '../multiply/receiver.ts';
import type { PairSetup } from '../pair-setup/setup.ts';
import type { PairLease, PairStore } from '../pair-setup/store.ts';
import {
  type EnvelopeFields,
  type ParsedEnvelope,
  parseEnvelope,
  type SignBytes,
  sealEnvelope,
  type VerifySignature,
  verifyEnvelope,
} from '../rounds/envelope.ts';
import { type Equivocation, Inbox } from '../rounds/inbox.ts';
import type { Effect, Machine } from '../rounds/round.ts';
import type { Secret } from '../secret.ts';
import { combineShares, type Signature } from './combine.ts';
import { readOte, readShare, SIGN, SIGN_PAIR } from './messages.ts';
import { drawRound1, type Round1Keep, type Round1Values, round1 } from './round-1.ts';
import { drawRound2, type Round2Keep, type Round2Values, receivedHashes, round2 } from './round-2.ts';
import { drawRound3, type Round3Keep, type Round3Values, round3 } from './round-3.ts';
import { failed, type Received, type SignSession } from './session.ts';

export interface SignConfig {
  readonly sessionId: Uint8Array;
  readonly epochId: Uint8Array;
  /** S: exactly t indices, strictly ascending, the own one among them. */
  readonly signers: readonly number[];
  readonly self: number;
  readonly threshold: number;
  /** x_i. Used once, in round 2. */
  readonly share: Secret<bigint>;
  /** Q, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** Sum of the derivation tweaks; 0 for the root key. */
  readonly tau: bigint;
  /** m, 32 bytes: what this party itself computed from the decoded payload. */
  readonly digest: Uint8Array;
  /** Identity keys of all signers. */
  readonly parties: readonly { readonly index: number; readonly identityKey: Uint8Array }[];
  readonly pairs: PairStore;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Whether this pair is banned in this epoch; asked at the start, before C1, and before rounds 2 and 3 leave. */
  readonly isBanned: (peer: number) => boolean;
  /** Whether policy, freeze, expiry and payload still allow the session; asked right before rounds 2 and 3 leave. */
  readonly mayContinue: (round: 2 | 3) => true | { readonly reason: string };
  readonly sign: SignBytes;
  readonly verify: VerifySignature;
  readonly random: Random;
  /** Only tests replace it, to feed known values. */
  readonly draws?: Partial<SignDraws>;
}

export interface SignDraws {
  round1(peers: readonly number[]): Round1Values;
  round2(peers: readonly number[]): Round2Values;
  round3(peers: readonly number[]): Round3Values;
}

/** What must be durable before the effects after it (docs/protocol.md d.6). */
export type SignRecord =
  | {
      readonly kind: 'started';
      readonly sessionId: Uint8Array;
      readonly epochId: Uint8Array;
      readonly signers: readonly number[];
      readonly digest: Uint8Array;
    }
  | {
      readonly kind: 'r2-sent';
      readonly sessionId: Uint8Array;
      /** eh of every round 1 message received. */
      readonly received: readonly Uint8Array[];
      readonly fullSid: Uint8Array;
    }
  | {
      readonly kind: 'r3-sent';
      readonly sessionId: Uint8Array;
      readonly digest: Uint8Array;
      readonly fullSid: Uint8Array;
      /** From here on (epochId, Q', m) counts as signed, whatever happens later. */
      readonly released: true;
    }
  | {
      readonly kind: 'ban';
      readonly sessionId: Uint8Array;
      readonly epochId: Uint8Array;
      readonly peer: number;
      readonly identityKey: Uint8Array;
      readonly check: string;
      readonly failure: 'LEAK' | 'CHEAT';
    };

export interface SignOutput {
  readonly signature: Signature;
  /** All signers' broadcasts of rounds 1, 2, 3 in this order, complete envelopes, for the transcript. */
  readonly broadcasts: readonly Uint8Array[];
}

type SignEffect = Effect<SignOutput, SignRecord>;

type Stage =
  | { readonly name: 'new' }
  | { readonly name: 'round-1'; readonly keep: Round1Keep }
  | { readonly name: 'round-2'; readonly keep: Round2Keep }
  | { readonly name: 'round-3'; readonly keep: Round3Keep }
  | { readonly name: 'ended' };

/**
 * Checks the configuration and takes a lease on a live pair setup with every peer. Refused before any message:
 * another number of signers, an unsorted set, a ban, a peer without a setup, Q' = O. The host calls `stop` in the
 * end, whatever happens, and shows LEAK and CHEAT to others as it shows a timeout: at the round's deadline, without
 * a reason.
 */
export function createSign(config: SignConfig): Result<SignMachine, Refusal> {
  const { signers, self, threshold } = config;
  const refuse = (code: string, message: string): Result<never, Refusal> => err(new Refusal(code, message));
  if (!strictlyAscending(signers)) return refuse('SIGN_SIGNER_SET', 'The signer set is not strictly ascending.');
  if (signers.length !== threshold || threshold < 2) {
    return refuse('SIGN_SIGNER_SET', `The signer set has ${signers.length} members, not ${threshold}.`);
  }
  if (!signers.includes(self)) return refuse('SIGN_SIGNER_SET', 'This party is not in the signer set.');
  const peers = signers.filter((index) => index !== self);
  const keys = new Map(config.parties.map((party) => [party.index, party.identityKey]));
  if (peers.some((peer) => keys.get(peer)?.length !== 32)) {
    return refuse('SIGN_SIGNER_SET', 'A signer has no identity key in this epoch.');
  }
  if (config.sessionId.length !== 32 || config.epochId.length !== 32 || config.digest.length !== 32) {
    return refuse('SIGN_LENGTH', 'Session id, epoch id and digest have 32 bytes each.');
  }
  const publicKey = curve.decode(config.publicKey);
  if (publicKey === undefined) return refuse('SIGN_PUBLIC_KEY', 'The public key is not a point.');
  const childKey = curve.add(publicKey, curve.base(mod(config.tau)));
  if (curve.isIdentity(childKey)) return refuse('SIGN_PUBLIC_KEY', 'The derived public key is the identity.');
  const banned = peers.find((peer) => config.isBanned(peer));
  if (banned !== undefined) return refuse('SIGN_BANNED', `The pair with party ${banned} is banned in this epoch.`);

  const leases = new Map<number, PairLease>();
  for (const peer of peers) {
    const lease = config.pairs.lease(config.epochId, peer, config.clock.monotonic());
    if (lease === undefined) {
      for (const held of leases.values()) held.release();
      return refuse('SIGN_NO_PAIR_SETUP', `There is no live pair setup with party ${peer}.`);
    }
    leases.set(peer, lease);
  }
  const session: SignSession = {
    sessionId: config.sessionId,
    epochId: config.epochId,
    signers,
    self,
    peers,
    childKey,
    digest: config.digest,
    m: scalarFromHash(config.digest),
  };
  return ok(new SignMachine(config, session, keys, leases));
}

export class SignMachine implements Machine<SignOutput, SignRecord> {
  readonly #config: SignConfig;
  readonly #session: SignSession;
  readonly #keys: ReadonlyMap<number, Uint8Array>;
  readonly #leases: ReadonlyMap<number, PairLease>;
  readonly #draws: SignDraws;
  readonly #inbox = new Inbox();
  /** Own broadcasts by round. */
  readonly #own = new Map<number, ParsedEnvelope>();
  #stage: Stage = { name: 'new' };

  /** Use `createSign`. */
  constructor(
    config: SignConfig,
    session: SignSession,
    keys: ReadonlyMap<number, Uint8Array>,
    leases: ReadonlyMap<number, PairLease>,
  ) {
    this.#config = config;
    this.#session = session;
    this.#keys = keys;
    this.#leases = leases;
    const { random } = config;
    this.#draws = {
      round1: (peers) => drawRound1(random, peers),
      round2: (peers) => drawRound2(random, peers),
      round3: (peers) => drawRound3(random, peers),
      ...config.draws,
    };
  }

  accepts(sid: Uint8Array): boolean {
    return this.#stage.name !== 'ended' && equalBytes(sid, this.#session.sessionId);
  }

  start(): readonly SignEffect[] {
    if (this.#stage.name !== 'new') return [];
    const hindrance = this.#hindrance();
    if (hindrance !== undefined) return this.#abort(hindrance);
    const { sessionId, epochId, signers, digest, peers } = this.#session;
    const values = this.#draws.round1(peers);
    const { keep, outbox } = round1(this.#session, this.#setups(), values);
    for (const choice of values.choices.values()) choice.fill(0);
    this.#stage = { name: 'round-1', keep };
    const started: SignEffect = { kind: 'record', record: { kind: 'started', sessionId, epochId, signers, digest } };
    return [started, ...this.#send(outbox), ...this.#advance()];
  }

  deliver(bytes: Uint8Array): readonly SignEffect[] {
    const envelope = this.#authentic(bytes);
    if (envelope === undefined) return [];
    if (envelope.type === ABORT_MESSAGE) {
      return this.#abort(failed('BENIGN', 'ABORT', [], 'A signer has aborted the session.').abort);
    }
    if (this.#inbox.put(envelope) !== 'new') return [];
    if (envelope.type === SIGN_PAIR && envelope.round === 1) this.#activate(envelope);
    return this.#stage.name === 'new' ? [] : this.#advance();
  }

  /**
   * Whether rounds 2 and 3 may leave now, a ban of any peer included. The machine asks right before it returns the
   * effects; a host that waits for a record to become durable asks again before it sends, and stops the machine
   * instead of sending if there is an answer.
   */
  mayLeave(round: 2 | 3): Abort | undefined {
    return this.#hindrance() ?? this.#refusal(round);
  }

  /**
   * The ABORT of this signer, the same bytes for every reason. The host broadcasts it when it likes, but after LEAK
   * and CHEAT not before the deadline at which it would have given up anyway.
   */
  abortMessage(): Uint8Array {
    const { sessionId, self } = this.#session;
    const fields = { type: ABORT_MESSAGE, round: 0, from: self, to: 0, sid: sessionId, body: Uint8Array.of(0) };
    return sealEnvelope(fields, this.#config.sign).bytes;
  }

  /** Two different signed messages where one may exist: proofs against their senders, to be kept. */
  equivocations(): readonly Equivocation[] {
    return this.#inbox.equivocations();
  }

  stop(): void {
    const stage = this.#stage;
    this.#stage = { name: 'ended' };
    if (stage.name === 'round-1') for (const { keep } of stage.keep.extensions.values()) wipeReceiver(keep);
    if (stage.name === 'round-2') for (const part of stage.keep.products.values()) wipeReceiver(part.extension.keep);
    for (const lease of this.#leases.values()) lease.release();
    this.#inbox.clear();
  }

  /** The envelope, if it belongs to this session and its signature holds. */
  #authentic(bytes: Uint8Array): ParsedEnvelope | undefined {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || !this.accepts(envelope.sid)) return undefined;
    const { type, round, from, to, body } = envelope;
    const key = this.#session.peers.includes(from) ? this.#keys.get(from) : undefined;
    if (key === undefined) return undefined;
    const broadcast = type === SIGN && round >= 1 && round <= 3 && to === 0;
    const pair = type === SIGN_PAIR && (round === 1 || round === 2) && to === this.#session.self;
    const abort = type === ABORT_MESSAGE && round === 0 && to === 0 && body.length === 1 && body[0] === 0;
    if (!broadcast && !pair && !abort) return undefined;
    return verifyEnvelope(envelope, key, this.#config.verify) ? envelope : undefined;
  }

  /** The peer names a setup: it has it too. */
  #activate(envelope: ParsedEnvelope): void {
    const body = readOte(envelope.body);
    if (body === undefined) return;
    const { pairs, clock, epochId } = this.#config;
    pairs.activate(epochId, envelope.from, body.pairEpoch, clock.monotonic());
  }

  /** Runs the rounds whose messages are complete. */
  #advance(): readonly SignEffect[] {
    const stage = this.#stage;
    switch (stage.name) {
      case 'new':
      case 'ended':
        return [];
      case 'round-1':
        return this.#round2(stage.keep);
      case 'round-2':
        return this.#round3(stage.keep);
      case 'round-3':
        return this.#combine(stage.keep);
    }
  }

  #round2(keep: Round1Keep): readonly SignEffect[] {
    const commits = this.#received(SIGN, 1);
    const extensions = this.#received(SIGN_PAIR, 1);
    if (commits === undefined || extensions === undefined) return [];
    const inbox = { commits, extensions };
    const { share, tau } = this.#config;
    if (share.wiped) return this.#abort(failed('BENIGN', 'share', [], 'The key share is no longer there.').abort);
    const usable = (peer: number): boolean => !this.#config.isBanned(peer);
    const values = this.#draws.round2(this.#session.peers);
    const result = share.use((x) =>
      round2(this.#session, { share: x, tau: mod(tau) }, this.#setups(), keep, inbox, values, usable),
    );
    if (result.kind === 'abort') return this.#abort(result.abort);
    const hindrance = this.mayLeave(2);
    if (hindrance !== undefined) return this.#abort(hindrance);
    this.#stage = { name: 'round-2', keep: result.keep };
    const { sessionId } = this.#session;
    const received = receivedHashes(inbox);
    const record: SignRecord = { kind: 'r2-sent', sessionId, received, fullSid: result.keep.fullSid };
    return [{ kind: 'record', record }, ...this.#send(result.outbox), ...this.#advance()];
  }

  #round3(keep: Round2Keep): readonly SignEffect[] {
    const commits = this.#received(SIGN, 1);
    const openings = this.#received(SIGN, 2);
    const products = this.#received(SIGN_PAIR, 2);
    if (commits === undefined || openings === undefined || products === undefined) return [];
    const values = this.#draws.round3(this.#session.peers);
    const result = round3(this.#session, keep, { commits, openings, products }, values);
    if (result.kind === 'abort') return this.#abort(result.abort);
    const hindrance = this.mayLeave(3);
    if (hindrance !== undefined) return this.#abort(hindrance);
    for (const { extension } of keep.products.values()) wipeReceiver(extension.keep);
    this.#stage = { name: 'round-3', keep: result.keep };
    const { sessionId, digest } = this.#session;
    const record: SignRecord = { kind: 'r3-sent', sessionId, digest, fullSid: keep.fullSid, released: true };
    return [{ kind: 'record', record }, ...this.#send(result.outbox), ...this.#advance()];
  }

  #combine(keep: Round3Keep): readonly SignEffect[] {
    const messages = this.#received(SIGN, 3);
    if (messages === undefined) return [];
    const shares = [{ u: keep.u, w: keep.w }];
    for (const [peer, envelope] of messages) {
      const body = readShare(envelope.body);
      const u = body && readScalar(body.u);
      const w = body && readScalar(body.w);
      if (u === undefined || w === undefined) {
        return this.#abort(failed('BLAME', 'R3', [peer], 'A round 3 message is malformed.', [envelope]).abort);
      }
      shares.push({ u, w });
    }
    const { childKey, m } = this.#session;
    const combined = combineShares(childKey, m, keep.nonce, shares);
    if (!combined.ok) {
      const message = `No signature came out: ${combined.failure}.`;
      return this.#abort(failed('GROUP', 'combine', [], message, [...messages.values()]).abort);
    }
    const output: SignOutput = { signature: combined.signature, broadcasts: this.#broadcasts() };
    this.stop();
    return [{ kind: 'done', output }];
  }

  /** A ban or a burnt setup: another session with that peer has ended them all. */
  #hindrance(): Abort | undefined {
    for (const peer of this.#session.peers) {
      if (this.#config.isBanned(peer) || this.#leases.get(peer)?.setup.wiped !== false) {
        return failed('BENIGN', 'ban', [], 'The pair setup with a signer is no longer usable.').abort;
      }
    }
    return undefined;
  }

  #refusal(round: 2 | 3): Abort | undefined {
    const answer = this.#config.mayContinue(round);
    return answer === true ? undefined : failed('BENIGN', 'refused', [], answer.reason).abort;
  }

  /** The order of docs/protocol.md d.7: overwrite in memory, then the durable ban, then the reaction. */
  #abort(abort: Abort): readonly SignEffect[] {
    const { failure, check } = abort;
    const effects: SignEffect[] = [];
    if (failure === 'LEAK' || failure === 'CHEAT') {
      const { epochId, sessionId } = this.#session;
      for (const peer of abort.culprits) {
        this.#config.pairs.burn(epochId, peer);
        const identityKey = this.#keys.get(peer) ?? new Uint8Array(0);
        effects.push({
          kind: 'record',
          record: { kind: 'ban', sessionId, epochId, peer, identityKey, check, failure },
        });
      }
    }
    this.stop();
    return [...effects, { kind: 'abort', abort }];
  }

  #send(outbox: readonly EnvelopeFields[]): readonly SignEffect[] {
    return outbox.map((fields) => {
      const envelope = sealEnvelope(fields, this.#config.sign);
      if (fields.to === 0) this.#own.set(fields.round, envelope);
      return { kind: 'send', to: fields.to, envelope: envelope.bytes };
    });
  }

  #setups(): ReadonlyMap<number, PairSetup> {
    return new Map([...this.#leases].map(([peer, lease]) => [peer, lease.setup]));
  }

  /** Everybody's message of this type and round, or `undefined` while one is missing. */
  #received(type: number, round: number): Received | undefined {
    const found = this.#inbox.collect(type, round, this.#session.peers);
    return found && new Map(found.map((envelope) => [envelope.from, envelope]));
  }

  #broadcasts(): readonly Uint8Array[] {
    return [1, 2, 3].flatMap((round) =>
      this.#session.signers.flatMap((index) => {
        const envelope = index === this.#session.self ? this.#own.get(round) : this.#inbox.get(SIGN, round, index);
        return envelope === undefined ? [] : [envelope.bytes];
      }),
    );
  }
}
