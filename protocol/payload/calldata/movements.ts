/** What the arguments of a known function say about money. Whether the contract called keeps to it is another matter. */
import { type Address, ZERO_ADDRESS } from '../address.ts';
import { UINT256_MAX } from '../limits.ts';
import type { AbiValue } from './abi.ts';
import { addressArgument, argumentOf, isAddress, isList, listArgument, numberArgument } from './arguments.ts';
import type { Argument, Executor, Movement } from './call.ts';
import type { Mover } from './functions/row.ts';

/** Permit2 has this address on every chain with the usual deployment. */
export const PERMIT2_ADDRESS: Address = '0x000000000022d473030f116ddee9f6b43ac78ba3';

/** No real token has as many units. */
const UNLIMITED_FROM = 1n << 128n;
/** What tokens with amounts of 96 bits take for an allowance without end. */
const ENDLESS_96_BITS = (1n << 96n) - 1n;

/** Whether an allowance of so many units has a limit in name only. */
export function isUnlimited(amount: bigint): boolean {
  return amount >= UNLIMITED_FROM || amount === ENDLESS_96_BITS;
}

export interface Claim {
  readonly from: Executor;
  /** The contract called. */
  readonly to: Address;
  readonly args: readonly Argument[];
}

/** Everything that moves or may be taken. Empty where the arguments do not tell all of it. */
export function claimsOf(mover: Mover, claim: Claim): readonly Movement[] {
  return MOVERS[mover](claim);
}

/** Whether a function of Permit2 is called at Permit2; `undefined` for the functions of others. */
export function isPermit2(mover: Mover, to: Address | undefined): boolean | undefined {
  return mover.startsWith('permit2-') ? to === PERMIT2_ADDRESS : undefined;
}

const MOVERS: Readonly<Record<Mover, (claim: Claim) => readonly Movement[]>> = {
  transfer: ({ from, to, args }) => [
    { kind: 'transfer', asset: to, amount: amountOf(args), counterparty: addressArgument(args, 'to'), owner: from },
  ],
  approve: ({ from, to, args }) => [approval(to, amountOf(args), addressArgument(args, 'spender'), from)],
  transferFrom: ({ to, args }) => [taken(to, amountOf(args), args)],
  'transfer-nft': ({ to, args }) => [{ ...taken(to, 1n, args), tokenId: numberArgument(args, 'tokenId') }],
  'transfer-nfts': ({ to, args }) => [{ ...taken(to, amountOf(args), args), tokenId: numberArgument(args, 'id') }],
  'transfer-batch': batchOfNfts,
  permit: ({ to, args }) => [
    approval(to, amountOf(args), addressArgument(args, 'spender'), addressArgument(args, 'owner')),
  ],
  'permit-all': ({ to, args }) => {
    const allowed = argumentOf(args, 'allowed') === true;
    return allowed ? [approval(to, UINT256_MAX, addressArgument(args, 'spender'), addressArgument(args, 'owner'))] : [];
  },
  'authorized-transfer': ({ to, args }) => [taken(to, amountOf(args), args)],
  'permit2-approve': ({ from, args }) => [
    approval(addressArgument(args, 'token'), amountOf(args), addressArgument(args, 'spender'), from),
  ],
  'permit2-permit': permit2Permit,
  'permit2-transfer': ({ args }) => [taken(addressArgument(args, 'token'), amountOf(args), args)],
  'permit2-transfers': ({ args }) => listArgument(args, 'transfers').flatMap(permit2Transfer),
  'permit2-signed-transfer': permit2SignedTransfer,
  allowance: moduleAllowance,
  'allowance-transfer': moduleTransfer,
};

function amountOf(args: readonly Argument[]): bigint {
  return numberArgument(args, 'amount');
}

function approval(asset: Movement['asset'], amount: bigint, counterparty: Address, owner: Executor): Movement {
  return { kind: 'approve', asset, amount, counterparty, owner };
}

function taken(asset: Movement['asset'], amount: bigint, args: readonly Argument[]): Movement {
  const [owner, counterparty] = [addressArgument(args, 'from'), addressArgument(args, 'to')];
  return { kind: 'transferFrom', asset, amount, counterparty, owner };
}

function batchOfNfts({ to, args }: Claim): readonly Movement[] {
  const [ids, amounts] = [listArgument(args, 'ids'), listArgument(args, 'amounts')];
  if (ids.length !== amounts.length) return [];
  return ids.flatMap((tokenId, i) => {
    const amount = amounts[i];
    return typeof tokenId === 'bigint' && typeof amount === 'bigint' ? [{ ...taken(to, amount, args), tokenId }] : [];
  });
}

/** One `details` or a list of them: token, amount, expiration, nonce. */
function permit2Permit({ args }: Claim): readonly Movement[] {
  const owner = addressArgument(args, 'owner');
  const permit = argumentOf(args, 'permitSingle') ?? argumentOf(args, 'permitBatch');
  const [details, spender] = tuple(permit);
  if (!isAddress(spender)) return [];
  return oneOrMore(details).flatMap((detail) => {
    const [token, amount] = tuple(detail);
    return isAddress(token) && typeof amount === 'bigint' ? [approval(token, amount, spender, owner)] : [];
  });
}

function permit2Transfer(entry: AbiValue): readonly Movement[] {
  const [owner, counterparty, amount, asset] = tuple(entry);
  if (!isAddress(owner) || !isAddress(counterparty) || typeof amount !== 'bigint' || !isAddress(asset)) return [];
  return [{ kind: 'transferFrom', asset, amount, counterparty, owner }];
}

/** Tokens stand in the signed permit, receivers and amounts beside it, entry by entry. */
function permit2SignedTransfer({ args }: Claim): readonly Movement[] {
  const owner = addressArgument(args, 'owner');
  const permitted = oneOrMore(tuple(argumentOf(args, 'permit'))[0]);
  const details = oneOrMore(argumentOf(args, 'transferDetails'));
  if (permitted.length !== details.length) return [];
  return permitted.flatMap((permission, i) => {
    const [asset] = tuple(permission);
    const [counterparty, amount] = tuple(details[i]);
    if (!isAddress(asset) || !isAddress(counterparty) || typeof amount !== 'bigint') return [];
    return [{ kind: 'transferFrom', asset, amount, counterparty, owner } as const];
  });
}

/** An allowance that renews itself has no total, so it counts as not told. */
function moduleAllowance({ from, args }: Claim): readonly Movement[] {
  if (numberArgument(args, 'resetTimeMin') !== 0n) return [];
  const amount = numberArgument(args, 'allowanceAmount');
  return [approval(moduleAsset(args), amount, addressArgument(args, 'delegate'), from)];
}

/** With a payment, something goes to whoever sends the transaction, so that this is not all. */
function moduleTransfer({ args }: Claim): readonly Movement[] {
  if (numberArgument(args, 'payment') !== 0n) return [];
  const [owner, counterparty] = [addressArgument(args, 'safe'), addressArgument(args, 'to')];
  return [{ kind: 'transferFrom', asset: moduleAsset(args), amount: amountOf(args), counterparty, owner }];
}

function moduleAsset(args: readonly Argument[]): Movement['asset'] {
  const token = addressArgument(args, 'token');
  return token === ZERO_ADDRESS ? 'native' : token;
}

function tuple(value: AbiValue | undefined): readonly AbiValue[] {
  return isList(value) ? value : [];
}

/** A tuple alone or a list of tuples, by whether its first item is one itself. */
function oneOrMore(value: AbiValue | undefined): readonly AbiValue[] {
  const items = tuple(value);
  return items.length === 0 || isList(items[0]) ? items : [items];
}
