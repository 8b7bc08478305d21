/** What a document of typed data says: the values as signed, and what they mean where the type is one we know. */
import type { Json } from '../../common/canonical-json.ts';
import type { Address } from '../address.ts';
import type { Executor } from '../calldata/call.ts';
import type { Frame } from '../calldata/frame.ts';
import type { SafeTx } from '../safe-tx.ts';

/** One value of a document, by the kind its type gives it. */
export type TypedValue =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'address'; readonly value: Address }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  /** Any Unicode: never shown without the sanitiser. */
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'list'; readonly items: readonly TypedValue[] }
  | { readonly kind: 'struct'; readonly fields: readonly TypedField[] };

export interface TypedField {
  /** An identifier of at most 64 ASCII characters. */
  readonly name: string;
  /** As written in the types, like `uint256` or `Person[2]`. */
  readonly type: string;
  readonly value: TypedValue;
}

/** A document as rebuilt by us: what a screen shows, what the canonical bytes say and what is hashed. */
export interface TypedData {
  readonly primaryType: string;
  readonly domain: Json;
  readonly message: Json;
  readonly types: Json;
  /** EIP-712 `encodeType` of the primary type, printable ASCII. */
  readonly encodedType: string;
  /** The same values with their types, in the order of the types: for screens. */
  readonly domainFields: readonly TypedField[];
  readonly messageFields: readonly TypedField[];
  /** `undefined`: no type we know, however it is called. */
  readonly meaning: Meaning | undefined;
}

/** The types that are pinned, field by field. */
export type KnownTyped =
  | 'safe-tx'
  | 'safe-message'
  | 'permit-2612'
  | 'permit-dai'
  | 'permit2-single'
  | 'permit2-batch'
  | 'permit2-transfer'
  | 'permit2-batch-transfer'
  | 'transfer-with-authorization'
  | 'cancel-authorization'
  | 'seaport-order'
  | 'seaport-bulk-order'
  | 'delegation'
  | 'forward-request'
  | 'safe-operation'
  | 'user-operation';

/** What the signature stands for, as facts; risk/typed-data.ts turns them into codes. */
export interface Meaning {
  readonly known: KnownTyped;
  /** How the domain differs from what this type is used with; each one a few words of printable ASCII. */
  readonly domainIssues: readonly string[];
  /** Unix seconds until which the signature can be used; `undefined`: for ever, or as long as the orders say. */
  readonly deadline: bigint | undefined;
  /** What somebody may take with the signature. */
  readonly allowances: readonly Allowance[];
  readonly orders: readonly OrderFacts[];
  /** Who gets the voting power (ERC20Votes). */
  readonly delegatee: Address | undefined;
  /** Bytes that a contract takes as signed by the Safe (SafeMessage). */
  readonly safeMessage: Uint8Array | undefined;
  readonly operation: AccountOperation | undefined;
}

/** An operation of a smart account (ERC-4337). */
export interface AccountOperation {
  readonly account: Address;
  /** What is unusual besides its call, in a few words each. */
  readonly notes: readonly string[];
  /** Wei per gas, and wei in all, that the account or its paymaster can pay to whoever submits it. */
  readonly feeCap: bigint;
  readonly feeMax: bigint;
  /** It comes with code or calldata for making the account, which nobody here reads. */
  readonly creates: boolean;
}

/** Tokens that the signature lets somebody take. */
export interface Allowance {
  readonly asset: Address;
  /** Token units. */
  readonly amount: bigint;
  readonly unlimited: boolean;
  /** `undefined`: whoever submits the signature. */
  readonly spender: Address | undefined;
  /** `wallet` where the document does not name the owner: the signer is the owner. */
  readonly owner: Executor;
  /** Unix seconds until which the allowance lasts once the signature was used; `undefined`: for ever. */
  readonly expires: bigint | undefined;
}

/** An item of a Seaport order; amounts in wei or token units. */
export interface OrderItem {
  readonly itemType: 'native' | 'erc20' | 'erc721' | 'erc1155' | 'erc721-any' | 'erc1155-any' | 'unknown';
  readonly asset: Address | 'native';
  /** Token number, or the root of the numbers allowed for `-any`. */
  readonly identifier: bigint;
  readonly startAmount: bigint;
  readonly endAmount: bigint;
}

export interface OrderFacts {
  readonly offerer: Address;
  readonly gives: readonly OrderItem[];
  /** Only what the offerer itself receives. */
  readonly receives: readonly OrderItem[];
  readonly others: readonly (OrderItem & { readonly recipient: Address })[];
  readonly zone: Address;
  readonly conduitKey: Uint8Array;
  /** Unix seconds. */
  readonly startTime: bigint;
  readonly endTime: bigint;
}

/** Everything a payload of kind `evm-typed-data` says; both decoders have agreed on it. */
export interface TypedReading {
  readonly typedData: TypedData;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** `undefined`: the domain names no chain. */
  readonly chainId: bigint | undefined;
  /** Set for a Safe transaction. */
  readonly safeTx: SafeTx | undefined;
  /**
   * The outermost node, to be opened by expand.ts: the call of a Safe transaction, or an `authorize` frame with its
   * grant (no `call` in it for an unknown type) and, inside, the calls that the signature lets others execute.
   */
  readonly frame: Frame;
}
