/** What a call does to money and to control, from its decoded arguments. */
import type { Address } from '../address.ts';
import type { Argument, ControlChange, Executor, Movement, Operation } from './call.ts';
import type { KnownFunction } from './table.ts';

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
  if (facts.operation === 'delegatecall') return [];
  const result: Movement[] = [];
  if (facts.value > 0n) {
    const counterparty = facts.to ?? 'created';
    result.push({ kind: 'transfer', asset: 'native', amount: facts.value, counterparty, owner: facts.from });
  }
  const token = known?.token;
  if (token === undefined || facts.to === undefined) return result;
  const amount = numberArgument(args, 'amount');
  const counterparty = addressArgument(args, token === 'approve' ? 'spender' : 'to');
  const owner = token === 'transferFrom' ? addressArgument(args, 'from') : facts.from;
  result.push({ kind: token, asset: facts.to, amount, counterparty, owner });
  return result;
}

/** The account named by the function's own meaning: the proxy of a ProxyAdmin call, else the one that runs the code. */
export function controlChangeOf(
  facts: Facts,
  known: KnownFunction | undefined,
  args: readonly Argument[],
): ControlChange | undefined {
  if (known?.control === undefined || facts.to === undefined) return undefined;
  const proxy = args.find(({ name }) => name === 'proxy')?.value;
  const self = facts.operation === 'delegatecall' ? facts.from : facts.to;
  return { area: known.control, account: typeof proxy === 'string' ? proxy : self };
}

/** An address argument by name. The table and the caller agree on names and types; anything else is our mistake. */
export function addressArgument(args: readonly Argument[], name: string): Address {
  const value = args.find((argument) => argument.name === name)?.value;
  if (typeof value === 'string') return value;
  throw new TypeError(`no address argument ${name}`);
}

export function numberArgument(args: readonly Argument[], name: string): bigint {
  const value = args.find((argument) => argument.name === name)?.value;
  if (typeof value === 'bigint') return value;
  throw new TypeError(`no number argument ${name}`);
}

export function bytesArgument(args: readonly Argument[], name: string): Uint8Array {
  const value = args.find((argument) => argument.name === name)?.value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`no bytes argument ${name}`);
}
