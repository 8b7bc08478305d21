/** Signatures of a benchmark, by the first t members of a wallet. */
import { verify } from '../protocol/ceremony/ed25519.ts';
import type { Random } from '../protocol/common/effects.ts';
import { BugError } from '../protocol/common/errors.ts';
import type { Machine } from '../protocol/threshold/rounds/round.ts';
import { createSign, type SignOutput, type SignRecord } from '../protocol/threshold/sign/machine.ts';
import { type Ran, random, runAll, type Step } from './parties.ts';
import type { BenchWallet } from './wallet.ts';

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
