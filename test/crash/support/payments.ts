import type { Address } from '../../../protocol/payload/address.ts';
import type { Payload } from '../../../protocol/payload/payload.ts';
import { encodeTransaction } from '../../../protocol/payload/transaction.ts';
import { ETHER, PAYEE } from '../../support/treasury.ts';

export interface Payment {
  readonly nonce: bigint;
  readonly value?: bigint;
  readonly to?: Address;
  readonly chainId?: bigint;
}

/** Ether to the payee of the treasury policy, which allows up to one without asking. */
export function payment({ nonce, value = ETHER / 2n, to = PAYEE, chainId = 31337n }: Payment): Payload {
  const bytes = encodeTransaction({
    type: 'eip1559',
    chainId,
    nonce,
    gas: 21_000n,
    fees: { kind: 'cap', maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n },
    to,
    value,
    data: new Uint8Array(),
    accessList: [],
    blobs: undefined,
    authorizations: [],
  });
  return { kind: 'evm-transaction', bytes };
}
