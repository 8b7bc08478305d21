/**
 * The state a simulation runs on, as somebody claims it. Nothing here is proven: a source may lie, and the worst a lie may do
 * is to add or to hide a risk of the simulation. It never reaches the decode.
 */
import type { Address } from '../payload/address.ts';

export interface BlockFacts {
  readonly number: bigint;
  /** 32 bytes as lower hex. */
  readonly hash: string;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly coinbase: Address;
  readonly gasLimit: bigint;
  /** Wei per gas; `undefined` on a chain without a base fee. */
  readonly baseFee: bigint | undefined;
  /** 32 bytes as lower hex. */
  readonly prevRandao: string;
  /** Wei per blob gas, as far as the source knows one. */
  readonly blobBaseFee: bigint | undefined;
}

export interface AccountFacts {
  readonly nonce: bigint;
  /** Wei. */
  readonly balance: bigint;
  readonly code: Uint8Array;
}

/**
 * State at one fixed block. Each method may reject with any error, and answers the same to the same question.
 * The reader bounds how often it asks, the source how long and how large an answer may be.
 */
export interface StateSource {
  /** Who claims all this, for people; without secrets, such as the key in an address of a provider. */
  readonly name: string;
  readonly chainId: bigint;
  readonly block: BlockFacts;
  account(address: Address): Promise<AccountFacts>;
  /** One storage word, 0 if it was never written. `slot` and the word are below 2^256. */
  storage(address: Address, slot: bigint): Promise<bigint>;
}

/** What one simulation may use up; wall time and memory are bounded by whoever runs it. */
export interface SimulationLimits {
  /** Gas, whatever the payload and the block allow. */
  readonly maxGas: bigint;
  /** Accounts asked of the source. */
  readonly maxAccounts: number;
  /** Storage words asked of the source. */
  readonly maxWords: number;
  /** Calls inside calls, all depths together. */
  readonly maxCalls: number;
  /** Rows of each list in a report; what concerns accounts of ours is listed in full. */
  readonly maxRows: number;
}

/** 2^24 gas is also what one transaction may use on the main network since EIP-7825. */
export const SIMULATION_LIMITS: SimulationLimits = {
  maxGas: 1n << 24n,
  maxAccounts: 512,
  maxWords: 8_192,
  maxCalls: 20_000,
  maxRows: 256,
};
