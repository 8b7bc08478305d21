/** Which words of storage decide who rules over an account, and who wrote them. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, utf8 } from '../common/bytes.ts';
import type { Address } from '../payload/address.ts';
import type { Recorder } from './recorder.ts';
import type { ControlSlot, ControlWrite } from './report.ts';
import { type SimulatedState, wordHex } from './state.ts';
import { addressIn, addressWord, numberIn, numberWord } from './words.ts';

/** Storage of a Safe, the same since 1.0.0: slots 0 to 5. */
export const SAFE_SINGLETON = 0n;
export const SAFE_MODULES = 1n;
export const SAFE_OWNERS = 2n;
export const SAFE_OWNER_COUNT = 3n;
export const SAFE_THRESHOLD = 4n;
export const SAFE_NONCE = 5n;
/** A mapping from owner to hash to 1. */
export const SAFE_APPROVED_HASHES = 8n;
/** Begins and ends the linked lists of owners and modules. */
export const SENTINEL: Address = `0x${'0'.repeat(39)}1`;
/** More owners than any Safe has; a list that is longer is no list of owners. */
export const MAX_OWNERS = 100;

function named(name: string, offset = 0n): bigint {
  return numberIn(keccak_256(utf8(name))) - offset;
}

export const IMPLEMENTATION_SLOT: bigint = named('eip1967.proxy.implementation', 1n);

/** Places that mean the same in every contract. */
export const NAMED_SLOTS: ReadonlyMap<bigint, ControlSlot> = new Map([
  [IMPLEMENTATION_SLOT, 'implementation'],
  [named('eip1967.proxy.admin', 1n), 'admin'],
  [named('eip1967.proxy.beacon', 1n), 'beacon'],
  // EIP-1822 and the first OpenZeppelin proxies.
  [named('PROXIABLE'), 'implementation'],
  [named('org.zeppelinos.proxy.implementation'), 'implementation'],
  [named('org.zeppelinos.proxy.admin'), 'admin'],
  [named('guard_manager.guard.address'), 'guard'],
  [named('module_manager.module_guard.address'), 'module-guard'],
  [named('fallback_manager.handler.address'), 'fallback-handler'],
]);

const SAFE_SLOTS: ReadonlyMap<bigint, ControlSlot> = new Map([
  [SAFE_SINGLETON, 'singleton'],
  [SAFE_OWNER_COUNT, 'owner-count'],
  [SAFE_THRESHOLD, 'threshold'],
]);

const SAFE_LISTS: ReadonlyMap<bigint, ControlSlot> = new Map([
  [SAFE_MODULES, 'module'],
  [SAFE_OWNERS, 'owner'],
]);

/** Place of the entry of a mapping whose key is an address. */
export function mappingSlot(key: Address, base: bigint): bigint {
  return numberIn(keccak_256(concat(addressWord(key), numberWord(base))));
}

/** Where a Safe notes that an owner has approved a hash. */
export function approvedHashSlot(owner: Address, hash: Uint8Array): bigint {
  return numberIn(keccak_256(concat(hash, numberWord(mappingSlot(owner, SAFE_APPROVED_HASHES)))));
}

/** By its storage, since a Safe has no other mark: code in slot 0, an owner list, a threshold that its owners can reach. */
export async function looksLikeSafe(state: SimulatedState, account: Address): Promise<boolean> {
  const singleton = await state.wordBefore(account, SAFE_SINGLETON);
  if (singleton === 0n || singleton >> 160n !== 0n) return false;
  const threshold = await state.wordBefore(account, SAFE_THRESHOLD);
  if (threshold === 0n || threshold > BigInt(MAX_OWNERS)) return false;
  if ((await state.wordBefore(account, SAFE_OWNER_COUNT)) < threshold) return false;
  return (await state.wordBefore(account, mappingSlot(SENTINEL, SAFE_OWNERS))) !== 0n;
}

/** Addresses whose code runs as the account by its own will: itself, a Safe's singleton, a proxy's implementation. */
export async function ownCode(state: SimulatedState, account: Address, isSafe: boolean): Promise<ReadonlySet<Address>> {
  const codes = new Set<Address>([account]);
  if (isSafe) codes.add(addressIn(await state.wordBefore(account, SAFE_SINGLETON)));
  const implementation = await state.wordBefore(account, IMPLEMENTATION_SLOT);
  if (implementation !== 0n) codes.add(addressIn(implementation));
  return codes;
}

export interface ControlContext {
  readonly state: SimulatedState;
  readonly recorder: Recorder;
  /** Safes by the payload itself, whatever their storage claims. */
  readonly safes: ReadonlySet<Address>;
  /** Made in this run: nobody ruled over them before. */
  readonly created: ReadonlySet<Address>;
}

/** Every word of control that is different now. */
export async function controlWrites(context: ControlContext): Promise<readonly ControlWrite[]> {
  const { created, recorder, safes, state } = context;
  const safeByStorage = new Map<Address, boolean>();
  const isSafe = async (account: Address): Promise<boolean> => {
    if (safes.has(account)) return true;
    const known = safeByStorage.get(account) ?? (await looksLikeSafe(state, account));
    safeByStorage.set(account, known);
    return known;
  };
  const result: ControlWrite[] = [];
  for (const { account, after, before, slot } of await state.changedWords()) {
    if (created.has(account)) continue;
    const mapping = recorder.mapping(slot);
    const inSafe = SAFE_SLOTS.get(slot) ?? (mapping === undefined ? undefined : SAFE_LISTS.get(mapping.base));
    const area = NAMED_SLOTS.get(slot) ?? (inSafe !== undefined && (await isSafe(account)) ? inSafe : undefined);
    if (area === undefined) continue;
    const code = recorder.writer(account, slot);
    const own = await ownCode(state, account, await isSafe(account));
    const isEntry = inSafe === area && mapping !== undefined && !SAFE_SLOTS.has(slot);
    result.push({
      account,
      area,
      slot: wordHex(slot),
      entry: isEntry ? addressIn(mapping.key) : undefined,
      before,
      after,
      code,
      isForeign: !own.has(code),
    });
  }
  return result;
}
