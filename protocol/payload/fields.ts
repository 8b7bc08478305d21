/** First decoder: what the RLP items of transactions and authorizations may be. Everything else is refused (throws). */
import { type Address, addressOf } from './address.ts';
import { type PayloadCode, refuse } from './refusal.ts';
import { decodeRlp, type RlpItem } from './rlp.ts';

/** Exactly one list. */
export function listOf(bytes: Uint8Array): readonly RlpItem[] {
  const item = decodeRlp(bytes);
  return item instanceof Uint8Array ? refuse('RLP_MALFORMED', 'a list is expected') : item;
}

export function bytesOf(item: RlpItem | undefined, name: string, code: PayloadCode = 'RLP_MALFORMED'): Uint8Array {
  return item instanceof Uint8Array ? item : refuse(code, `${name} is a list`);
}

/** A list inside a list. */
export function itemsOf(item: RlpItem | undefined, name: string, code: PayloadCode): readonly RlpItem[] {
  return item === undefined || item instanceof Uint8Array ? refuse(code, `${name} is not a list`) : item;
}

export function integerOf(item: RlpItem | undefined, name: string, max: bigint): bigint {
  const bytes = bytesOf(item, name);
  if (bytes[0] === 0) refuse('TX_FIELD_RANGE', `${name} has leading zeros`);
  if (bytes.length > 32) refuse('TX_FIELD_RANGE', `${name} is larger than 2^256 - 1`);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value <= max ? value : refuse('TX_FIELD_RANGE', `${name} is larger than ${max}`);
}

export function addressIn(item: RlpItem | undefined, name: string, code: PayloadCode): Address {
  const bytes = bytesOf(item, name, code);
  return bytes.length === 20 ? addressOf(bytes) : refuse(code, `${name} is not 20 bytes`);
}
