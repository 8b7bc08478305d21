/** Second decoder, what Solidity's `encodePacked` writes, and selectors of functions given as text; viem alone. */
import { encodePacked, type Hex, keccak256, stringToHex } from 'viem';
import { toHex } from '../common/bytes.ts';
import { refuse } from './refusal.ts';

/** What may stand in packed bytes; `bytes` only at their end, where it takes the rest. */
export type SecondPackedKind = 'address' | 'uint256' | 'bytes';

const DIGITS = { address: 40, uint256: 64 } as const;

/** Bytes cut into fields without padding, out of the hex text, and packed again. */
export function secondPacked(kinds: readonly SecondPackedKind[], data: Uint8Array): readonly unknown[] {
  const text = toHex(data);
  let rest = text;
  const values = kinds.map((kind) => {
    const digits: Hex = `0x${kind === 'bytes' ? rest : rest.slice(0, DIGITS[kind])}`;
    rest = rest.slice(digits.length - 2);
    return kind === 'uint256' ? BigInt(digits) : digits;
  });
  if (encodePacked([...kinds], values).slice(2) !== text) refuse('REENCODE_MISMATCH');
  return values;
}

/** 8 hex digits of the hash of a function's signature. */
export function secondSelector(signature: string): string {
  return keccak256(stringToHex(signature)).slice(2, 10);
}
