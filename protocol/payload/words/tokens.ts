/** Pinned facts about well-known tokens and chains. A token that is not listed is shown in raw units only. */
import type { Address } from '../address.ts';
import tokenData from './data/tokens.json' with { type: 'json' };

export interface TokenFacts {
  readonly symbol: string;
  readonly decimals: number;
}

const CHAINS: ReadonlyMap<bigint, { readonly name: string; readonly coin: string }> = new Map([
  [1n, { name: 'Ethereum', coin: 'ETH' }],
  [10n, { name: 'Optimism', coin: 'ETH' }],
  [56n, { name: 'BNB Smart Chain', coin: 'BNB' }],
  [100n, { name: 'Gnosis', coin: 'xDAI' }],
  [137n, { name: 'Polygon', coin: 'POL' }],
  [8453n, { name: 'Base', coin: 'ETH' }],
  [42161n, { name: 'Arbitrum One', coin: 'ETH' }],
  [43114n, { name: 'Avalanche C-Chain', coin: 'AVAX' }],
  [17000n, { name: 'Holesky, a test network', coin: 'test ETH' }],
  [31337n, { name: 'a test network of its own', coin: 'test ETH' }],
  [11155111n, { name: 'Sepolia, a test network', coin: 'test ETH' }],
  [560048n, { name: 'Hoodi, a test network', coin: 'test ETH' }],
]);

/** `chain 1 (Ethereum)`. */
export function chainWords(chainId: bigint): string {
  const known = CHAINS.get(chainId);
  return known === undefined ? `chain ${chainId}` : `chain ${chainId} (${known.name})`;
}

/** What the chain's own coin is called; a word that claims nothing where we do not know it. */
export function coinOf(chainId: bigint | undefined): string {
  return (chainId === undefined ? undefined : CHAINS.get(chainId)?.coin) ?? 'native coin';
}

/** A chain for test networks of everybody's own, where an address may hold anything. */
const OWN_NETWORK = 31_337n;

/** Whether we know the chain, and its contracts stand where everybody looks for them. */
export function isPublicChain(chainId: bigint | undefined): boolean {
  return chainId !== undefined && chainId !== OWN_NETWORK && CHAINS.has(chainId);
}

type Row = readonly [address: string, symbol: string, decimals: number];

let index: ReadonlyMap<string, TokenFacts> | undefined;

/** `undefined` also where the payload names no chain: the same address may be another token elsewhere. */
export function tokenFacts(chainId: bigint | undefined, address: Address): TokenFacts | undefined {
  if (chainId === undefined) return undefined;
  index ??= read();
  return index.get(`${chainId}:${address}`);
}

function read(): ReadonlyMap<string, TokenFacts> {
  const result = new Map<string, TokenFacts>();
  for (const [chainId, rows] of Object.entries(tokenData.chains)) {
    for (const row of rows) {
      const [address, symbol, decimals] = rowOf(row);
      result.set(`${chainId}:${address.toLowerCase()}`, { symbol, decimals });
    }
  }
  return result;
}

function rowOf(row: readonly (string | number)[]): Row {
  const [address, symbol, decimals] = row;
  if (typeof address === 'string' && typeof symbol === 'string' && typeof decimals === 'number') {
    return [address, symbol, decimals];
  }
  throw new TypeError('tokens.json: a row is address, symbol, decimals');
}
