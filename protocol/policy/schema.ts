/**
 * The shape of a policy, `keymoot/policy/1` (docs/policy.md). Begin here: these types are what a file says, after it was
 * read strictly (parse.ts) and before it is prepared for judging (prepare.ts).
 *
 * Sets are sorted and free of duplicates, rules are sorted by id, addresses are lower case: two files that mean the same
 * become the same document, hence the same digest.
 */
import type { Address } from '../payload/address.ts';
import type { Operation } from '../payload/calldata/call.ts';
import type { PayloadKind } from '../payload/payload.ts';
import type { WalletClass } from '../payload/risk/unusual.ts';

export const POLICY_SCHEMA = 'keymoot/policy/1';

/** What a rule does to a node it matches. `allow`: the party consents by itself; `require`: its key holder approves. */
export type Effect = 'allow' | 'require' | 'deny';

export type MatchedKind = PayloadKind;
export type MatchedOperation = Operation;
export const MATCHED_OPERATIONS: readonly MatchedOperation[] = ['call', 'delegatecall', 'create', 'authorize'];

/** `@name` of an address list of this policy, or one address. */
export type AddressRef = `@${string}` | Address;

/** Four bytes as `0x` and 8 hex digits, or `none` for a call without calldata. */
export type SelectorMatch = `0x${string}` | 'none';

export interface PolicyDocument {
  readonly schema: typeof POLICY_SCHEMA;
  readonly id: string;
  /** 1..10^9; a party only ever moves to a higher one. */
  readonly version: number;
  /** Unix seconds: not valid before. */
  readonly effectiveAt?: number;
  /** Unix seconds: not valid from this second on. */
  readonly expiresAt?: number;
  /** What happens to a node that no rule matches: `defer` leaves it to the common policy (own policies only). */
  readonly unmatched: 'deny' | 'defer';
  readonly wallets: ReadonlyMap<string, WalletScope>;
  readonly addressLists: ReadonlyMap<string, readonly ListedAddress[]>;
  readonly assets: ReadonlyMap<string, Asset>;
  readonly rules: readonly Rule[];
}

export interface WalletScope {
  /** Chains the wallet may sign for; absent: any chain that a rule permits. */
  readonly chainIds?: readonly bigint[];
  /** Judges a payload that names no chain (a Safe before 1.3) as one for this chain; absent: such payloads are denied. */
  readonly legacyChainId?: bigint;
  /** What the wallet is for; from a cold one only listed addresses are reached without a person looking. */
  readonly class?: WalletClass;
}

export interface ListedAddress {
  readonly chainId: bigint;
  readonly address: Address;
  /** Printable ASCII, shown beside the address. */
  readonly label: string;
}

export interface Asset {
  readonly chainId: bigint;
  /** The token contract, or the chain's own coin. */
  readonly address: Address | 'native';
  /** For display only; amounts in rules are base units. */
  readonly decimals: number;
}

export interface Rule {
  readonly id: string;
  readonly note?: string;
  readonly effect: Effect;
  readonly match: RuleMatch;
  /** q: consents the payload needs, threshold..parties; absent: the wallet's threshold. Not in a deny rule. */
  readonly consents?: number;
  /** Signed rejections that end the proposal; absent: 1. Not in a deny rule. */
  readonly rejections?: number;
}

/** All fields given must hold; inside one field any of its values. What an absent field means: docs/policy.md. */
export interface RuleMatch {
  readonly wallets?: readonly string[];
  readonly chainIds?: readonly bigint[];
  /** Operator names, as in the roster. */
  readonly initiators?: readonly string[];
  /** Absent in an allow or require rule: `evm-transaction` alone. */
  readonly kinds?: readonly MatchedKind[];
  /** Absent in an allow or require rule: `call` alone. */
  readonly operations?: readonly MatchedOperation[];
  /** The account that is called. */
  readonly to?: readonly AddressRef[];
  /** Who ends up with the value: receivers of transfers, spenders of approvals. */
  readonly counterparties?: readonly AddressRef[];
  readonly selectors?: readonly SelectorMatch[];
  /** Symbols from `assets`. */
  readonly assets?: readonly string[];
  /** Base units of the one asset named, summed over the whole payload. */
  readonly amount?: AmountRange;
  /** Wei sent along with the call. Absent in an allow or require rule that names no native asset: none. */
  readonly nativeValue?: { readonly max: bigint };
  /** Wei: the most the transaction can pay for gas, all of it together. */
  readonly fee?: { readonly totalMax: bigint };
  /** The Safe on whose behalf the node acts. */
  readonly safes?: readonly AddressRef[];
  /** Keccak-256 of the exact calldata, or the digest of an `authorize`; `0x` and 64 hex digits. */
  readonly calldataHash?: `0x${string}`;
  /** EIP-712 type hashes of typed data, Safe transactions excepted; each `0x` and 64 hex digits. */
  readonly typeHashes?: readonly `0x${string}`[];
  /** Allow and require: risk codes this rule accepts. Deny: matches a node that carries any of them. */
  readonly risks?: readonly string[];
}

export interface AmountRange {
  readonly min?: bigint;
  readonly max?: bigint;
}
