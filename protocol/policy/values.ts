/** Readers of single values of a policy file: names, addresses, hashes, amounts, sets. */
import { array, decimal, integer, problem, type Reader, text } from '../common/schema.ts';
import { type Address, parseAddress } from '../payload/address.ts';
import { MAX_CHAIN_ID, MAX_MATCH_VALUES, MAX_NAME, MAX_TIME, MAX_UINT256 } from './limits.ts';
import type { AddressRef, SelectorMatch } from './schema.ts';

export const NAME_PATTERN: RegExp = /^[a-z0-9][a-z0-9-]{0,39}$/;
/** Tickers keep their case: `USDC`, `stETH`, `USDC-base`. */
export const SYMBOL_PATTERN: RegExp = /^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$/;
/** Names of people and values of arguments: nothing to overlook at the ends. */
export const TRIMMED: RegExp = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;
export const RISK_PATTERN: RegExp = /^[A-Z][A-Z0-9_]*$/;
export const PRINTABLE: RegExp = /^[\x20-\x7e]*$/;

export const NAME: Reader<string> = text({ min: 1, max: MAX_NAME, pattern: NAME_PATTERN });
export const SYMBOL: Reader<string> = text({ min: 1, max: MAX_NAME, pattern: SYMBOL_PATTERN });
export const RISK: Reader<string> = text({ min: 1, max: MAX_NAME, pattern: RISK_PATTERN });
export const TIME: Reader<number> = integer({ max: MAX_TIME });
export const UINT256: Reader<bigint> = decimal(MAX_UINT256);

export const ADDRESS: Reader<Address> = (value, field) => {
  if (typeof value !== 'string') return problem(field, 'must be an address: 0x and 40 hex digits');
  const address = parseAddress(value);
  if (address === undefined) return problem(field, 'must be an address: 0x and 40 hex digits');
  if (address !== 'checksum') return address;
  return problem(field, 'has a wrong checksum; copy the address again from its source, or write it in lower case');
};

export const CHAIN_ID: Reader<bigint> = (value, field) => {
  const chainId = decimal(MAX_CHAIN_ID)(value, field);
  return chainId > 0n ? chainId : problem(field, 'must be at least 1; a payload without a chain cannot be permitted');
};

const ADDRESS_REF: Reader<AddressRef> = (value, field) => {
  if (typeof value === 'string' && value.startsWith('@')) {
    const name = value.slice(1);
    if (!NAME_PATTERN.test(name)) problem(field, 'must be "@" and the name of an address list or of a counterparty');
    return `@${name}`;
  }
  return ADDRESS(value, field);
};

export const SELECTOR: Reader<SelectorMatch> = (value, field) => {
  if (value === 'none') return value;
  if (typeof value === 'string' && /^0x[0-9a-f]{8}$/.test(value)) return `0x${value.slice(2)}`;
  return problem(field, 'must be four bytes like "0xa9059cbb" in lower case, or "none" for a call without calldata');
};

export const CALLDATA_HASH: Reader<`0x${string}`> = hex(32, 'the keccak-256 of the calldata');
export const TYPE_HASH: Reader<`0x${string}`> = hex(32, 'the keccak-256 of an EIP-712 encodeType');

/** A non-empty set: sorted, so that the order in the file does not matter; a value twice is a slip of the pen. */
export function set<T extends string | bigint | number>(item: Reader<T>): Reader<readonly T[]> {
  const list = array(item, { max: MAX_MATCH_VALUES });
  return (value, field) => {
    const items = list(value, field);
    if (items.length === 0) problem(field, 'is empty, so it would match nothing; name a value or remove the field');
    const seen = new Set<T>();
    for (const [i, entry] of items.entries()) {
      if (seen.has(entry)) problem(`${field}[${i}]`, 'is there twice; remove one');
      seen.add(entry);
    }
    return [...items].sort((a, b) => (a < b ? -1 : 1));
  };
}

/** `"@payees"` is short for `["@payees"]`. */
export const ADDRESS_REFS: Reader<readonly AddressRef[]> = (value, field) =>
  set(ADDRESS_REF)(typeof value === 'string' ? [value] : value, field);

/** Hex of exactly `bytes` bytes behind `0x`, in lower case. */
export function hex(bytes: number, what: string): Reader<`0x${string}`> {
  return (value, field) => {
    if (typeof value === 'string' && value.length === 2 + 2 * bytes && /^0x[0-9a-f]*$/.test(value)) {
      return `0x${value.slice(2)}`;
    }
    return problem(field, `must be ${what}: 0x and ${2 * bytes} lower-case hex digits`);
  };
}

export function withDefault<T>(reader: Reader<T>, fallback: T): Reader<T> {
  return (value, field) => (value === undefined ? fallback : reader(value, field));
}

export function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
