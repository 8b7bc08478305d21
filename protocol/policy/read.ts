/** Readers from JSON to a policy document: exact fields, bounded sets, canonical spellings. Cross-references: check.ts. */
import { array, dictionary, integer, literal, object, optional, problem, type Reader, text } from '../common/schema.ts';
import {
  MAX_APPROVERS,
  MAX_ASSETS,
  MAX_COUNTERPARTIES,
  MAX_DECIMALS,
  MAX_FLOWS,
  MAX_GROUPS,
  MAX_LABEL,
  MAX_LIST_ENTRIES,
  MAX_LISTS,
  MAX_RULES,
  MAX_VERSION,
  MAX_WALLETS,
} from './limits.ts';
import { ADMIN, APPROVER, COUNTERPARTY } from './read-people.ts';
import { LIMITS, RULE } from './read-rule.ts';
import {
  type Asset,
  type FlowEdge,
  type ListedAddress,
  POLICY_SCHEMA,
  type PolicyDocument,
  type WalletScope,
} from './schema.ts';
import {
  ADDRESS,
  CHAIN_ID,
  compare,
  hex,
  NAME,
  NAME_PATTERN,
  PRINTABLE,
  RISK,
  SYMBOL_PATTERN,
  set,
  TIME,
  withDefault,
} from './values.ts';

const WALLET: Reader<WalletScope> = object<WalletScope>({
  accounts: optional(set(ADDRESS)),
  chainIds: optional(set(CHAIN_ID)),
  class: optional(literal('cold', 'middle', 'hot')),
  legacyChainId: optional(CHAIN_ID),
});

const FLOW: Reader<FlowEdge> = object<FlowEdge>({ from: NAME, to: NAME });

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

/** An edge twice is a slip of the pen. */
const FLOWS: Reader<readonly FlowEdge[]> = (value, field) => {
  const edges = array(FLOW, { max: MAX_FLOWS })(value, field);
  const seen = new Set<string>();
  for (const [i, { from, to }] of edges.entries()) {
    if (seen.has(`${from} ${to}`)) problem(`${field}[${i}]`, 'is there twice; remove one');
    seen.add(`${from} ${to}`);
  }
  return [...edges].sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to));
};

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
  admin: optional(ADMIN),
  addressLists: withDefault(dictionary(NAME_PATTERN, LIST, MAX_LISTS), new Map<string, readonly ListedAddress[]>()),
  approvers: optional(dictionary(NAME_PATTERN, APPROVER, MAX_APPROVERS)),
  assets: withDefault(dictionary(SYMBOL_PATTERN, ASSET, MAX_ASSETS), new Map<string, Asset>()),
  counterparties: optional(dictionary(NAME_PATTERN, COUNTERPARTY, MAX_COUNTERPARTIES)),
  effectiveAt: optional(TIME),
  expiresAt: optional(TIME),
  flows: optional(FLOWS),
  groups: optional(dictionary(NAME_PATTERN, set(NAME), MAX_GROUPS)),
  hardDeny: optional(set(RISK)),
  id: NAME,
  limits: optional(LIMITS),
  parentHash: optional(hex(32, 'the digest of the policy before')),
  rules: array(RULE, { max: MAX_RULES }),
  schema: literal(POLICY_SCHEMA),
  unmatched: withDefault(literal('deny', 'defer'), 'deny'),
  version: integer({ min: 1, max: MAX_VERSION }),
  wallets: dictionary(NAME_PATTERN, WALLET, MAX_WALLETS),
});
