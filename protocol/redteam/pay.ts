/** The four ways in which a wallet pays. Attacks go the same ways, with one thing changed. */
import type { Address } from '../payload/address.ts';
import type { Payload } from '../payload/payload.ts';
import {
  calldata,
  type Envelope,
  execTransaction,
  multiSend,
  type SafeFields,
  type Sent,
  safePayload,
  senderSignature,
  TRANSFER,
  transaction,
} from './encode.ts';
import type { Carrier, Payment, Setting } from './types.ts';

/** Canonical MultiSendCallOnly 1.4.1, on every chain with the usual deployment. */
export const BATCH_CONTRACT: Address = '0x9641d764fc13c8b624c04430c7356c1c7c8102e2';
const GAS = { plain: 21_000n, token: 90_000n, safe: 200_000n };

/** The place around a payment. */
export interface Where extends Pick<Setting, 'chainId' | 'nonce' | 'gasPrice'> {
  readonly wallet: Pick<Setting['wallet'], 'address'>;
  /** Of batches; absent: the canonical one. */
  readonly batch?: Address | undefined;
}

export function callOf({ asset, receiver, amount }: Pick<Payment, 'asset' | 'receiver' | 'amount'>): Required<Sent> {
  if (asset === 'native') return { to: receiver, value: amount, data: new Uint8Array(0) };
  return { to: asset, value: 0n, data: calldata(TRANSFER, receiver, amount) };
}

export function pay(where: Where, payment: Payment, nonce: bigint = where.nonce): Payload {
  return carry(where, payment, callOf(payment), nonce);
}

/** Any call along the way of a payment. */
export function carry(
  where: Where,
  { carrier, safe }: { readonly carrier: Carrier; readonly safe: Address },
  call: SafeFields,
  nonce: bigint = where.nonce,
): Payload {
  switch (carrier) {
    case 'transaction':
      return direct(where, call, nonce);
    case 'safe-transaction':
      return safePayload(safe, where.chainId, { ...call, nonce });
    case 'safe-execution':
      return direct(where, { to: safe, data: execTransaction(call, senderSignature(where.wallet.address)) }, nonce);
    case 'safe-batch':
      return batch(where, safe, [call], nonce);
    default:
      return carrier satisfies never;
  }
}

export function batch(where: Where, safe: Address, calls: readonly Sent[], nonce: bigint = where.nonce): Payload {
  const to = where.batch ?? BATCH_CONTRACT;
  return safePayload(safe, where.chainId, { to, data: multiSend(calls), operation: 1, nonce });
}

export function direct(
  where: Where,
  call: Sent,
  nonce: bigint = where.nonce,
  envelope: Partial<Envelope> = {},
): Payload {
  const { chainId, gasPrice } = where;
  return transaction(call, { chainId, nonce, gas: gasOf(call), maxFeePerGas: gasPrice, ...envelope });
}

function gasOf({ data }: Sent): bigint {
  if (data === undefined || data.length === 0) return GAS.plain;
  return data.length > 100 ? GAS.safe : GAS.token;
}
