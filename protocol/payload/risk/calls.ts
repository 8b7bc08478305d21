/** Findings about one call: what it does to the control of an account, and what of it was not read. */
import { checksumAddress, ZERO_ADDRESS } from '../address.ts';
import type { Call } from '../calldata/call.ts';
import type { KnownFunction } from '../calldata/functions/row.ts';
import { isPermit2, PERMIT2_ADDRESS } from '../calldata/movements.ts';
import { BATCH_CONTRACTS } from './batch-contracts.ts';
import type { Raise } from './raise.ts';

/** `known`: the entry of the call's selector in our table. */
export function assessCall(call: Call, known: KnownFunction | undefined, raise: Raise): void {
  if (call.operation === 'authorize') return;
  if (call.operation === 'create') raise('CONTRACT_CREATE');
  if (call.operation === 'delegatecall') assessDelegatecall(call, raise);
  for (const code of known?.risks ?? []) raise(code, call.call?.signature);
  const inside = call.children.filter(({ operation }) => operation !== 'authorize').length;
  if (inside > 1 && known?.risks.includes('BATCH') !== true) raise('BATCH', `${inside} calls`);
  assessReading(call, known, raise);
  if (known !== undefined && isDisguise(call, known)) raise('SELECTOR_CONTEXT_MISMATCH', call.call?.signature);
  if (known?.moves !== undefined && isPermit2(known.moves, call.to) === false) {
    raise('DOMAIN_MISMATCH', `a function of Permit2, which is ${checksumAddress(PERMIT2_ADDRESS)}`);
  }
  if (call.safeGas !== undefined && paysRefund(call.safeGas)) raise('SAFE_REFUND');
  if (isOwnerChangeOfSelf(call) && known?.risks.includes('SAFE_SELF_CHANGE') !== true) raise('SAFE_SELF_CHANGE');
}

/** Init code is never read, which CONTRACT_CREATE says already. */
function assessReading(call: Call, known: KnownFunction | undefined, raise: Raise): void {
  if (call.operation === 'create') return;
  if (call.closed === true) raise('UNDECODED', `the inside of ${call.call?.signature ?? 'it'} was not read`);
  else if (call.data.length > 0 && call.call === undefined) {
    raise('UNDECODED', call.selector === undefined ? 'fewer than 4 bytes' : `function 0x${call.selector}`);
  } else if (known?.risks.includes('DRAINER_NAME') === true) {
    // A bait's name tells less than none: it must not be safer than a function nobody knows.
    raise('UNDECODED', `what ${known.canonical} does follows from no standard`);
  }
}

function assessDelegatecall(call: Call, raise: Raise): void {
  const target = call.to === undefined ? '' : checksumAddress(call.to);
  raise('DELEGATECALL', `to ${target}`);
  const batch = call.to !== undefined && BATCH_CONTRACTS.has(call.to) && call.call?.name === 'multiSend';
  if (!batch) raise('DELEGATECALL_UNTRUSTED', `to ${target}`);
}

/**
 * A token's function that cannot reach a token: run as foreign code, or sent to the account itself, to nobody, or to a
 * contract that is known to be something else.
 */
function isDisguise({ operation, from, to }: Call, { ofToken, moves }: KnownFunction): boolean {
  if (!ofToken) return false;
  if (operation === 'delegatecall' || to === from || to === undefined || to === ZERO_ADDRESS) return true;
  const isPermit2Itself = to === PERMIT2_ADDRESS && moves !== undefined && !moves.startsWith('permit2-');
  return isPermit2Itself || BATCH_CONTRACTS.has(to);
}

function paysRefund({ gasPrice, baseGas, gasToken, refundReceiver }: NonNullable<Call['safeGas']>): boolean {
  return gasPrice !== 0n || baseGas !== 0n || gasToken !== ZERO_ADDRESS || refundReceiver !== ZERO_ADDRESS;
}

/** A call of an account to itself with data: whatever it is, only the account itself is allowed to make it. */
function isOwnerChangeOfSelf(call: Call): boolean {
  return call.operation === 'call' && call.from !== 'wallet' && call.to === call.from && call.data.length > 0;
}
