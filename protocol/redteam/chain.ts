/** What a chain is asked to show: an attack carried out for real, on a development chain. Who runs it comes from outside. */
import type { Address } from '../payload/address.ts';
import type { Payload } from '../payload/payload.ts';

export interface ChainOrder {
  /** Of the case. */
  readonly id: string;
  /** Each begins with the chain as the stage has it. */
  readonly trials: readonly ChainTrial[];
  readonly stage: ChainStage;
}

export interface ChainTrial {
  readonly label: string;
  /** What the wallet's key signs, one after another. */
  readonly payloads: readonly Payload[];
}

/** What the attacks need to find on the chain. */
export interface ChainStage {
  readonly chainId: bigint;
  readonly wallet: Address;
  /** 32 bytes. Of a wallet that exists for this only; everybody can compute it. */
  readonly walletKey: Uint8Array;
  /** Owned by the wallet alone. */
  readonly safe: Address;
  readonly token: Address;
  /** The next one of the wallet and of the Safe. */
  readonly nonce: bigint;
  readonly attacker: Address;
  readonly trojan: Address;
  readonly sweeper: Address;
  readonly payee: Address;
  /** Unix seconds. */
  readonly now: number;
}

/** Before and after, as a chain has it. */
export interface ChainOutcome {
  /** Whether anything changed. */
  readonly changed: boolean;
  /** One line for each thing that is not what it was, or why no chain would carry the payload. */
  readonly lines: readonly string[];
}

/** One outcome for each order, in their order. */
export type ChainRunner = (orders: readonly ChainOrder[]) => Promise<readonly ChainOutcome[]>;
