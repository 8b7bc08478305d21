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
  /** Digest of the version that this one replaces; absent in a first version. `0x` and 64 hex digits. */
  readonly parentHash?: `0x${string}`;
  /** Present: value moves only along these edges. Absent: flows are not looked at. */
  readonly flows?: readonly FlowEdge[];
  /** The address book, by name. Common policy only. */
  readonly counterparties?: ReadonlyMap<string, Counterparty>;
  /** People whose devices approve, by name. Common policy only. */
  readonly approvers?: ReadonlyMap<string, Approver>;
  /** Names of approvers, sorted. Common policy only. */
  readonly groups?: ReadonlyMap<string, readonly string[]>;
  /** Sorted by id. They hold whatever rule permits. */
  readonly limits?: readonly Limit[];
  /** Risk codes that no rule of either layer can accept; sorted. */
  readonly hardDeny?: readonly string[];
  /** Who may change this policy. Common policy only; absent: every version is adopted by hand. */
  readonly admin?: Admin;
}

export interface WalletScope {
  /** Chains the wallet may sign for; absent: any chain that a rule permits. */
  readonly chainIds?: readonly bigint[];
  /** Judges a payload that names no chain (a Safe before 1.3) as one for this chain; absent: such payloads are denied. */
  readonly legacyChainId?: bigint;
  /** What the wallet is for; from a cold one only listed addresses are reached without a person looking. */
  readonly class?: WalletClass;
  /** Addresses that are this wallet's own: its key's, its Safes, derived ones. What flows call "own". */
  readonly accounts?: readonly Address[];
}

/** Name of a wallet, or a class of wallets, or `external` (only as `to`). */
export type FlowEnd = string;

export interface FlowEdge {
  readonly from: FlowEnd;
  readonly to: FlowEnd;
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
  /** Only with effect `require`; absent: the hand of the key holder at every consenting party. */
  readonly require?: Obligation;
}

/** What people must have said before a party consents. */
export interface Obligation {
  /** Approvals of distinct persons of each group; sorted by group. */
  readonly groups?: readonly GroupQuorum[];
  /** The key holder's hand at every consenting party; absent: yes. */
  readonly holder?: boolean;
  /** Two approvers on one device count once; absent: no. */
  readonly distinctDevices?: boolean;
  /** Seconds after which an approval is void, 60..604800; absent: 7200. */
  readonly ttlSec?: number;
  /** Seconds that must pass after the proposal was first seen, 0..518400. */
  readonly delaySec?: number;
  /** Rejections of group members that end the proposal; absent: 1. */
  readonly rejects?: number;
}

export interface GroupQuorum {
  readonly group: string;
  readonly quorum: number;
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
  /** Envelope of a transaction. */
  readonly txTypes?: readonly TxType[];
  /** Gas units, and wei per unit. Permissions only. */
  readonly gas?: GasCaps;
  /** On decoded arguments of the call; all must hold. */
  readonly args?: readonly ArgCondition[];
  /** UTC; one of them must hold. */
  readonly time?: readonly TimeWindow[];
}

export const TX_TYPES = ['legacy', 'access-list', 'eip1559', 'blob', 'eip7702'] as const;
export type TxType = (typeof TX_TYPES)[number];

export interface GasCaps {
  readonly limitMax?: bigint;
  readonly maxFeePerGasMax?: bigint;
}

/** `days`: 0 is Sunday; sorted. `from` and `to`: `08:00` before `18:00`, `to` excluded; `24:00` ends a day. */
export interface TimeWindow {
  readonly days: readonly number[];
  readonly from: string;
  readonly to: string;
}

export const ARG_OPERATORS = [
  'eq',
  'ne',
  'in',
  'notIn',
  'lt',
  'lte',
  'gt',
  'gte',
  'inList',
  'eqWallet',
  'lenLte',
] as const;
export type ArgOperator = (typeof ARG_OPERATORS)[number];

export interface ArgCondition {
  /** Name or dotted index of the decoded argument: `amount`, `0`, `details.1`. One that is not there is unknown. */
  readonly arg: string;
  readonly op: ArgOperator;
  /** Decimal, `0x` hex, `true`, `false` or `@list`; its type follows the argument's, and a mismatch is unknown. */
  readonly value: string | readonly string[];
}

/** `outstanding`: released or reserved nonces not seen consumed. */
export const MEASURES = ['amount', 'count', 'fee', 'outstanding'] as const;
export type Measure = (typeof MEASURES)[number];

export const PER_KEYS = ['wallet', 'asset', 'initiator', 'counterparty', 'selector'] as const;
export type PerKey = (typeof PER_KEYS)[number];

export interface Limit {
  readonly id: string;
  readonly note?: string;
  readonly measure: Measure;
  /** Exactly with measure `amount`: symbol from `assets`. */
  readonly asset?: string;
  /** 60..7776000. Absent: one transaction alone. Not for `outstanding`, which has no window. */
  readonly windowSec?: number;
  /** Inclusive: base units, a number of payloads, wei, or a number of nonces. */
  readonly max: bigint;
  /** Each combination counts by itself; sorted. Absent: `wallet`. */
  readonly per?: readonly PerKey[];
  readonly match?: LimitMatch;
  /** Absent: `deny`. */
  readonly onExceed?: 'deny' | { readonly require: Obligation };
}

/** What of the payloads counts; as in rules. */
export type LimitMatch = Pick<
  RuleMatch,
  'wallets' | 'chainIds' | 'initiators' | 'counterparties' | 'selectors' | 'kinds'
>;

export interface Approver {
  readonly person: string;
  readonly device: string;
  /** `ed25519:` and 64 hex digits, or an OpenSSH line without comment (`ssh-ed25519`, `sk-ssh-ed25519@openssh.com`). */
  readonly key: string;
  /** Ed25519 key of its libp2p identity, `0x` and 64 hex digits; absent: it works by file only. */
  readonly transportKey?: `0x${string}`;
}

export const COUNTERPARTY_KINDS = ['eoa', 'contract', 'safe', 'deposit'] as const;
export type CounterpartyKind = (typeof COUNTERPARTY_KINDS)[number];

/** An entry of the address book, signed by whom it names. The signature is checked in protocol/ceremony. */
export interface Counterparty {
  readonly label: string;
  /** Ed25519 key, `0x` and 64 hex digits. */
  readonly identity: `0x${string}`;
  /** Sorted by chain and address. */
  readonly addresses: readonly CounterpartyAddress[];
  readonly version: number;
  /** Unix seconds. */
  readonly created: number;
  /** Unix seconds: matches nothing from this second on. */
  readonly expires?: number;
  /** 64 bytes, `0x` and 128 hex digits. */
  readonly signature: `0x${string}`;
}

export interface CounterpartyAddress {
  readonly chainId: bigint;
  readonly address: Address;
  readonly kind: CounterpartyKind;
}

export interface Admin extends GroupQuorum {
  /** Seconds that a widening version waits, 0..518400. */
  readonly widenDelaySec: number;
  /** Who may freeze besides parties and operators; absent: `group`. */
  readonly freezeGroup?: string;
  /** Who may add counterparties, and nothing else. */
  readonly book?: BookAdmin;
}

export interface BookAdmin extends GroupQuorum {
  readonly delaySec: number;
}

export interface AmountRange {
  readonly min?: bigint;
  readonly max?: bigint;
}
