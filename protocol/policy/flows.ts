/**
 * Where value goes, from wallet to wallet: what a payload moves must go along the edges that the policy draws. From a cold
 * wallet nothing leaves the own wallets, whatever the edges say.
 */
import type { Address } from '../payload/address.ts';
import type { NodeFacts } from './facts.ts';
import type { Request } from './match.ts';
import type { PolicyDocument } from './schema.ts';

/** Everything that is no account of a wallet of the policy. */
export const EXTERNAL = 'external';

export interface PreparedFlows {
  /** Own addresses, and whose they are. */
  readonly accounts: ReadonlyMap<Address, string>;
  /** `FROM>TO`. */
  readonly edges: ReadonlySet<string>;
  readonly classes: ReadonlyMap<string, string | undefined>;
}

/** One pair of ends; `leaf` is the first call that moves something from one to the other. */
export interface FlowLine {
  readonly leaf: string;
  readonly from: string;
  readonly to: string;
  readonly allowed: boolean;
}

export function prepareFlows({ flows, wallets }: PolicyDocument): PreparedFlows | undefined {
  if (flows === undefined) return undefined;
  const accounts = new Map<Address, string>();
  for (const [name, scope] of wallets) for (const address of scope.accounts ?? []) accounts.set(address, name);
  return {
    accounts,
    edges: new Set(flows.map(({ from, to }) => `${from}>${to}`)),
    classes: new Map([...wallets].map(([name, scope]) => [name, scope.class] as const)),
  };
}

/** Each pair of ends once, in the order of the calls. What stays within one wallet is no flow. */
export function flowsOf(flows: PreparedFlows, nodes: readonly NodeFacts[], request: Request): readonly FlowLine[] {
  const lines = new Map<string, FlowLine>();
  for (const { call, path } of nodes) {
    for (const { counterparty, owner } of call.movements) {
      const from = (owner === 'wallet' ? undefined : ownerOf(owner, flows, request)) ?? request.wallet;
      const to = (counterparty === 'created' ? undefined : ownerOf(counterparty, flows, request)) ?? EXTERNAL;
      const name = `${from}>${to}`;
      if (from === to || lines.has(name)) continue;
      lines.set(name, { leaf: path, from, to, allowed: isAllowed(flows, from, to) });
    }
  }
  return [...lines.values()];
}

function ownerOf(address: Address, { accounts }: PreparedFlows, request: Request): string | undefined {
  return address === request.address ? request.wallet : accounts.get(address);
}

function isAllowed({ classes, edges }: PreparedFlows, from: string, to: string): boolean {
  const names = (wallet: string): readonly string[] => [wallet, classes.get(wallet) ?? wallet];
  if (to === EXTERNAL && classes.get(from) === 'cold') return false;
  return names(from).some((start) => names(to).some((end) => edges.has(`${start}>${end}`)));
}
