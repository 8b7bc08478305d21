/** Words of 32 bytes, as contracts and EIP-712 hash them. */
import { fromHex } from '../common/bytes.ts';
import type { Address } from './address.ts';

const WORD = 32;

/** A number from 0 to 2^256 - 1; one outside throws. */
export function numberWord(value: bigint): Uint8Array {
  const word = new Uint8Array(WORD);
  const view = new DataView(word.buffer);
  let rest = value;
  let at = WORD - 4;
  for (; rest > 0n && at >= 0; at -= 4) {
    view.setUint32(at, Number(rest & 0xffff_ffffn));
    rest >>= 32n;
  }
  if (rest !== 0n) throw new RangeError('a number outside a word');
  return word;
}

/** An address on the right, as a number. */
export function addressWord(address: Address): Uint8Array {
  const word = new Uint8Array(WORD);
  const bytes = fromHex(address.slice(2));
  if (bytes?.length !== 20) throw new RangeError('an address is 20 bytes');
  word.set(bytes, 12);
  return word;
}
