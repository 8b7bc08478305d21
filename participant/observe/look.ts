/** A look at a payload from outside its bytes that takes time: a simulation, an external checker. */
import type { Address } from '../../protocol/payload/address.ts';
import type { Decoded } from '../../protocol/payload/payload.ts';
import type { Observation } from '../../protocol/payload/risk/observed.ts';
import type { Balances } from '../../protocol/payload/risk/unusual.ts';

/** What is looked at. */
export interface Subject {
  readonly decoded: Decoded;
  /** The address whose key would sign. */
  readonly wallet: Address;
}

/** What was seen. It can only add risks. */
export interface Sight {
  readonly risks: readonly Observation[];
  /** The same for a screen, with what is no risk; sanitised. */
  readonly lines: readonly string[];
  /** What accounts hold, if the look knows. */
  readonly balances?: Balances | undefined;
}

export interface Look {
  /** For the screen and the log. */
  readonly name: string;
  /** Ends soon after `signal` is aborted; what it throws or leaves open counts as `silence`. */
  look(subject: Subject, signal: AbortSignal): Promise<Sight>;
  /** What it means that there is no answer. */
  readonly silence: Observation;
}

export const NOTHING_SEEN: Sight = { risks: [], lines: [] };
