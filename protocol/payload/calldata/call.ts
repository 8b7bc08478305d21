/** One call of a payload, and what it does by itself. */
import type { Address } from '../address.ts';
import type { AbiValue } from './abi.ts';
import type { ControlArea, TokenEffect } from './table.ts';

export type Operation = 'call' | 'delegatecall' | 'create';

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

/** Money that a call moves, or lets someone move. Never counted for a delegatecall, whose code is foreign. */
export interface Movement {
  readonly kind: TokenEffect;
  readonly asset: 'native' | Address;
  /** Wei or token units; for an NFT contract with the same function, the token's number. */
  readonly amount: bigint;
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
  /** `undefined` only for `create`. */
  readonly to: Address | undefined;
  /** Wei; a delegatecall ignores it. */
  readonly value: bigint;
  readonly data: Uint8Array;
  /** First four bytes as lower hex; `undefined` when there are fewer, or for `create`. */
  readonly selector: string | undefined;
  /** `undefined`: no function we know. */
  readonly call: DecodedCall | undefined;
  readonly movements: readonly Movement[];
  readonly controlChange?: ControlChange;
  /** Set when this call executes a Safe transaction. */
  readonly safeGas?: SafeGas;
  /** Calls inside this one, in order of execution. */
  readonly children: readonly Call[];
}

/** A call that does something itself: no wrapper, or a wrapper that also moves money. */
export type Leaf = Call;
