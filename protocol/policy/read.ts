/** Readers from JSON to a policy document: exact fields, bounded sets, canonical spellings. Cross-references: check.ts. */
import {
  array,
  decimal,
  dictionary,
  integer,
  literal,
  object,
  optional,
  problem,
  type Reader,
  text,
} from '../common/schema.ts';
import { type Address, parseAddress } from '../payload/address.ts';
import { PAYLOAD_KINDS } from '../payload/payload.ts';
import {
  MAX_ASSETS,
  MAX_CHAIN_ID,
  MAX_DECIMALS,
  MAX_LABEL,
  MAX_LIST_ENTRIES,
  MAX_LISTS,
  MAX_MATCH_VALUES,
  MAX_NAME,
  MAX_NOTE,
  MAX_PARTIES,
  MAX_RULES,
  MAX_TIME,
  MAX_UINT256,
  MAX_VERSION,
  MAX_WALLETS,
} from './limits.ts';
import {
  type AddressRef,
  type AmountRange,
  type Asset,
  type ListedAddress,
  MATCHED_OPERATIONS,
  POLICY_SCHEMA,
  type PolicyDocument,
  type Rule,
  type RuleMatch,
  type SelectorMatch,
  type WalletScope,
} from './schema.ts';

const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;
/** Tickers keep their case: `USDC`, `stETH`, `USDC-base`. */
const SYMBOL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

const NAME: Reader<string> = text({ min: 1, max: MAX_NAME, pattern: NAME_PATTERN });
const SYMBOL: Reader<string> = text({ min: 1, max: MAX_NAME, pattern: SYMBOL_PATTERN });
const RISK: Reader<string> = text({ min: 1, max: MAX_NAME, pattern: /^[A-Z][A-Z0-9_]*$/ });
const TIME: Reader<number> = integer({ max: MAX_TIME });
const UINT256: Reader<bigint> = decimal(MAX_UINT256);

const ADDRESS: Reader<Address> = (value, field) => {
  if (typeof value !== 'string') return problem(field, 'must be an address: 0x and 40 hex digits');
  const address = parseAddress(value);
  if (address === undefined) return problem(field, 'must be an address: 0x and 40 hex digits');
  if (address !== 'checksum') return address;
  return problem(field, 'has a wrong checksum; copy the address again from its source, or write it in lower case');
};

const CHAIN_ID: Reader<bigint> = (value, field) => {
  const chainId = decimal(MAX_CHAIN_ID)(value, field);
  return chainId > 0n ? chainId : problem(field, 'must be at least 1; a payload without a chain cannot be permitted');
};

const ADDRESS_REF: Reader<AddressRef> = (value, field) => {
  if (typeof value === 'string' && value.startsWith('@')) {
    const name = value.slice(1);
    if (!NAME_PATTERN.test(name)) problem(field, 'must be "@" and the name of an address list');
    return `@${name}`;
  }
  return ADDRESS(value, field);
};

const SELECTOR: Reader<SelectorMatch> = (value, field) => {
  if (value === 'none') return value;
  if (typeof value === 'string' && /^0x[0-9a-f]{8}$/.test(value)) return `0x${value.slice(2)}`;
  return problem(field, 'must be four bytes like "0xa9059cbb" in lower case, or "none" for a call without calldata');
};

const CALLDATA_HASH: Reader<`0x${string}`> = hash('the keccak-256 of the calldata');
const TYPE_HASH: Reader<`0x${string}`> = hash('the keccak-256 of an EIP-712 encodeType');

function hash(what: string): Reader<`0x${string}`> {
  return (value, field) => {
    if (typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value)) return `0x${value.slice(2)}`;
    return problem(field, `must be ${what}: 0x and 64 lower-case hex digits`);
  };
}

/** A non-empty set: sorted, so that the order in the file does not matter; a value twice is a slip of the pen. */
function set<T extends string | bigint>(item: Reader<T>): Reader<readonly T[]> {
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
const ADDRESS_REFS: Reader<readonly AddressRef[]> = (value, field) =>
  set(ADDRESS_REF)(typeof value === 'string' ? [value] : value, field);

const AMOUNT: Reader<AmountRange> = object<AmountRange>({ max: optional(UINT256), min: optional(UINT256) });

const MATCH: Reader<RuleMatch> = object<RuleMatch>({
  amount: optional(AMOUNT),
  assets: optional(set(SYMBOL)),
  calldataHash: optional(CALLDATA_HASH),
  chainIds: optional(set(CHAIN_ID)),
  counterparties: optional(ADDRESS_REFS),
  fee: optional(object<{ readonly totalMax: bigint }>({ totalMax: UINT256 })),
  initiators: optional(set(NAME)),
  kinds: optional(set(literal(...PAYLOAD_KINDS))),
  nativeValue: optional(object<{ readonly max: bigint }>({ max: UINT256 })),
  operations: optional(set(literal(...MATCHED_OPERATIONS))),
  risks: optional(set(RISK)),
  safes: optional(ADDRESS_REFS),
  selectors: optional(set(SELECTOR)),
  to: optional(ADDRESS_REFS),
  typeHashes: optional(set(TYPE_HASH)),
  wallets: optional(set(NAME)),
});

const RULE: Reader<Rule> = object<Rule>({
  consents: optional(integer({ min: 1, max: MAX_PARTIES })),
  effect: literal('allow', 'require', 'deny'),
  id: NAME,
  match: MATCH,
  note: optional(text({ max: MAX_NOTE, pattern: PRINTABLE })),
  rejections: optional(integer({ min: 1, max: MAX_PARTIES })),
});

const WALLET: Reader<WalletScope> = object<WalletScope>({
  chainIds: optional(set(CHAIN_ID)),
  class: optional(literal('cold', 'middle', 'hot')),
  legacyChainId: optional(CHAIN_ID),
});

const LISTED: Reader<ListedAddress> = object<ListedAddress>({
  address: ADDRESS,
  chainId: CHAIN_ID,
  label: text({ max: MAX_LABEL, pattern: PRINTABLE }),
});

const ASSET: Reader<Asset> = object<Asset>({
  address: (value, field) => (value === 'native' ? value : ADDRESS(value, field)),
  chainId: CHAIN_ID,
  decimals: integer({ max: MAX_DECIMALS }),
});

/** One address twice on a chain, with two labels perhaps, is a mistake worth stopping at. */
const LIST: Reader<readonly ListedAddress[]> = (value, field) => {
  const entries = array(LISTED, { max: MAX_LIST_ENTRIES })(value, field);
  const seen = new Set<string>();
  for (const [i, entry] of entries.entries()) {
    const key = `${entry.chainId}:${entry.address}`;
    if (seen.has(key)) problem(`${field}[${i}].address`, 'is in this list twice; remove one entry');
    seen.add(key);
  }
  return [...entries].sort((a, b) => compare(a.chainId, b.chainId) || compare(a.address, b.address));
};

/** Reads the document, rules still in the order of the file; what one field alone cannot show is checked in check.ts. */
export const POLICY: Reader<PolicyDocument> = object<PolicyDocument>({
  addressLists: withDefault(dictionary(NAME_PATTERN, LIST, MAX_LISTS), new Map<string, readonly ListedAddress[]>()),
  assets: withDefault(dictionary(SYMBOL_PATTERN, ASSET, MAX_ASSETS), new Map<string, Asset>()),
  effectiveAt: optional(TIME),
  expiresAt: optional(TIME),
  id: NAME,
  rules: array(RULE, { max: MAX_RULES }),
  schema: literal(POLICY_SCHEMA),
  unmatched: withDefault(literal('deny', 'defer'), 'deny'),
  version: integer({ min: 1, max: MAX_VERSION }),
  wallets: dictionary(NAME_PATTERN, WALLET, MAX_WALLETS),
});

function withDefault<T>(reader: Reader<T>, fallback: T): Reader<T> {
  return (value, field) => (value === undefined ? fallback : reader(value, field));
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
