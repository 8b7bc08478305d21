/** What a call does to money and to control, from its decoded arguments. */
import type { Address } from '../address.ts';
import { argumentOf, isAddress } from './arguments.ts';
import type { Argument, ControlChange, Executor, Movement, Operation } from './call.ts';
import type { KnownFunction } from './functions/row.ts';
import { claimsOf, isPermit2 } from './movements.ts';

interface Facts {
  readonly operation: Operation;
  readonly from: Executor;
  readonly to: Address | undefined;
  readonly value: bigint;
}

export function movementsOf(
  facts: Facts,
  known: KnownFunction | undefined,
  args: readonly Argument[],
): readonly Movement[] {
  const { operation, from, to, value } = facts;
  if (operation === 'delegatecall') return [];
  const result: Movement[] = [];
  if (value > 0n) {
    result.push({ kind: 'transfer', asset: 'native', amount: value, counterparty: to ?? 'created', owner: from });
  }
  if (to === undefined || known?.moves === undefined) return result;
  // Permit2 moves tokens of other contracts. Any other contract with its functions does not, whatever its bytes say.
  if (isPermit2(known.moves, to) === false) return result;
  return [...result, ...claimsOf(known.moves, { from, to, args })];
}

/** The account named by the function's own meaning: the proxy of a ProxyAdmin call, else the one that runs the code. */
export function controlChangeOf(
  facts: Facts,
  known: KnownFunction | undefined,
  args: readonly Argument[],
): ControlChange | undefined {
  if (known?.control === undefined || facts.to === undefined) return undefined;
  const proxy = argumentOf(args, 'proxy');
  const self = facts.operation === 'delegatecall' ? facts.from : facts.to;
  return { area: known.control, account: isAddress(proxy) ? proxy : self };
}
