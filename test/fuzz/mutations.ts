/**
 * Changes to a payload that keep most of it meaningful: single bytes, whole slices, RLP items in a longer form, words
 * of calldata, tokens of JSON. What decoders stumble over is near a valid payload, not in noise.
 */
import type { Payload } from '../../protocol/payload/payload.ts';
import type { Random } from './random.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export function mutate(payload: Payload, other: Payload, random: Random): Payload {
  let { bytes }: { bytes: Uint8Array } = payload;
  const text = payload.kind === 'evm-typed-data' || payload.kind === 'evm-message';
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const shape = random.below(10);
    if (shape < 3) bytes = flipByte(bytes, random);
    else if (shape < 5) bytes = text ? editToken(bytes, random) : editWord(bytes, random);
    else if (shape < 7) bytes = text ? editToken(bytes, random) : editItem(bytes, random);
    else if (shape < 9) bytes = moveSlice(bytes, random);
    else bytes = splice(bytes, other.bytes, random);
  }
  return random.chance(200) ? { kind: other.kind, bytes } : { ...payload, bytes };
}

const SHARP_BYTES = [0x00, 0x01, 0x02, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xbf, 0xc0, 0xf7, 0xf8, 0xff, 0x22, 0x30, 0x7b];

function flipByte(source: Uint8Array, random: Random): Bytes {
  const bytes = source.slice();
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  if (random.chance(2)) bytes[at] = random.pick(SHARP_BYTES);
  else bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
}

/** Removes, repeats or moves up to 40 bytes, or cuts the end off, or adds one. */
function moveSlice(source: Uint8Array, random: Random): Bytes {
  const at = random.below(source.length + 1);
  const length = 1 + random.below(40);
  const slice = source.slice(at, at + length);
  const shape = random.below(4);
  if (shape === 0) return join(source.slice(0, at), source.slice(at + length));
  if (shape === 1) return join(source.slice(0, at), slice, source.slice(at));
  if (shape === 2) return source.slice(0, source.length - random.below(source.length + 1));
  return join(source.slice(0, at), random.bytes(1 + random.below(3)), source.slice(at));
}

function splice(source: Uint8Array, other: Uint8Array, random: Random): Bytes {
  const from = random.below(other.length + 1);
  const at = random.below(source.length + 1);
  const length = random.below(100);
  return join(source.slice(0, at), other.slice(from, from + length), source.slice(at + length));
}

const SHARP_WORDS = [
  0n,
  1n,
  2n,
  31n,
  32n,
  33n,
  64n,
  65n,
  96n,
  257n,
  320n,
  1n << 32n,
  1n << 64n,
  1n << 160n,
  1n << 255n,
  (1n << 256n) - 1n,
] as const;

/** Sets 32 bytes behind some selector-like position to a number on which offsets, lengths and flags break. */
function editWord(source: Uint8Array, random: Random): Bytes {
  const bytes = source.slice();
  if (bytes.length < 40) return flipByte(bytes, random);
  const start = random.below(bytes.length - 32);
  // Words of calldata begin 4 bytes behind wherever the data begins: look for a run of zeros, the head of a number.
  let at = start;
  while (at < bytes.length - 32 && (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0)) at++;
  if (at >= bytes.length - 32) at = start;
  const word = random.pick(SHARP_WORDS).toString(16).padStart(64, '0');
  bytes.set(Buffer.from(word, 'hex'), at);
  return bytes;
}

/** Rewrites one short RLP item: a leading zero, the long form of a length, a list for a string, another length. */
function editItem(source: Uint8Array, random: Random): Bytes {
  const heads: number[] = [];
  for (let i = 0; i < Math.min(source.length, 400); i++) {
    const byte = source[i] ?? 0;
    if (byte >= 0x80 && byte <= 0xb7 && i + byte - 0x80 < source.length) heads.push(i);
  }
  if (heads.length === 0) return flipByte(source, random);
  const at = random.pick(heads);
  const length = (source[at] ?? 0) - 0x80;
  const content = source.slice(at + 1, at + 1 + length);
  const item = [
    () => join(Uint8Array.of(0x80 + length + 1, 0), content),
    () => join(Uint8Array.of(0xb8, length), content),
    () => join(Uint8Array.of(0xc0 + length), content),
    () => Uint8Array.of(0x80),
    () => Uint8Array.of(0xc0),
    () => join(Uint8Array.of(0x81), content.slice(0, 1)),
  ][random.below(6)]?.();
  const changed = join(source.slice(0, at), item ?? content, source.slice(at + 1 + length));
  return random.chance(3) ? changed : fixLength(changed, source.length);
}

/** Lets the outer list have the length that is there, so that the change is looked at and not the length. */
function fixLength(bytes: Bytes, before: number): Bytes {
  const delta = bytes.length - before;
  const head = (bytes[0] ?? 0) < 0x80 ? 1 : 0;
  const first = bytes[head] ?? 0;
  if (first > 0xf7) {
    const width = first - 0xf7;
    let length = 0;
    for (let i = 1; i <= width; i++) length = length * 256 + (bytes[head + i] ?? 0);
    length += delta;
    for (let i = width; i >= 1; i--) {
      bytes[head + i] = length % 256;
      length = Math.floor(length / 256);
    }
  } else if (first >= 0xc0) bytes[head] = Math.min(0xf7, Math.max(0xc0, first + delta));
  return bytes;
}

const TOKENS: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /"[0-9]+"/g,
    [
      '"0"',
      '"00"',
      '"-1"',
      '"+1"',
      '"1.0"',
      '"1e3"',
      '""',
      '0',
      '1',
      'true',
      'null',
      '"0x1"',
      `"${2n ** 256n}"`,
      '" 1"',
    ],
  ],
  [
    /"0x[0-9a-f]*"/g,
    ['"0x"', '"0X00"', '"0x0"', '"0xzz"', '"hello"', '"0x00"', '["0x00"]', '{}', '"0x\\u0030\\u0030"'],
  ],
  [/"[a-zA-Z0-9]+":/g, ['"extra":', '"to":', '"__proto__":', '"chainId":', '"salt":', '"":', '"name":']],
  [
    /"(u?int[0-9]+|address|bytes[0-9]*|string|bool)(\[\])?"/g,
    ['"uint256"', '"uint"', '"bytes"', '"uint8"', '"Root"', '"int7"', '"address payable"', '"bytes33"'],
  ],
  [/[{}[\],:]/g, ['{', '}', '[', ']', ',', ':', ' ', ',,', '{}']],
];

function editToken(source: Uint8Array, random: Random): Bytes {
  const text = Buffer.from(source).toString('latin1');
  const [pattern, replacements] = random.pick(TOKENS);
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return flipByte(source, random);
  const token = random.pick(found);
  const end = token.index + token[0].length;
  // Sometimes the token stands twice, which makes a duplicate key or one more list item.
  const replacement = random.chance(4) ? `${token[0]}${token[0]}` : random.pick(replacements);
  return Uint8Array.from(Buffer.from(`${text.slice(0, token.index)}${replacement}${text.slice(end)}`, 'latin1'));
}

function join(...parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(Buffer.concat(parts));
}
