/** Findings about one call: allowances without a limit, and tokens that are not the account's own. */
import { type Address, checksumAddress } from '../address.ts';
import { argumentOf, isAddress } from '../calldata/arguments.ts';
import type { Call, Executor, Movement } from '../calldata/call.ts';
import type { KnownFunction, Mover } from '../calldata/functions/row.ts';
import { claimsOf, isUnlimited } from '../calldata/movements.ts';
import type { Raise } from './raise.ts';

/** The allowance module has amounts of 96 bits. */
const UNLIMITED_MODULE_FROM = 1n << 95n;

/**
 * `wallet`: the account that signs, if known. The claims of the arguments are looked at wherever they stand: foreign
 * code run by delegatecall moves nothing by them, but it borrows their looks.
 */
export function assessMoney(
  call: Call,
  known: KnownFunction | undefined,
  wallet: Address | undefined,
  raise: Raise,
): void {
  if (known === undefined || call.call === undefined || call.to === undefined || call.operation === 'authorize') return;
  const { moves } = known;
  const { args } = call.call;
  const claims = moves === undefined ? [] : claimsOf(moves, { from: call.from, to: call.to, args });
  for (const spender of unlimitedSpenders(moves, claims))
    raise('UNLIMITED_APPROVAL', `for ${checksumAddress(spender)}`);
  const operator = argumentOf(args, 'operator');
  if (isAddress(operator) && argumentOf(args, 'approved') === true) {
    raise('UNLIMITED_APPROVAL', `for ${checksumAddress(operator)}`);
  }
  const self: Executor | undefined = call.from === 'wallet' ? wallet : call.from;
  for (const owner of foreignOwners(call, known, claims, self)) {
    raise('TRANSFER_FROM_OTHER', `from ${checksumAddress(owner)}`);
  }
  const receiver = VAULT_FUNCTIONS.has(known.selector) ? argumentOf(args, 'receiver') : undefined;
  if (isAddress(receiver) && receiver !== self) raise('VAULT_TO_OTHER', `to ${checksumAddress(receiver)}`);
}

function unlimitedSpenders(moves: Mover | undefined, claims: readonly Movement[]): ReadonlySet<Address> {
  const ofModule = moves === 'allowance';
  const spenders = claims.flatMap(({ kind, amount, counterparty }) => {
    const unlimited = isUnlimited(amount) || (ofModule && amount >= UNLIMITED_MODULE_FROM);
    return kind === 'approve' && unlimited && counterparty !== 'created' ? [counterparty] : [];
  });
  return new Set(spenders);
}

/**
 * Whose tokens move by an allowance, unless they are the own ones of the account that calls. NFTs always: they are not
 * interchangeable, so that a count of them says little.
 */
function foreignOwners(
  call: Call,
  known: KnownFunction,
  claims: readonly Movement[],
  self: Executor | undefined,
): ReadonlySet<Address> {
  const args = call.call?.args ?? [];
  const owners = new Set<Address>();
  const isNft = known.moves?.startsWith('transfer-') === true;
  const named = argumentOf(args, isNft ? 'from' : 'owner');
  if (isAddress(named) && (isNft || (VAULT_EXITS.has(known.selector) && named !== self))) owners.add(named);
  for (const { kind, owner } of claims) {
    if (kind === 'transferFrom' && owner !== self && owner !== 'wallet') owners.add(owner);
  }
  return owners;
}

/** ERC-4626 `deposit`, `mint`, `withdraw` and `redeem`: whoever calls pays, the receiver gets. */
const VAULT_FUNCTIONS: ReadonlySet<string> = new Set(['6e553f65', '94bf804d', 'b460af94', 'ba087652']);
/** Of these, those that take another account's shares by its allowance. */
const VAULT_EXITS: ReadonlySet<string> = new Set(['b460af94', 'ba087652']);
