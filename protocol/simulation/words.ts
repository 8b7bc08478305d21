/** Words of 32 bytes as the EVM lays them out. */
import { concat, fromHex, toHex } from '../common/bytes.ts';
import { type Address, addressBytes } from '../payload/address.ts';

export function numberWord(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')) ?? new Uint8Array(32);
}

export function addressWord(address: Address): Uint8Array {
  return concat(new Uint8Array(12), addressBytes(address));
}

/** The address in the low 20 bytes of a word; the rest is dropped. */
export function addressIn(word: bigint): Address {
  return `0x${(word & ((1n << 160n) - 1n)).toString(16).padStart(40, '0')}`;
}

export function numberIn(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** A `bytes` argument: its length, its bytes, zeros up to a whole word. */
export function bytesTail(bytes: Uint8Array): Uint8Array {
  return concat(numberWord(BigInt(bytes.length)), bytes, new Uint8Array((32 - (bytes.length % 32)) % 32));
}

export function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

export function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
