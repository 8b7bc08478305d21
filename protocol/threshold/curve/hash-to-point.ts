/**
 * A random oracle into the group by try-and-increment. The number of tries depends on the message, so the message
 * must be public; nothing secret may decide which messages are hashed either.
 *
 * For counter = 0, 1, 2, … (u32) let, with || for concatenation and all integers big-endian,
 *
 *     block(part) = SHA-256( u8(|dst|) || dst || u32(|message|) || message || u32(counter) || u8(part) )
 *
 * where dst is ASCII, at most 255 bytes. x = block(0) as a 256-bit integer. If x >= p (the field prime; about
 * 2^-128), or no point has x coordinate x (about every second time), the next counter is tried. Otherwise the point
 * is the one with this x whose y is odd iff the lowest bit of the last byte of block(1) is set.
 *
 * Every point except O has exactly one (x, parity of y), since no point has y = 0 in a group of odd order. x is
 * uniform below 2^256, hence after the refusals uniform over the x coordinates of points, and the parity is an
 * independent bit: the output is uniform over the group without O. Every input to SHA-256 is fixed by (dst, message,
 * counter, part) and no two of those share one.
 */
import { utf8 } from '../../common/bytes.ts';
import { BugError } from '../../common/errors.ts';
import { u8, u32 } from '../encoding.ts';
import { sha256 } from '../sha256.ts';
import type { Curve, Point } from './curve.ts';

export function tryAndIncrement(curve: Pick<Curve, 'liftX' | 'negate'>, message: Uint8Array, dst: string): Point {
  const tag = utf8(dst);
  if (tag.length > 255) throw new BugError('BUG_DST_LENGTH', 'A domain separation tag has at most 255 bytes.');
  const block = (counter: number, part: number): Uint8Array =>
    sha256(u8(tag.length), tag, u32(message.length), message, u32(counter), u8(part));
  for (let counter = 0; ; counter++) {
    const even = curve.liftX(block(counter, 0), false);
    if (even === undefined) continue;
    const odd = ((block(counter, 1)[31] ?? 0) & 1) === 1;
    return odd ? curve.negate(even) : even;
  }
}
