/** One call of a payload, and what it does by itself. */
import type { Address } from '../address.ts';
import type { AbiValue } from './abi.ts';
import type { ControlArea } from './functions/row.ts';

/**
 * `authorize`: nothing is executed; the signature itself is what others can use, now or later (a permit, an order, an
 * EIP-7702 authorization, a message).
 */
export type Operation = 'call' | 'delegatecall' | 'create' | 'authorize';

/** `'wallet'` is the account whose key signs; its address is not part of an unsigned transaction. */
export type Executor = Address | 'wallet';

export interface Argument {
  readonly name: string;
  /** Solidity type, like `uint256` or `address[]`. */
  readonly type: string;
  readonly value: AbiValue;
}

export interface DecodedCall {
  /** Without parameters, like `transfer`. */
  readonly name: string;
  /** Types only, like `transfer(address,uint256)`. */
  readonly signature: string;
  readonly args: readonly Argument[];
}

/** `transferFrom` and `approve` as ERC-20 has them; everything else that moves money is a `transfer`. */
export type MovementKind = 'transfer' | 'approve' | 'transferFrom';

/** Money that a call moves, or lets someone move. Never counted for a delegatecall, whose code is foreign. */
export interface Movement {
  readonly kind: MovementKind;
  readonly asset: 'native' | Address;
  /**
   * Wei or token units, or how many of an NFT. Where ERC-20 and ERC-721 share a function (`transferFrom`, `approve`)
   * and the contract is an NFT's, the token's number.
   */
  readonly amount: bigint;
  /** Set where the function is one of NFTs alone. */
  readonly tokenId?: bigint;
  /** Receiver, or spender for `approve`. `'created'`: the contract that this call creates. */
  readonly counterparty: Address | 'created';
  /** Whose tokens: the executor unless `transferFrom` names another. */
  readonly owner: Executor;
}

/** A change of who rules over an account. */
export interface ControlChange {
  readonly area: ControlArea;
  /** The account whose rules change. */
  readonly account: Executor;
}

/** Fields of a Safe transaction around the call itself; gas in units, price in wei or token units. */
export interface SafeGas {
  readonly safeTxGas: bigint;
  readonly baseGas: bigint;
  readonly gasPrice: bigint;
  readonly gasToken: Address;
  readonly refundReceiver: Address;
}

export interface Call {
  /** `0` is the outermost call; `0.2` the third call inside it, and so on. */
  readonly path: string;
  readonly operation: Operation;
  /** The account that executes the call: whose funds and storage it uses. */
  readonly from: Executor;
  /**
   * `undefined` for `create`. Of `authorize`: the contract that will accept the signature, the delegate of an EIP-7702
   * authorization, or `undefined` where nothing names one.
   */
  readonly to: Address | undefined;
  /** Wei; a delegatecall ignores it. */
  readonly value: bigint;
  readonly data: Uint8Array;
  /** First four bytes as lower hex; `undefined` when there are fewer, or for `create` and `authorize`. */
  readonly selector: string | undefined;
  /**
   * `undefined`: no function we know. Of `authorize`: the primary type as name, EIP-712's encodeType as signature and
   * the fields that an ABI value can hold; `undefined` for a document of unknown type, or no document.
   */
  readonly call: DecodedCall | undefined;
  /**
   * Known by name, but something inside was not read: a router's commands, an order, an unknown mode. Arguments that
   * were not read are not listed in `call`.
   */
  readonly closed?: true;
  readonly movements: readonly Movement[];
  readonly controlChange?: ControlChange;
  /** Of `authorize`: the 32 bytes that a signature over exactly this is over. */
  readonly digest?: Uint8Array;
  /** Set when this call executes a Safe transaction. */
  readonly safeGas?: SafeGas;
  /** Calls inside this one, in order of execution. */
  readonly children: readonly Call[];
}

/** A call that does something itself: no wrapper, or a wrapper that also moves money. */
export type Leaf = Call;
