/** What a simulation has seen. Numbers as numbers, addresses in lower case, texts from the chain not yet sanitised away. */
import type { Address } from '../payload/address.ts';

/** The state it ran on: named, claimed, unproven. */
export interface SimulationBasis {
  /** Who claims this state. */
  readonly source: string;
  readonly chainId: bigint;
  readonly blockNumber: bigint;
  /** Lower hex, 32 bytes. */
  readonly blockHash: string;
  /** Unix seconds of that block. */
  readonly timestamp: bigint;
}

/** `failed-inside`: a Safe executes, notes the failure of its call, and goes on. */
export type SimulationOutcome =
  | { readonly kind: 'succeeds' }
  | { readonly kind: 'failed-inside'; readonly reason: string }
  | { readonly kind: 'reverts'; readonly reason: string }
  /** No chain would take it in this state, such as a used nonce or too little money; `otherwise`: what it would do. */
  | { readonly kind: 'impossible'; readonly reason: string; readonly otherwise: 'succeeds' | 'reverts' };

/** Native money from account to account, without the fee. */
export interface NativeMovement {
  readonly from: Address;
  readonly to: Address;
  /** Wei, above 0. */
  readonly amount: bigint;
}

export type TokenStandard = 'erc20' | 'erc721' | 'erc1155';

/** What a token contract claims by its own event; a contract may emit anything. */
export interface TokenMovement {
  readonly standard: TokenStandard;
  readonly token: Address;
  readonly from: Address;
  readonly to: Address;
  /** Units; 1 for an erc721. */
  readonly amount: bigint;
  /** Of erc721 and erc1155. */
  readonly id: bigint | undefined;
}

export interface Approval {
  readonly kind: 'amount' | 'token-id' | 'all' | 'permit2';
  readonly token: Address;
  readonly owner: Address;
  readonly spender: Address;
  /** Units, or the number of the token; for `all` 1 means granted and 0 taken back. */
  readonly amount: bigint;
}

export type ControlSlot =
  | 'singleton'
  | 'module'
  | 'owner'
  | 'owner-count'
  | 'threshold'
  | 'guard'
  | 'module-guard'
  | 'fallback-handler'
  | 'implementation'
  | 'admin'
  | 'beacon'
  | 'code';

/** A word that decides who rules over an account, different after the simulation. */
export interface ControlWrite {
  readonly account: Address;
  readonly area: ControlSlot;
  /** 32 bytes as lower hex; empty for `code`. */
  readonly slot: string;
  /** The owner or module of a list entry, where the key of the entry was seen. */
  readonly entry: Address | undefined;
  readonly before: bigint;
  readonly after: bigint;
  /** Whose code wrote it last. */
  readonly code: Address;
  /** Written by code that is neither the account's own nor that of its implementation. */
  readonly isForeign: boolean;
}

export interface DelegateCall {
  /** Whose money and storage the code uses. */
  readonly account: Address;
  /** Whose code runs. */
  readonly target: Address;
  /** Four bytes as lower hex; `undefined` if there are fewer. */
  readonly selector: string | undefined;
  /** Undone by a revert further out. */
  readonly isUndone: boolean;
  /** Of an account of ours: neither the implementation that it had, nor a batch contract that only forwards calls. */
  readonly isForeign: boolean;
}

export interface CreatedContract {
  readonly address: Address;
  readonly creator: Address;
  /** Bytes of code. */
  readonly size: number;
}

export interface DestroyedContract {
  readonly address: Address;
  readonly beneficiary: Address;
}

export interface ChangedWord {
  readonly account: Address;
  /** 32 bytes as lower hex. */
  readonly slot: string;
  readonly after: bigint;
}

export interface BalanceChange {
  readonly account: Address;
  /** Wei. */
  readonly before: bigint;
  readonly after: bigint;
}

/** Whether another simulation, by the node that was asked, saw the same. */
export type CrossCheck =
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'agrees'; readonly by: string }
  | { readonly kind: 'differs'; readonly by: string; readonly facts: readonly string[] };

export interface SimulationReport {
  readonly basis: SimulationBasis;
  /** What ran: the transaction itself, or a Safe transaction as if all needed owners had approved it. */
  readonly subject: 'transaction' | 'safe-transaction';
  /** The wallet, and every account that acts in the decoded calls. */
  readonly own: readonly Address[];
  readonly outcome: SimulationOutcome;
  readonly gasUsed: bigint;
  /** Wei, for the gas used; 0 for a Safe transaction, which somebody else submits. */
  readonly fee: bigint;
  /** Of all accounts touched, the fee included; the account that earns the fee is left out. */
  readonly balances: readonly BalanceChange[];
  readonly moved: readonly NativeMovement[];
  readonly tokens: readonly TokenMovement[];
  readonly approvals: readonly Approval[];
  readonly control: readonly ControlWrite[];
  readonly delegatecalls: readonly DelegateCall[];
  readonly created: readonly CreatedContract[];
  readonly destroyed: readonly DestroyedContract[];
  /** Words of storage that differ afterwards, of accounts of ours. */
  readonly words: readonly ChangedWord[];
  /** How many words differ afterwards, of any account. */
  readonly wordsChanged: number;
  /** What the reader must know about this simulation: what was assumed, cut or left out. Printable ASCII. */
  readonly notes: readonly string[];
  readonly crossCheck: CrossCheck;
}

export type SimulationCode =
  | 'SIM_NOTHING_TO_RUN'
  | 'SIM_NEEDS_WALLET'
  | 'SIM_WRONG_CHAIN'
  | 'SIM_STATE_UNAVAILABLE'
  | 'SIM_STATE_NOT_SAVED'
  | 'SIM_LIMIT'
  | 'SIM_TIMEOUT'
  | 'SIM_MEMORY'
  | 'SIM_FAILED';

/** Why there is no report. Never a reason to change a decode. */
export interface SimulationProblem {
  readonly code: SimulationCode;
  /** Printable ASCII. */
  readonly message: string;
}
