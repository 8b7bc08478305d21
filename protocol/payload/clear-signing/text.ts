/** What clear signing yields, and what it needs to know beside descriptor and values. */
import type { Address } from '../address.ts';
import type { TokenFacts } from '../words/tokens.ts';

export interface ClearRow {
  /** Of the descriptor, sanitised; the path of the value where the value did not fit its format. */
  readonly label: string;
  /** One line, sanitised. Amounts carry their raw number, addresses are whole. */
  readonly value: string;
  readonly format: string;
}

export interface ClearText {
  /**
   * `registry`: a descriptor for exactly this contract or document on this chain. `own`: words for a function of that
   * name, whatever contract it is called on.
   */
  readonly source: 'registry' | 'own';
  /** Whose descriptor it is, like `Aave DAO, Pool V3`; sanitised. */
  readonly owner: string;
  /** Like `Supply`; sanitised. */
  readonly intent: string;
  /** The descriptor's whole sentence with the values put in, where it has one. */
  readonly sentence: string | undefined;
  readonly rows: readonly ClearRow[];
}

/** Facts that formats look up; everything is pinned or the key holder's own. */
export interface ClearContext {
  readonly chainId: bigint | undefined;
  /** Name of the chain's coin. */
  readonly coin: string;
  tokenOf(chainId: bigint | undefined, address: Address): TokenFacts | undefined;
  /** The whole address, with a name where there is one. */
  shown(address: Address): string;
  chainWords(chainId: bigint): string;
}
