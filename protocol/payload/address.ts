import { fromHex, toHex, utf8 } from '../common/bytes.ts';
import { keccak256 } from './keccak.ts';

/** `0x` and 40 lower-case hex digits: the one form of an address inside the product. */
export type Address = `0x${string}`;

export const ZERO_ADDRESS: Address = `0x${'00'.repeat(20)}`;

/** Address of exactly 20 bytes; the caller has checked the length. */
export function addressOf(bytes: Uint8Array): Address {
  return `0x${toHex(bytes)}`;
}

export function addressBytes(address: Address): Uint8Array {
  return fromHex(address.slice(2)) ?? new Uint8Array(20);
}

/** A screen names the same few addresses many times, and each checksum costs a hash. */
const CHECKSUMS = new Map<Address, string>();
const MAX_CHECKSUMS = 4096;

/** The mixed-case form of EIP-55, for screens and files that people compare. */
export function checksumAddress(address: Address): string {
  const known = CHECKSUMS.get(address);
  if (known !== undefined) return known;
  const digits = address.slice(2);
  const hash = toHex(keccak256(utf8(digits)));
  let result = '0x';
  for (let i = 0; i < 40; i++) {
    const digit = digits[i] ?? '';
    result += Number.parseInt(hash[i] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit;
  }
  if (CHECKSUMS.size >= MAX_CHECKSUMS) CHECKSUMS.clear();
  CHECKSUMS.set(address, result);
  return result;
}

/**
 * Reads an address a person or a tool wrote: all lower case, or mixed case with the right EIP-55 checksum.
 * `'checksum'` means the digits are fine but the case is not; `undefined` means it is no address.
 */
export function parseAddress(text: string): Address | 'checksum' | undefined {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) return undefined;
  const address: Address = `0x${text.slice(2).toLowerCase()}`;
  return text === address || text === checksumAddress(address) ? address : 'checksum';
}
