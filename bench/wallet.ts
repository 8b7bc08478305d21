/** Wallets of a benchmark: keys made, refreshed and paired by the real protocols. */
import { verify } from '../protocol/ceremony/ed25519.ts';
import { BugError } from '../protocol/common/errors.ts';
import type { KeygenRecord } from '../protocol/threshold/keygen/activation.ts';
import { keygenConfig, pidOf } from '../protocol/threshold/keygen/config.ts';
import type { Keyshare } from '../protocol/threshold/keygen/keyshare.ts';
import { createEpochRun, type EpochRunOptions } from '../protocol/threshold/keygen/machine.ts';
import { reshareConfig } from '../protocol/threshold/keygen/reshare-config.ts';
import type { DealtKey } from '../protocol/threshold/keygen/round-1.ts';
import { PairSetupMachine } from '../protocol/threshold/pair-setup/machine.ts';
import { PairStore, type PreparedPair } from '../protocol/threshold/pair-setup/store.ts';
import { Secret } from '../protocol/threshold/secret.ts';
import { configHash, type EpochConfig } from '../protocol/threshold/session-id.ts';
import { hash, type Member, pairsOf, type Ran, random, runAll } from './parties.ts';

/** A whole KEYGEN; the share of each party by index. */
export function runKeygen(members: readonly Member[], threshold: number): ReadonlyMap<number, Keyshare> {
  const walletId = random.bytes(32);
  const config = keygenConfig({ threshold, parties: members, gen: 1, walletId, exportable: false });
  return runEpoch(members, config, () => ({}));
}

/** A RESHARE among the same parties with the same threshold: the first `threshold` of them deal. */
export function runRefresh({ members, shares, threshold }: BenchWallet): ReadonlyMap<number, Keyshare> {
  const [parent] = shares.values();
  if (parent === undefined) throw new BugError('BENCH_REFRESH', 'nobody has a share');
  const dealers = members.slice(0, threshold).map(({ index }) => index);
  const config = reshareConfig({ parent, dealers, parties: members, threshold, gen: parent.config.gen + 1 });
  if (!config.ok) throw new BugError('BENCH_REFRESH', config.error);
  return runEpoch(members, config.value, ({ index }) => {
    const share = dealers.includes(index) ? shares.get(index) : undefined;
    return share === undefined ? { parent } : { parent, dealt: copied(share) };
  });
}

/** The run wipes what it is given. */
function copied(share: Keyshare): DealtKey {
  return {
    secret: new Secret(share.share.use((value) => value)),
    chainCode: new Secret(share.chainCode.use((value) => value.slice())),
  };
}

function runEpoch(
  members: readonly Member[],
  config: EpochConfig,
  known: (member: Member) => Pick<EpochRunOptions, 'parent' | 'dealt'>,
): ReadonlyMap<number, Keyshare> {
  const cfgHash = configHash(config);
  const sessionId = random.bytes(32);
  const shares = new Map<number, Keyshare>();
  const machines = new Map(
    members.map((member) => {
      const pid = pidOf(config, member.identityKey);
      const { sign } = member.signer;
      const options = { sessionId, config, cfgHash, pid, sign, verify, random, ...known(member) };
      return [pid, createEpochRun(options)] as const;
    }),
  );
  runAll(machines, (_, record: KeygenRecord) => {
    if (record.kind === 'prepared') shares.set(record.keyshare.index, record.keyshare);
  });
  if (shares.size !== members.length) throw new BugError('BENCH_KEYGEN', 'a run did not come to its end');
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

/** The same wallet in its next epoch: new shares, and every pair setup made anew. */
export function refreshWallet(wallet: BenchWallet): BenchWallet {
  const fresh = { ...wallet, shares: runRefresh(wallet), stores: makeStores(wallet.members) };
  pairAll(fresh);
  return fresh;
}

export function pairAll({ members, shares, stores }: BenchWallet, among?: readonly number[]): void {
  const [first] = shares.values();
  if (first === undefined) throw new BugError('BENCH_PAIR', 'nobody has a share');
  for (const pair of pairsOf(among ?? members.map(({ index }) => index))) {
    runPair(members, stores, first.epochId, pair);
  }
}
