/**
 * The hot hash of hash.ts (docs/protocol.md a.4) for the loops that call it thousands of times per signature:
 * tag hash and session id fill the first SHA-256 block, so its state is computed once and every call costs one
 * compression.
 */
import { utf8 } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';
import { sha256 } from './sha256.ts';
import { compress, INITIAL, readBigEndian } from './sha256-block.ts';
import type { HotTag } from './tags.ts';

/** SHA-256 state (8 words) after the block of tag hash and session id. As secret as the session id: public. */
export type Midstate = Int32Array;

const tagHashes = new Map<HotTag, Uint8Array>();

/** The midstate for all calls with this tag and 32-byte session id. */
export function midstate(tag: HotTag, sid: Uint8Array): Midstate {
  if (sid.length !== 32) throw new BugError('BUG_SID_LENGTH', `A sid is 32 bytes, not ${sid.length}.`);
  let tagHash = tagHashes.get(tag);
  if (tagHash === undefined) {
    tagHash = sha256(utf8(`dkls-ts/v2/hot/${tag}`));
    tagHashes.set(tag, tagHash);
  }
  const block = new Int32Array(16);
  readBigEndian(tagHash, block, 0);
  readBigEndian(sid, block, 8);
  const state = new Int32Array(8);
  compress(INITIAL, block, state);
  return state;
}

/**
 * A scratch block for messages of `words` words (at most 13). The caller fills words 0..words-1 before each
 * `compress`; the padding is already there. It holds what was hashed last: fill it with zeros when done.
 */
export function hotBlock(words: number): Int32Array {
  if (words > 13) throw new BugError('BUG_HOT_LENGTH', 'A hot input is at most 52 bytes.');
  const block = new Int32Array(16);
  block[words] = 0x80000000;
  block[15] = (64 + 4 * words) * 8;
  return block;
}
