/**
 * Bodies of the PAIRSETUP messages (docs/protocol.md a.7, p.2), type 0x20, all confidential to one receiver. Each
 * has one exact length; a reader returns `undefined` for any other. `from` and `to` are indices of the epoch.
 */
import { concat } from '../../common/bytes.ts';
import { fixed, readU32, u32 } from '../encoding.ts';
import { KAPPA } from '../math/bits.ts';
import { AT_BYTES, MUL_BYTES, OTE_BYTES, U_BYTES } from '../multiply/extension.ts';

export const PAIR = 0x20;

/** PSn has round n. PS1 runs under the epochId, the others under the pairSid. */
export const PAIR_ROUNDS = { hello: 1, choose: 2, transfer: 3, extend: 4, multiply: 5, pack: 6 } as const;

/** Two points for each base OT. */
export const POINT_PAIRS_BYTES: number = KAPPA * 66;
/** U of the mirror extension: 128 choice bits and 128 mask bits a row. */
export const MIRROR_U_BYTES: number = KAPPA * 32;
export const MIRROR_BYTES: number = MIRROR_U_BYTES + 16 + KAPPA * 16;
export const PACK_BYTES = 32;

/** Names of fields and their bytes, in order. */
type Layout<K extends string> = { readonly [N in K]: number };

/** Every field of every body. */
export const PAIR_LAYOUT: {
  readonly hello: Layout<'counter' | 'nonce'>;
  readonly answer: Layout<'counter' | 'nonce' | 'echo'>;
  readonly choose: Layout<'points' | 'z'>;
  readonly transfer: Layout<'heard' | 'points' | 'z' | 'u' | 'xh' | 'th'>;
  readonly extend: Layout<'conf' | 'u' | 'xh' | 'th'>;
  readonly multiply: Layout<'at' | 'eta' | 'mu' | 'ga0' | 'ga1' | 'gc0' | 'gc1'>;
  readonly pack: Layout<'pairEpoch'>;
} = {
  /** PS1 of i, then of j. `counter`: lifted bans of this pair in this epoch. `echo`: the nonce that is answered. */
  hello: { counter: 4, nonce: 32 },
  answer: { counter: 4, nonce: 32, echo: 32 },
  /** PS2, i only: R_0, R_1 of each base OT. */
  choose: { points: POINT_PAIRS_BYTES, z: 32 },
  /** PS3, j only: `heard` is eh of PS2; then V_0, V_1 of each base OT, and the mirror extension. */
  transfer: { heard: 32, points: POINT_PAIRS_BYTES, z: 32, u: MIRROR_U_BYTES, xh: 16, th: 16 * KAPPA },
  /** PS4: conf, then the extension of the self-test. */
  extend: { conf: 32, u: U_BYTES, xh: 16, th: 16 * KAPPA },
  /** PS5: the sender's answer of the self-test, then Ga_0, Ga_1, Gc_0, Gc_1. */
  multiply: { at: AT_BYTES, eta: 32, mu: 32, ga0: 33, ga1: 33, gc0: 33, gc1: 33 },
  pack: { pairEpoch: PACK_BYTES },
};

type Fields<K extends string> = { readonly [N in K]: Uint8Array };

/** The fields of a body as views; `undefined` unless their lengths add up to its own. */
function fieldsOf<K extends string>(layout: Layout<K>, body: Uint8Array): Fields<K> | undefined {
  let at = 0;
  const fields: [string, Uint8Array][] = [];
  for (const [name, length] of Object.entries<number>(layout)) {
    fields.push([name, body.subarray(at, at + length)]);
    at += length;
  }
  return at === body.length ? (Object.fromEntries(fields) as Fields<K>) : undefined;
}

export interface Hello {
  /** Number of lifted bans of this pair in this epoch. */
  readonly counter: number;
  readonly nonce: Uint8Array;
  /** The nonce that is answered; absent in the first message. */
  readonly echo?: Uint8Array;
}

export function writeHello(hello: Hello): Uint8Array {
  const echo = hello.echo === undefined ? [] : [fixed(hello.echo, 32)];
  return concat(u32(hello.counter), fixed(hello.nonce, 32), ...echo);
}

/** `answer`: whether the echo belongs there. */
export function readHello(body: Uint8Array, answer: boolean): Hello | undefined {
  if (answer) {
    const parts = fieldsOf(PAIR_LAYOUT.answer, body);
    return parts && { ...parts, counter: readU32(parts.counter) };
  }
  const parts = fieldsOf(PAIR_LAYOUT.hello, body);
  return parts && { ...parts, counter: readU32(parts.counter) };
}

export function readChoose(body: Uint8Array): { readonly points: Uint8Array; readonly z: Uint8Array } | undefined {
  return fieldsOf(PAIR_LAYOUT.choose, body);
}

export interface Transfer {
  readonly heard: Uint8Array;
  readonly points: Uint8Array;
  readonly z: Uint8Array;
  /** Everything before the mirror extension: what its challenge covers besides U. */
  readonly head: Uint8Array;
  /** U || xh || th. */
  readonly mirror: Uint8Array;
}

export function readTransfer(body: Uint8Array): Transfer | undefined {
  const parts = fieldsOf(PAIR_LAYOUT.transfer, body);
  if (parts === undefined) return undefined;
  const { heard, points, z } = parts;
  const split = body.length - MIRROR_BYTES;
  return { heard, points, z, head: body.subarray(0, split), mirror: body.subarray(split) };
}

export function readExtend(body: Uint8Array): { readonly conf: Uint8Array; readonly ote: Uint8Array } | undefined {
  const parts = fieldsOf(PAIR_LAYOUT.extend, body);
  return parts && { conf: parts.conf, ote: body.subarray(body.length - OTE_BYTES) };
}

export function readMultiply(
  body: Uint8Array,
): { readonly mul: Uint8Array; readonly points: readonly Uint8Array[] } | undefined {
  const parts = fieldsOf(PAIR_LAYOUT.multiply, body);
  return parts && { mul: body.subarray(0, MUL_BYTES), points: [parts.ga0, parts.ga1, parts.gc0, parts.gc1] };
}
