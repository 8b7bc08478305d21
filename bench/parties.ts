/** Parties of a benchmark: real keys, real machines, messages delivered in memory, all in one process on one core. */
import { createHash, randomBytes } from 'node:crypto';
import { type Signer, signerFromSeed, verify } from '../protocol/ceremony/ed25519.ts';
import type { Random } from '../protocol/common/effects.ts';
import { BugError } from '../protocol/common/errors.ts';
import type { KeygenRecord } from '../protocol/threshold/keygen/activation.ts';
import { keygenConfig, type Party } from '../protocol/threshold/keygen/config.ts';
import type { Keyshare } from '../protocol/threshold/keygen/keyshare.ts';
import { createKeygen } from '../protocol/threshold/keygen/machine.ts';
import { PairSetupMachine } from '../protocol/threshold/pair-setup/machine.ts';
import { PairStore, type PreparedPair } from '../protocol/threshold/pair-setup/store.ts';
import type { Machine } from '../protocol/threshold/rounds/round.ts';
import { configHash } from '../protocol/threshold/session-id.ts';
import { createSign, type SignOutput } from '../protocol/threshold/sign/machine.ts';

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

export interface Ran<Output> {
  readonly outputs: ReadonlyMap<number, Output>;
  /** Bytes that each party sent, a broadcast counted once for each receiver. */
  readonly bytes: ReadonlyMap<number, number>;
}

/** Runs all machines until nothing is under way; `recorded` sees what they ask to be made durable. */
export function runAll<Output, RunRecord>(
  machines: ReadonlyMap<number, Machine<Output, RunRecord>>,
  recorded: (party: number, record: RunRecord) => void,
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
  for (const [index, machine] of machines) carryOut(index, machine.start());
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    carryOut(next.to, machines.get(next.to)?.deliver(next.envelope) ?? []);
  }
  return { outputs, bytes };
}

/** A whole KEYGEN; the share of each party by index. */
export function runKeygen(members: readonly Member[], threshold: number): ReadonlyMap<number, Keyshare> {
  const walletId = random.bytes(32);
  const config = keygenConfig({ threshold, parties: members, gen: 1, walletId, exportable: false });
  const sessionId = random.bytes(32);
  const shares = new Map<number, Keyshare>();
  const machines = new Map(
    members.map((member) => {
      const { sign } = member.signer;
      const cfgHash = configHash(config);
      const options = {
        sessionId,
        cfgHash,
        walletId,
        threshold,
        parties: members,
        self: member.index,
        gen: 1,
        sign,
        verify,
        random,
      };
      return [member.index, createKeygen(options)] as const;
    }),
  );
  runAll(machines, (party, record: KeygenRecord) => {
    if (record.kind === 'prepared') shares.set(party, record.keyshare);
  });
  if (shares.size !== members.length) throw new BugError('BENCH_KEYGEN', 'a key generation did not come to its end');
  return shares;
}

export function makeStores(members: readonly Member[]): ReadonlyMap<number, PairStore> {
  const identityKey = (_: Uint8Array, peer: number): Uint8Array | undefined => members[peer - 1]?.identityKey;
  return new Map(members.map((member) => [member.index, new PairStore({ identityKey, verify })]));
}

/** One PAIRSETUP with base OT in both directions; both sides put the result into their store. */
export function runPair(
  members: readonly Member[],
  stores: ReadonlyMap<number, PairStore>,
  epochId: Uint8Array,
  pair: readonly [number, number],
): void {
  const machine = (self: number, peer: number): PairSetupMachine => {
    const [own, other] = [members[self - 1], members[peer - 1]];
    if (own === undefined || other === undefined) throw new BugError('BENCH_PAIR', 'no such party');
    const { sign } = own.signer;
    const peerKey = other.identityKey;
    const isRefused = (): boolean => false;
    return new PairSetupMachine({
      epochId,
      rosterDigest: hash('roster'),
      self,
      peer,
      peerKey,
      counter: 0,
      isRefused,
      sign,
      verify,
      random,
    });
  };
  const [i, j] = pair;
  const ran = runAll<PreparedPair, unknown>(
    new Map([
      [i, machine(i, j)],
      [j, machine(j, i)],
    ]),
    () => undefined,
  );
  for (const [index, output] of ran.outputs) stores.get(index)?.prepare(output, 0);
}

/** One signature by `signers`; throws unless every one of them has it. */
export function runSign(
  members: readonly Member[],
  shares: ReadonlyMap<number, Keyshare>,
  stores: ReadonlyMap<number, PairStore>,
  signers: readonly number[],
): Ran<SignOutput> {
  const sessionId = random.bytes(32);
  const digest = random.bytes(32);
  const machines = new Map(
    signers.map((self) => {
      const [share, pairs, member] = [shares.get(self), stores.get(self), members[self - 1]];
      if (share === undefined || pairs === undefined || member === undefined)
        throw new BugError('BENCH_SIGN', 'no such party');
      const machine = createSign({
        sessionId,
        epochId: share.epochId,
        signers,
        self,
        threshold: signers.length,
        share: share.share,
        publicKey: share.publicKey,
        tau: 0n,
        digest,
        parties: members,
        pairs,
        clock: { monotonic: () => 0 },
        isBanned: () => false,
        mayContinue: () => true,
        sign: member.signer.sign,
        verify,
        random,
      });
      if (!machine.ok) throw machine.error;
      return [self, machine.value] as const;
    }),
  );
  const ran = runAll(machines, () => undefined);
  if (ran.outputs.size !== signers.length) throw new BugError('BENCH_SIGN', 'a signature did not come to its end');
  return ran;
}

export function pairsOf(indices: readonly number[]): readonly (readonly [number, number])[] {
  return indices.flatMap((i) => indices.filter((j) => j > i).map((j) => [i, j] as const));
}
