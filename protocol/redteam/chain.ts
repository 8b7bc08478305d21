/** What a chain is asked to show: an attack carried out for real, on a development chain. Who runs it comes from outside. */
import type { Address } from '../payload/address.ts';
import type { Payload } from '../payload/payload.ts';

export interface ChainOrder {
  readonly id: string;
  /** What the wallet's key signs, one after another. */
  readonly payloads: readonly Payload[];
  /** What of the chain the attack needs to be there. */
  readonly stage: ChainStage;
}

export interface ChainStage {
  readonly chainId: bigint;
  readonly safe: Address;
  readonly token?: Address | undefined;
}

/** Before and after, as a chain has it. */
export interface ChainOutcome {
  /** Whether anything changed. */
  readonly changed: boolean;
  /** One line for each thing that is not what it was, or why no chain would carry the payload. */
  readonly lines: readonly string[];
}

export type ChainRunner = (orders: readonly ChainOrder[]) => Promise<readonly ChainOutcome[]>;
