/** Parties of a benchmark: real keys, real machines, messages delivered in memory, all in one process on one core. */
import { createHash, randomBytes } from 'node:crypto';
import { type Signer, signerFromSeed, verify } from '../protocol/ceremony/ed25519.ts';
import type { Random } from '../protocol/common/effects.ts';
import { BugError } from '../protocol/common/errors.ts';
import type { KeygenRecord } from '../protocol/threshold/keygen/activation.ts';
import { keygenConfig, type Party, pidOf } from '../protocol/threshold/keygen/config.ts';
import type { Keyshare } from '../protocol/threshold/keygen/keyshare.ts';
import { createEpochRun } from '../protocol/threshold/keygen/machine.ts';
import { PairSetupMachine } from '../protocol/threshold/pair-setup/machine.ts';
import { PairStore, type PreparedPair } from '../protocol/threshold/pair-setup/store.ts';
import type { Machine } from '../protocol/threshold/rounds/round.ts';
import { configHash } from '../protocol/threshold/session-id.ts';
import { createSign, type SignOutput, type SignRecord } from '../protocol/threshold/sign/machine.ts';

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

/** A whole KEYGEN; the share of each party by index. */
export function runKeygen(members: readonly Member[], threshold: number): ReadonlyMap<number, Keyshare> {
  const walletId = random.bytes(32);
  const config = keygenConfig({ threshold, parties: members, gen: 1, walletId, exportable: false });
  const cfgHash = configHash(config);
  const sessionId = random.bytes(32);
  const shares = new Map<number, Keyshare>();
  const machines = new Map(
    members.map(({ signer }) => {
      const pid = pidOf(config, signer.publicKey);
      return [pid, createEpochRun({ sessionId, config, cfgHash, pid, sign: signer.sign, verify, random })] as const;
    }),
  );
  runAll(machines, (_, record: KeygenRecord) => {
    if (record.kind === 'prepared') shares.set(record.keyshare.index, record.keyshare);
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
): Ran<PreparedPair> {
  const machine = (self: number, peer: number): PairSetupMachine => {
    const [own, other] = [members[self - 1], members[peer - 1]];
    if (own === undefined || other === undefined) throw new BugError('BENCH_PAIR', 'no such party');
    return new PairSetupMachine({
      epochId,
      rosterDigest: hash('roster'),
      self,
      peer,
      peerKey: other.identityKey,
      counter: 0,
      isRefused: () => false,
      sign: own.signer.sign,
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
  );
  for (const [index, output] of ran.outputs) stores.get(index)?.prepare(output, 0);
  if (ran.outputs.size !== 2) throw new BugError('BENCH_PAIR', 'a pair setup did not come to its end');
  return ran;
}

/** A wallet as a benchmark has it: who holds it, their shares, their live pair setups. */
export interface BenchWallet {
  readonly threshold: number;
  readonly members: readonly Member[];
  readonly shares: ReadonlyMap<number, Keyshare>;
  readonly stores: ReadonlyMap<number, PairStore>;
}

/** KEYGEN, and every pair setup among `paired` (everybody, if it is not given). */
export function makeWallet(members: readonly Member[], threshold: number, paired?: readonly number[]): BenchWallet {
  const wallet = { threshold, members, shares: runKeygen(members, threshold), stores: makeStores(members) };
  pairAll(wallet, paired);
  return wallet;
}

export function pairAll({ members, shares, stores }: BenchWallet, among?: readonly number[]): void {
  const [first] = shares.values();
  if (first === undefined) throw new BugError('BENCH_PAIR', 'nobody has a share');
  for (const pair of pairsOf(among ?? members.map(({ index }) => index))) {
    runPair(members, stores, first.epochId, pair);
  }
}

/** What one signature is about. */
export interface SignPlan {
  readonly sessionId: Uint8Array;
  readonly digest: Uint8Array;
  /** Randomness of each signer. */
  readonly random: (party: number) => Random;
}

export function newSignPlan(): SignPlan {
  return { sessionId: random.bytes(32), digest: random.bytes(32), random: () => random };
}

/** The machine of one signer; the first `threshold` members sign. */
export function signMachine(wallet: BenchWallet, plan: SignPlan, self: number): Machine<SignOutput, SignRecord> {
  const { members, shares, stores, threshold } = wallet;
  const [share, pairs, member] = [shares.get(self), stores.get(self), members[self - 1]];
  if (share === undefined || pairs === undefined || member === undefined)
    throw new BugError('BENCH_SIGN', 'no such party');
  const machine = createSign({
    sessionId: plan.sessionId,
    epochId: share.epochId,
    signers: signersOf(wallet),
    self,
    threshold,
    share: share.share,
    publicKey: share.publicKey,
    tau: 0n,
    digest: plan.digest,
    parties: members,
    pairs,
    clock: { monotonic: () => 0 },
    isBanned: () => false,
    mayContinue: () => true,
    sign: member.signer.sign,
    verify,
    random: plan.random(self),
  });
  if (!machine.ok) throw machine.error;
  return machine.value;
}

/** One signature by the first `threshold` members; throws unless every one of them has it, verified. */
export function runSign(
  wallet: BenchWallet,
  plan: SignPlan = newSignPlan(),
  stepped?: (step: Step) => void,
): Ran<SignOutput> {
  const signers = signersOf(wallet);
  const ran = runAll(new Map(signers.map((self) => [self, signMachine(wallet, plan, self)])), () => undefined, stepped);
  if (ran.outputs.size !== signers.length) throw new BugError('BENCH_SIGN', 'a signature did not come to its end');
  return ran;
}

export function signersOf({ members, threshold }: BenchWallet): readonly number[] {
  return members.slice(0, threshold).map(({ index }) => index);
}

export function pairsOf(indices: readonly number[]): readonly (readonly [number, number])[] {
  return indices.flatMap((i) => indices.filter((j) => j > i).map((j) => [i, j] as const));
}
