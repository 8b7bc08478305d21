/** The two hash functions of the protocol (docs/protocol.md a.4). */
import { utf8 } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';
import { midstate } from './hot-hash.ts';
import { sha256, shortSha256 } from './sha256.ts';
import type { HotTag, Tag } from './tags.ts';

/** 32 zero bytes: the sid slot where no id exists. */
export const ZERO_SID: Uint8Array = new Uint8Array(32);

/** The longest hot input: prefix, sid and input then end within the second SHA-256 block's padding or one more. */
const HOT_INPUT_MAX = 52;

const prefixes = new Map<string, Uint8Array>();

function prefix(label: string): Uint8Array {
  const known = prefixes.get(label);
  if (known !== undefined) return known;
  const made = sha256(utf8(`dkls-ts/v2/${label}`));
  prefixes.set(label, made);
  return made;
}

function lengthBytes(length: number): Uint8Array {
  return new Uint8Array([length >>> 24, length >>> 16, length >>> 8, length]);
}

function requireSid(sid: Uint8Array): void {
  if (sid.length !== 32) throw new BugError('BUG_SID_LENGTH', `A sid is 32 bytes, not ${sid.length}.`);
}

/**
 * `SHA256(SHA256("dkls-ts/v2/" || tag) || sid || u32(m) || u32(|f1|) || f1 || …)`, 32 bytes.
 * Fields are length-prefixed, so no two field lists collide.
 */
export function H(tag: Tag, sid: Uint8Array, ...fields: Uint8Array[]): Uint8Array {
  requireSid(sid);
  const parts = [prefix(tag), sid, lengthBytes(fields.length)];
  for (const field of fields) parts.push(lengthBytes(field.length), field);
  return sha256(...parts);
}

/** The state of `hot` after its first block, which depends on tag and sid only. */
export interface HotMidstate {
  /** `hot(tag, sid, w)`, 32 bytes; `w` is at most 52 bytes. */
  digest(w: Uint8Array): Uint8Array;
}

export function hotMidstate(tag: HotTag, sid: Uint8Array): HotMidstate {
  const state = midstate(tag, sid);
  return {
    digest(w: Uint8Array): Uint8Array {
      if (w.length > HOT_INPUT_MAX)
        throw new BugError('BUG_HOT_LENGTH', `A hot input is at most 52 bytes, not ${w.length}.`);
      return shortSha256(state, 64, [w]);
    },
  };
}

/** `SHA256(SHA256("dkls-ts/v2/hot/" || tag) || sid || w)`, 32 bytes, |w| <= 52: one compression after the midstate. */
export function hot(tag: HotTag, sid: Uint8Array, w: Uint8Array): Uint8Array {
  return hotMidstate(tag, sid).digest(w);
}
