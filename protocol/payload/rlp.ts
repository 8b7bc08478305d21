/**
 * RLP, written from its definition (Ethereum yellow paper, appendix B) and strict: exactly one item, shortest form
 * only, nothing after it. Part of the first decoder; the second one uses a library's parser.
 */
import { concat, fromHex } from '../common/bytes.ts';
import { refuse } from './refusal.ts';

/** A byte string or a list. Byte strings are views into the input; do not write to them. */
export type RlpItem = Uint8Array | readonly RlpItem[];

/** A transaction nests 3 deep (list, access list, entry, keys); more is refused before recursion can hurt. */
const MAX_RLP_DEPTH = 16;

export function decodeRlp(bytes: Uint8Array): RlpItem {
  const { item, end } = readItem(bytes, 0, bytes.length, 0);
  if (end !== bytes.length) refuse('RLP_MALFORMED', 'there are bytes after the end');
  return item;
}

export function encodeRlp(item: RlpItem): Uint8Array {
  if (item instanceof Uint8Array) {
    return item.length === 1 && (item[0] ?? 0) < 0x80 ? item.slice() : concat(header(0x80, item.length), item);
  }
  const body = concat(...item.map(encodeRlp));
  return concat(header(0xc0, body.length), body);
}

/** Big-endian bytes without leading zeros; zero is empty. */
export function minimalBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return fromHex(even) ?? refuse('DECODER_FAILED');
}

interface Span {
  /** First byte of the content. */
  readonly start: number;
  readonly end: number;
  readonly list: boolean;
}

function readItem(bytes: Uint8Array, at: number, limit: number, depth: number): { item: RlpItem; end: number } {
  if (depth > MAX_RLP_DEPTH) refuse('RLP_MALFORMED', 'lists are nested too deeply');
  const { start, end, list } = readHeader(bytes, at, limit);
  if (!list) return { item: bytes.subarray(start, end), end };
  const items: RlpItem[] = [];
  let position = start;
  while (position < end) {
    const next = readItem(bytes, position, end, depth + 1);
    items.push(next.item);
    position = next.end;
  }
  return { item: items, end };
}

function readHeader(bytes: Uint8Array, at: number, limit: number): Span {
  const prefix = at < limit ? bytes[at] : undefined;
  if (prefix === undefined) return refuse('RLP_MALFORMED', 'it is cut short');
  if (prefix < 0x80) return { start: at, end: at + 1, list: false };
  const list = prefix >= 0xc0;
  const short = prefix - (list ? 0xc0 : 0x80);
  if (short > 55) return readLongHeader(bytes, at, limit, short - 55, list);
  const start = at + 1;
  const end = start + short;
  if (end > limit) refuse('RLP_MALFORMED', 'an item is longer than what is left');
  if (!list && short === 1 && (bytes[start] ?? 0) < 0x80) {
    refuse('RLP_NOT_CANONICAL', 'a byte below 0x80 has a length prefix');
  }
  return { start, end, list };
}

function readLongHeader(bytes: Uint8Array, at: number, limit: number, width: number, list: boolean): Span {
  const start = at + 1 + width;
  // Four bytes count 4 GiB; no payload comes near, and the sum stays an exact integer.
  if (width > 4 || start > limit) refuse('RLP_MALFORMED', 'a length is longer than what is left');
  if (bytes[at + 1] === 0) refuse('RLP_NOT_CANONICAL', 'a length has leading zeros');
  let length = 0;
  for (let i = at + 1; i < start; i++) length = length * 256 + (bytes[i] ?? 0);
  if (length <= 55) refuse('RLP_NOT_CANONICAL', 'a short length is written in the long form');
  if (start + length > limit) refuse('RLP_MALFORMED', 'an item is longer than what is left');
  return { start, end: start + length, list };
}

function header(offset: number, length: number): Uint8Array {
  if (length <= 55) return Uint8Array.of(offset + length);
  const size = minimalBytes(BigInt(length));
  return concat(Uint8Array.of(offset + 55 + size.length), size);
}
