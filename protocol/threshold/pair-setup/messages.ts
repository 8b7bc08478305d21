/**
 * Bodies of the PAIRSETUP messages (docs/protocol.md a.7, p.2), type 0x20, all confidential to one receiver. Each
 * has one exact length; a reader returns `undefined` for any other. `from` and `to` are indices of the epoch.
 */
import { concat } from '../../common/bytes.ts';
import { fixed, readU32, split, u32 } from '../encoding.ts';
import { KAPPA } from '../math/bits.ts';
import { MUL_BYTES, OTE_BYTES } from '../multiply/extension.ts';

export const PAIR = 0x20;

/** PSn has round n. PS1 runs under the epochId, the others under the pairSid. */
export const PAIR_ROUNDS = { hello: 1, choose: 2, transfer: 3, extend: 4, multiply: 5, pack: 6 } as const;

/** Two points for each base OT: of PS2 and, without z, of PS3. */
export const POINT_PAIRS_BYTES: number = KAPPA * 66;
export const TRANSFER_BYTES: number = POINT_PAIRS_BYTES + 32;
export const PACK_BYTES = 32;

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
    const parts = split(body, [4, 32, 32]);
    return parts && { counter: readU32(parts[0]), nonce: parts[1], echo: parts[2] };
  }
  const parts = split(body, [4, 32]);
  return parts && { counter: readU32(parts[0]), nonce: parts[1] };
}

/** PS3: V_0, V_1 of each base OT, then z. */
export function readTransfer(body: Uint8Array): { readonly points: Uint8Array; readonly z: Uint8Array } | undefined {
  if (body.length !== TRANSFER_BYTES) return undefined;
  return { points: body.subarray(0, POINT_PAIRS_BYTES), z: body.subarray(POINT_PAIRS_BYTES) };
}

/** PS4: conf, then the extension of the self-test. */
export function readExtend(body: Uint8Array): { readonly conf: Uint8Array; readonly ote: Uint8Array } | undefined {
  if (body.length !== 32 + OTE_BYTES) return undefined;
  return { conf: body.subarray(0, 32), ote: body.subarray(32) };
}

/** PS5: the sender's answer of the self-test, then Ga_0, Ga_1, Gc_0, Gc_1. */
export function readMultiply(
  body: Uint8Array,
): { readonly mul: Uint8Array; readonly points: readonly Uint8Array[] } | undefined {
  if (body.length !== MUL_BYTES + 132) return undefined;
  const points = [0, 33, 66, 99].map((at) => body.subarray(MUL_BYTES + at, MUL_BYTES + at + 33));
  return { mul: body.subarray(0, MUL_BYTES), points };
}
