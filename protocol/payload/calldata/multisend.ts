/** First decoder, the packed list inside `multiSend(bytes)`: operation, to, value, length, data, without padding. */
import { toHex } from '../../common/bytes.ts';
import { type Address, addressOf, ZERO_ADDRESS } from '../address.ts';
import { refuse } from '../refusal.ts';

export interface PackedCall {
  readonly operation: 'call' | 'delegatecall';
  /** As written; the zero address has a meaning of its own, see `multiSendTarget`. */
  readonly to: Address;
  readonly value: bigint;
  readonly data: Uint8Array;
}

/** A field of packed bytes: an address (20 bytes), a number (32) or bytes of any length, which come last. */
export type PackedField = Address | bigint | Uint8Array;

const HEADER = 1 + 20 + 32 + 32;

/**
 * All entries of a batch. The deployed contract stops early when fewer than 33 bytes are left and reads zeros past the
 * end; here every byte belongs to exactly one entry or the batch is refused.
 */
export function decodeMultiSend(transactions: Uint8Array, maxEntries: number): readonly PackedCall[] {
  const entries: PackedCall[] = [];
  let at = 0;
  while (at < transactions.length) {
    if (entries.length >= maxEntries) refuse('LEAF_LIMIT');
    const start = at + HEADER;
    if (start > transactions.length) refuse('MULTISEND_MALFORMED', 'an entry is cut short');
    const operation = transactions[at] ?? 0xff;
    if (operation > 1) refuse('OPERATION_INVALID');
    const length = BigInt(`0x${toHex(transactions.subarray(at + 53, start))}`);
    if (length > BigInt(transactions.length - start))
      refuse('MULTISEND_MALFORMED', 'an entry is longer than the batch');
    const end = start + Number(length);
    entries.push({
      operation: operation === 1 ? 'delegatecall' : 'call',
      to: addressOf(transactions.subarray(at + 1, at + 21)),
      value: BigInt(`0x${toHex(transactions.subarray(at + 21, at + 53))}`),
      data: transactions.slice(start, end),
    });
    at = end;
  }
  return entries;
}

/** Canonical MultiSend and MultiSendCallOnly of Safe 1.5.0. */
const SINCE_1_5: ReadonlySet<string> = new Set([
  '0x218543288004cd07832472d464648173c77d7eb7',
  '0xa83c336b20401af773b6219ba5027174338d1836',
]);

/** Since 1.5.0 the zero address in a batch means the account that runs the batch, so a change of itself hides there. */
export function multiSendTarget(written: Address, multiSend: Address | undefined, self: Address | undefined): Address {
  const since15 = multiSend !== undefined && SINCE_1_5.has(multiSend);
  return written === ZERO_ADDRESS && since15 && self !== undefined ? self : written;
}
