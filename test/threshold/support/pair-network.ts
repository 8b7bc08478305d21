/** PAIRSETUP of two parties in one thread. */
import { type Signer, signerFromSeed, verify } from '../../../protocol/ceremony/ed25519.ts';
import type { Abort } from '../../../protocol/threshold/errors.ts';
import {
  type PairFailRecord,
  type PairSetupConfig,
  PairSetupMachine,
} from '../../../protocol/threshold/pair-setup/machine.ts';
import type { PreparedPair } from '../../../protocol/threshold/pair-setup/store.ts';
import { encodeEnvelope, parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import type { Effect } from '../../../protocol/threshold/rounds/round.ts';
import { vec } from './labels.ts';
import { labelRandom } from './sign-network.ts';

type PairEffect = Effect<PreparedPair, PairFailRecord>;

export const EPOCH_ID = vec('pair-network/epoch');

export function pairIdentity(index: number): Signer {
  return signerFromSeed(vec(`pair-network/identity/${index}`));
}

export function pairConfig(self: number, peer: number, label = 'pair-network'): PairSetupConfig {
  const own = pairIdentity(self);
  return {
    epochId: EPOCH_ID,
    rosterDigest: vec('pair-network/roster'),
    self,
    peer,
    counter: 0,
    peerKey: pairIdentity(peer).publicKey,
    isRefused: () => false,
    sign: (message) => own.sign(message),
    verify,
    random: labelRandom(`${label}/${self}`),
  };
}

/** What happens to a message on its way; `undefined` = lost. */
export type PairIntercept = (from: number, round: number, bytes: Uint8Array) => Uint8Array | undefined;

export class PairNetwork {
  readonly logs: ReadonlyMap<number, PairEffect[]>;
  readonly #machines: ReadonlyMap<number, PairSetupMachine>;
  readonly #queue: { readonly to: number; readonly bytes: Uint8Array }[] = [];
  readonly #intercept: PairIntercept;

  constructor(low: PairSetupConfig, high: PairSetupConfig, intercept: PairIntercept = (_from, _round, bytes) => bytes) {
    this.#machines = new Map([low, high].map((config) => [config.self, new PairSetupMachine(config)]));
    this.logs = new Map([
      [low.self, []],
      [high.self, []],
    ]);
    this.#intercept = intercept;
  }

  /** Both begin; then every message is delivered in the order in which it was sent. */
  run(): this {
    for (const [index, machine] of this.#machines) this.#carryOut(index, machine.start());
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.give(next.to, next.bytes);
    return this;
  }

  give(to: number, bytes: Uint8Array): void {
    this.#carryOut(to, this.#machines.get(to)?.deliver(bytes) ?? []);
  }

  outline(index: number): readonly string[] {
    return (this.logs.get(index) ?? []).map((effect) => (effect.kind === 'record' ? effect.record.kind : effect.kind));
  }

  abortOf(index: number): Abort | undefined {
    for (const effect of this.logs.get(index) ?? []) if (effect.kind === 'abort') return effect.abort;
    return undefined;
  }

  outputOf(index: number): PreparedPair | undefined {
    for (const effect of this.logs.get(index) ?? []) if (effect.kind === 'done') return effect.output;
    return undefined;
  }

  sent(index: number): readonly Uint8Array[] {
    return (this.logs.get(index) ?? []).flatMap((effect) => (effect.kind === 'send' ? [effect.envelope] : []));
  }

  #carryOut(index: number, effects: readonly PairEffect[]): void {
    for (const effect of effects) {
      this.logs.get(index)?.push(effect);
      if (effect.kind !== 'send') continue;
      const round = parseEnvelope(effect.envelope)?.round ?? 0;
      const bytes = this.#intercept(index, round, effect.envelope);
      if (bytes !== undefined) this.#queue.push({ to: effect.to, bytes });
    }
  }
}

/** The message of `from` with another body, signed by `from`. */
export function resigned(from: Signer, bytes: Uint8Array, change: (body: Uint8Array) => Uint8Array): Uint8Array {
  const envelope = parseEnvelope(bytes);
  if (envelope === undefined) throw new Error('not an envelope');
  return encodeEnvelope({ ...envelope, body: change(envelope.body.slice()) }, (message) => from.sign(message));
}
