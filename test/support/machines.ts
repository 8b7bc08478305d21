/** The real KEYGEN and SIGN machines of all parties of a moot, on one bus. */

import { type Signer, verify } from '../../protocol/ceremony/ed25519.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import type { StartBody } from '../../protocol/ceremony/start.ts';
import type { KeygenOutput, KeygenRecord } from '../../protocol/threshold/keygen/activation.ts';
import { keygenConfig, pidOf } from '../../protocol/threshold/keygen/config.ts';
import { createEpochRun } from '../../protocol/threshold/keygen/machine.ts';
import type { Machine } from '../../protocol/threshold/rounds/round.ts';
import { createSign, type SignOutput, type SignRecord } from '../../protocol/threshold/sign/machine.ts';
import { labelRandom } from '../threshold/support/sign-network.ts';
import { type Network, type Ran, runAll } from './bus.ts';
import { must } from './must.ts';
import type { MootWallet } from './plan.ts';

/** Who runs, by which keys, with which randomness. */
export interface Crew {
  readonly roster: Roster;
  readonly keyOf: (member: string) => Signer;
  /** Same label, same secrets. */
  readonly label: string;
  readonly network: Network | undefined;
}

export interface KeygenIds {
  readonly sessionId: Uint8Array;
  readonly cfgHash: Uint8Array;
  readonly walletId: Uint8Array;
}

export function runKeygen(crew: Crew, ids: KeygenIds): Ran<KeygenOutput, KeygenRecord> {
  const { roster } = crew;
  const machines = new Map<number, Machine<KeygenOutput, KeygenRecord>>();
  const { threshold } = roster;
  const { walletId } = ids;
  const config = keygenConfig({ threshold, parties: partiesOf(roster), gen: 1, walletId, exportable: false });
  const parties = new Map<number, number>();
  for (const { index: self } of roster.parties) {
    const { publicKey, sign } = crew.keyOf(`party:${self}`);
    const random = labelRandom(`${crew.label}/${self}`);
    const pid = pidOf(config, publicKey);
    parties.set(pid, self);
    machines.set(self, createEpochRun({ ...ids, config, pid, sign, verify, random }));
  }
  return runAll(machines, crew.network, (pid) => parties.get(pid) ?? 0);
}

export function runSign(crew: Crew, from: MootWallet, start: StartBody, tau: bigint): Ran<SignOutput, SignRecord> {
  const { wallet, shares, pairs } = from;
  const machines = new Map<number, Machine<SignOutput, SignRecord>>();
  for (const self of start.signers) {
    const keyshare = shares.get(self);
    const store = pairs.get(self);
    if (keyshare === undefined || store === undefined) throw new Error(`party ${self} has no share`);
    const machine = createSign({
      sessionId: start.sessionId,
      epochId: wallet.epochId,
      signers: start.signers,
      self,
      threshold: crew.roster.threshold,
      share: keyshare.share,
      publicKey: wallet.publicKey,
      tau,
      digest: start.digest,
      parties: partiesOf(crew.roster),
      pairs: store,
      clock: { monotonic: () => 0 },
      isBanned: () => false,
      mayContinue: () => true,
      sign: crew.keyOf(`party:${self}`).sign,
      verify,
      random: labelRandom(`${crew.label}/${self}`),
    });
    machines.set(self, must(machine));
  }
  return runAll(machines, crew.network);
}

function partiesOf(roster: Roster) {
  return roster.parties.map(({ index, statementKey }) => ({ index, identityKey: statementKey }));
}
