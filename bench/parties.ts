/** Parties of a benchmark: real machines, messages delivered in memory, all in one process on one core. */
import { createHash, randomBytes } from 'node:crypto';
import { type Signer, signerFromSeed } from '../protocol/ceremony/ed25519.ts';
import type { Random } from '../protocol/common/effects.ts';
import type { Party } from '../protocol/threshold/keygen/config.ts';
import type { Machine } from '../protocol/threshold/rounds/round.ts';

export const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };

export function hash(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}

export interface Member extends Party {
  readonly signer: Signer;
}

export function makeMembers(n: number): readonly Member[] {
  return Array.from({ length: n }, (_, i) => {
    const signer = signerFromSeed(random.bytes(32));
    return { index: i + 1, identityKey: signer.publicKey, signer };
  });
}

/** One call of a machine: its start, or the delivery of a message. */
export type Step =
  | { readonly party: number; readonly kind: 'start' }
  | { readonly party: number; readonly kind: 'deliver'; readonly envelope: Uint8Array };

export interface Ran<Output> {
  readonly outputs: ReadonlyMap<number, Output>;
  /** Bytes that each party sent, a broadcast counted once for each receiver. */
  readonly bytes: ReadonlyMap<number, number>;
}

/**
 * Runs all machines until nothing is under way.
 *
 * @param recorded sees what they ask to be made durable
 * @param stepped sees every call of a machine, in order
 */
export function runAll<Output, RunRecord>(
  machines: ReadonlyMap<number, Machine<Output, RunRecord>>,
  recorded: (party: number, record: RunRecord) => void = () => undefined,
  stepped: (step: Step) => void = () => undefined,
): Ran<Output> {
  const outputs = new Map<number, Output>();
  const bytes = new Map<number, number>();
  const queue: { readonly to: number; readonly envelope: Uint8Array }[] = [];
  const carryOut = (from: number, effects: ReturnType<Machine<Output, RunRecord>['start']>): void => {
    for (const effect of effects) {
      if (effect.kind === 'record') recorded(from, effect.record);
      if (effect.kind === 'done') outputs.set(from, effect.output);
      if (effect.kind === 'abort') throw effect.abort;
      if (effect.kind !== 'send') continue;
      const receivers = effect.to === 0 ? [...machines.keys()].filter((party) => party !== from) : [effect.to];
      for (const to of receivers) queue.push({ to, envelope: effect.envelope });
      bytes.set(from, (bytes.get(from) ?? 0) + receivers.length * effect.envelope.length);
    }
  };
  for (const [party, machine] of machines) {
    stepped({ party, kind: 'start' });
    carryOut(party, machine.start());
  }
  // Read by position: taking messages off the front would move all the others.
  for (let next = 0; next < queue.length; next++) {
    const { envelope, to } = queue[next] ?? { envelope: new Uint8Array(0), to: 0 };
    stepped({ party: to, kind: 'deliver', envelope });
    carryOut(to, machines.get(to)?.deliver(envelope) ?? []);
  }
  return { outputs, bytes };
}

export function pairsOf(indices: readonly number[]): readonly (readonly [number, number])[] {
  return indices.flatMap((i) => indices.filter((j) => j > i).map((j) => [i, j] as const));
}
