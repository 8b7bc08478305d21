/** What of a payload a history remembers: whom it reaches, what it calls, which place in a sequence it takes. */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../../common/bytes.ts';
import { canonicalBytes, type Json } from '../../common/canonical-json.ts';
import { type Address, ZERO_ADDRESS } from '../address.ts';
import type { AbiValue } from '../calldata/abi.ts';
import type { Call, Executor } from '../calldata/call.ts';
import type { Decoded } from '../payload.ts';
import { feeCap } from '../transaction.ts';
import { BATCH_CONTRACTS } from './batch-contracts.ts';

/** An address that a call reaches: it is called, it ends up with something, or it is named to. */
export interface Reached {
  readonly path: string;
  readonly address: Address;
}

/** A function of a contract; four bytes as 8 hex digits. */
export interface Called {
  readonly path: string;
  readonly to: Address;
  readonly selector: string;
}

/** Value of one asset that leaves one account, summed over the payload. */
export interface Outflow {
  /** Of the first call that contributes. */
  readonly path: string;
  readonly owner: Executor;
  readonly asset: 'native' | Address;
  readonly amount: bigint;
}

export interface Reach {
  /** The chain whose addresses these are; absent if none is named or lent. */
  readonly chainId: bigint | undefined;
  /** Each address once, at the first call that reaches it; own accounts are left out. */
  readonly reached: readonly Reached[];
  readonly called: readonly Called[];
  readonly outflows: readonly Outflow[];
  /** Wei per gas; a transaction only. */
  readonly feeCap: bigint | undefined;
  /** The account, chain and number of which only one payload can ever be executed, as text; absent if there is none. */
  readonly place: string | undefined;
  /** 32 bytes as hex: what it would do, without nonces and fees. Equal for the same request made twice. */
  readonly intent: string;
}

/** @param wallet the address whose key signs */
export function reachOf(decoded: Decoded, wallet: Address, chainId: bigint | undefined): Reach {
  // Of the accounts that act, only the one that the signature speaks for is known to be an own one.
  const own = new Set<Executor>([wallet, decoded.root.from]);
  return {
    chainId,
    reached: reachedBy(decoded, own),
    called: decoded.calls.flatMap(({ operation, path, selector, to }) => {
      if (to === undefined || selector === undefined || operation === 'create') return [];
      return BATCH_CONTRACTS.has(to) ? [] : [{ path, to, selector }];
    }),
    outflows: outflowsOf(decoded),
    feeCap: decoded.transaction === undefined ? undefined : feeCap(decoded.transaction.fees),
    place: placeOf(decoded, wallet),
    intent: intentOf(decoded, chainId),
  };
}

function reachedBy(decoded: Decoded, own: ReadonlySet<Executor>): readonly Reached[] {
  const found = new Map<Address, string>();
  for (const call of decoded.calls) {
    for (const address of addressesOf(call)) {
      if (!own.has(address) && !BATCH_CONTRACTS.has(address) && !found.has(address)) found.set(address, call.path);
    }
  }
  return [...found].map(([address, path]) => ({ address, path }));
}

function addressesOf(call: Call): ReadonlySet<Address> {
  const addresses = new Set<Address>();
  const collect = (value: AbiValue): void => {
    if (typeof value === 'string') addresses.add(value);
    else if (Array.isArray(value)) value.forEach(collect);
  };
  for (const { value } of call.call?.args ?? []) collect(value);
  // As an argument it stands for nothing, like no gas token; a call or a payment to it is one.
  addresses.delete(ZERO_ADDRESS);
  if (call.to !== undefined) addresses.add(call.to);
  for (const { counterparty } of call.movements) if (counterparty !== 'created') addresses.add(counterparty);
  return addresses;
}

function outflowsOf(decoded: Decoded): readonly Outflow[] {
  const sums = new Map<string, Outflow>();
  for (const { movements, path } of decoded.calls) {
    for (const { amount, asset, kind, owner } of movements) {
      if (kind === 'approve' || amount === 0n) continue;
      const key = `${owner} ${asset}`;
      const sum = sums.get(key) ?? { path, owner, asset, amount: 0n };
      sums.set(key, { ...sum, amount: sum.amount + amount });
    }
  }
  return [...sums.values()];
}

/** A transaction and an authorization of one account count with the same nonces; a Safe has its own. */
function placeOf(decoded: Decoded, wallet: Address): string | undefined {
  const { authorization, chainId, safeTx, transaction } = decoded;
  if (safeTx !== undefined) return `${safeTx.safe} on chain ${safeTx.chainId ?? 'any'}, Safe nonce ${safeTx.nonce}`;
  const nonce = transaction?.nonce ?? authorization?.nonce;
  return nonce === undefined ? undefined : `${wallet} on chain ${chainId ?? 'any'}, nonce ${nonce}`;
}

function intentOf(decoded: Decoded, chainId: bigint | undefined): string {
  const content: Json = {
    calls: decoded.calls.map(callJson),
    chainId: String(chainId ?? 'any'),
    kind: decoded.message === undefined ? '' : toHex(decoded.digest),
  };
  return toHex(sha256(canonicalBytes(content)));
}

function callJson({ call, data, from, movements, operation, path, to, value }: Call): Json {
  return {
    data: toHex(data),
    from,
    movements: movements.map(({ amount, asset, counterparty, kind, owner }) => [
      kind,
      asset,
      String(amount),
      counterparty,
      owner,
    ]),
    name: call?.name ?? '',
    operation,
    path,
    to: to ?? '',
    value: String(value),
  };
}
