/** The key records that lie on the disks of a network, whatever its processes are doing. */
import { decodeKeyRecord, type KeyRecord } from '../../../participant/keystore/key-record.ts';
import { SEALED_KEY_RECORD } from '../../../participant/keystore/settings.ts';
import { systemRandom } from '../../../participant/randomness.ts';
import { Vault } from '../../../proto/rest/vault.ts';
import { toHex, utf8 } from '../../../protocol/common/bytes.ts';
import type { Network } from './network.ts';

export interface HeldRecord {
  /** Number of the home. */
  readonly holder: number;
  readonly record: KeyRecord;
}

/** One look at all disks, home by home. */
export async function recordsOf(network: Network): Promise<readonly HeldRecord[]> {
  const found: HeldRecord[] = [];
  for (const { home, index: holder } of network.holders) {
    const vault = await Vault.open(home, utf8('weak but long enough'), systemRandom);
    for (const id of await vault.list(SEALED_KEY_RECORD)) {
      // One that is erased between the two looks is no share any more.
      const bytes = await vault.open(SEALED_KEY_RECORD, id).catch(() => undefined);
      if (bytes === undefined) continue;
      const { keyshare, record } = decodeKeyRecord(bytes, id);
      keyshare.wipe();
      found.push({ holder, record });
    }
    vault.wipe();
  }
  return found;
}

/** How many homes hold a share of the epoch that most of them hold a share of. */
export function widest(records: readonly HeldRecord[]): number {
  const holders = new Map<string, Set<number>>();
  for (const { holder, record } of records) {
    if (record.state !== 'active' && record.state !== 'prepared') continue;
    const name = toHex(record.epochId);
    holders.set(name, (holders.get(name) ?? new Set<number>()).add(holder));
  }
  return Math.max(0, ...[...holders.values()].map((set) => set.size));
}

/** The highest epoch that is active anywhere, and the homes that hold a share of it. */
export function highest(records: readonly HeldRecord[]): {
  readonly epoch: string;
  readonly holders: readonly number[];
} {
  const active = records.filter(({ record }) => record.state === 'active').sort((a, b) => a.record.gen - b.record.gen);
  const epoch = toHex(active.at(-1)?.record.epochId ?? new Uint8Array());
  const holders = records.flatMap(({ holder, record }) =>
    toHex(record.epochId) === epoch && (record.state === 'active' || record.state === 'prepared') ? [holder] : [],
  );
  return { epoch, holders: [...new Set(holders)].sort((a, b) => a - b) };
}
