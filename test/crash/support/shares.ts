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

/** Opening one takes a key derivation; a look at all disks must be quick. */
const vaults = new Map<string, Vault>();

/** One look at the disks of these homes (all), home by home. */
export async function recordsOf(network: Network, ids?: readonly number[]): Promise<readonly HeldRecord[]> {
  const found: HeldRecord[] = [];
  for (const { home, index: holder } of network.holders) {
    if (ids?.includes(holder) === false) continue;
    const vault = vaults.get(home) ?? (await Vault.open(home, utf8('weak but long enough'), systemRandom));
    vaults.set(home, vault);
    for (const id of await vault.list(SEALED_KEY_RECORD)) {
      // One that is erased between the two looks is no share any more.
      const bytes = await vault.open(SEALED_KEY_RECORD, id).catch(() => undefined);
      if (bytes === undefined) continue;
      const { keyshare, record } = decodeKeyRecord(bytes, id);
      keyshare.wipe();
      found.push({ holder, record });
    }
  }
  return found;
}

/** What lay on all disks at one moment: two looks in a row that saw the same. */
export async function snapshotOf(network: Network, ids?: readonly number[]): Promise<readonly HeldRecord[]> {
  let before = await recordsOf(network, ids);
  for (;;) {
    const now = await recordsOf(network, ids);
    if (shown(now) === shown(before)) return now;
    before = now;
  }
}

export function shown(records: readonly HeldRecord[]): string {
  return JSON.stringify(
    records.map(({ holder, record }) => [holder, record.gen, record.state, toHex(record.epochId).slice(0, 8)]),
  );
}

/** How many homes hold a usable share of one epoch, of that with the most: it is certified somewhere. */
export function widest(records: readonly HeldRecord[]): number {
  const certified = new Set(
    records.filter(({ record }) => record.state === 'active').map(({ record }) => toHex(record.epochId)),
  );
  const holders = new Map<string, Set<number>>();
  for (const { holder, record } of records) {
    const name = toHex(record.epochId);
    if (!certified.has(name) || (record.state !== 'active' && record.state !== 'prepared')) continue;
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
