/** What permits let somebody take: EIP-2612, the form of DAI, Permit2 and EIP-3009. */
import { type Address, ZERO_ADDRESS } from '../address.ts';
import type { Movement } from '../calldata/call.ts';
import { isUnlimited } from '../calldata/movements.ts';
import { UINT256_MAX } from '../limits.ts';
import { addressField, boolField, numberField, structField, structsField } from './fields.ts';
import type { Allowance, KnownTyped, TypedField } from './reading.ts';

type Fields = readonly TypedField[];

export interface PermitFacts {
  readonly deadline: bigint | undefined;
  readonly allowances: readonly Allowance[];
  readonly movements: readonly Movement[];
}

/** `undefined`: this known type is no permit. `contract` checks the signature: the token itself, or Permit2. */
export function permitFacts(known: KnownTyped, message: Fields, contract: Address): PermitFacts | undefined {
  switch (known) {
    case 'permit-2612': {
      const owner = addressField(message, 'owner');
      const spender = addressField(message, 'spender');
      const amount = numberField(message, 'value');
      return approval(numberField(message, 'deadline'), [allowance(contract, amount, spender, owner)]);
    }
    case 'permit-dai':
      return daiPermit(message, contract);
    case 'permit2-single':
      return allowancePermit(message, [structField(message, 'details')]);
    case 'permit2-batch':
      return allowancePermit(message, structsField(message, 'details'));
    case 'permit2-transfer':
      return transferPermit(message, [structField(message, 'permitted')]);
    case 'permit2-batch-transfer':
      return transferPermit(message, structsField(message, 'permitted'));
    case 'transfer-with-authorization':
      return authorizedTransfer(message, contract);
    case 'cancel-authorization':
      return { deadline: undefined, allowances: [], movements: [] };
    default:
      return undefined;
  }
}

/** All or nothing, and `expiry` 0 means never. */
function daiPermit(message: Fields, token: Address): PermitFacts {
  const expiry = numberField(message, 'expiry');
  const amount = boolField(message, 'allowed') ? UINT256_MAX : 0n;
  const taken = allowance(token, amount, addressField(message, 'spender'), addressField(message, 'holder'));
  return approval(expiry === 0n ? undefined : expiry, [taken]);
}

/** Permit2's own allowances, each with a last second. The owner is not named: it is who signs. */
function allowancePermit(message: Fields, details: readonly Fields[]): PermitFacts {
  const spender = addressField(message, 'spender');
  const allowances = details.map((detail) => ({
    ...allowance(addressField(detail, 'token'), numberField(detail, 'amount'), spender, 'wallet'),
    expires: numberField(detail, 'expiration'),
  }));
  return approval(numberField(message, 'sigDeadline'), allowances);
}

/** Permit2's transfers by signature: once, by the spender, to wherever the spender says. */
function transferPermit(message: Fields, permitted: readonly Fields[]): PermitFacts {
  const spender = addressField(message, 'spender');
  const deadline = numberField(message, 'deadline');
  const allowances = permitted.map((part) => ({
    ...allowance(addressField(part, 'token'), numberField(part, 'amount'), spender, 'wallet'),
    expires: deadline,
  }));
  return approval(deadline, allowances);
}

function authorizedTransfer(message: Fields, token: Address): PermitFacts {
  const owner = addressField(message, 'from');
  const counterparty = addressField(message, 'to');
  const amount = numberField(message, 'value');
  const deadline = numberField(message, 'validBefore');
  const taken = { ...allowance(token, amount, counterparty, owner), expires: deadline };
  return {
    deadline,
    allowances: [taken],
    movements: [{ kind: 'transferFrom', asset: token, amount, counterparty, owner }],
  };
}

function allowance(asset: Address, amount: bigint, spender: Address, owner: Allowance['owner']): Allowance {
  return { asset, amount, unlimited: isUnlimited(amount), spender, owner, expires: undefined };
}

function approval(deadline: bigint | undefined, allowances: readonly Allowance[]): PermitFacts {
  const movements = allowances.map(({ asset, amount, spender, owner }): Movement => {
    return { kind: 'approve', asset, amount, counterparty: spender ?? ZERO_ADDRESS, owner };
  });
  return { deadline, allowances, movements };
}
