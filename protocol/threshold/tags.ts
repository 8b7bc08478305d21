/**
 * Every hash tag there is (docs/protocol.md a.7). One table, no wildcards: a tag that is not here cannot be hashed
 * under, and two uses of one tag are a review question.
 */

/** Tags of the general hash `H`. */
export const TAGS = [
  'suite',
  'sess',
  'wallet',
  'cfg',
  'cfg/x',
  'cfg/export',
  'dkg/com',
  'dkg/sid',
  'dkg/echo2',
  'dkg/pok',
  'dkg/share-pok',
  'cc/hash',
  'cc/make',
  'cc/pub',
  'dkg/digest',
  'epoch',
  'pair/sid',
  'bot/sid',
  'bot/key',
  'mirror/sid',
  'pair/confirm',
  'pair/epoch',
  'zs/seed',
  'sign/com',
  'sign/full',
  'ote/sid',
  'ote/u',
  'ote/msg',
  'rv/sid',
  'rv/theta',
  'rv/mu',
  'rng/hedge',
] as const;
export type Tag = (typeof TAGS)[number];

/** Tags of the short-input hash `hot`, hashed under `hot/<tag>`. */
export const HOT_TAGS = ['ote/prg', 'ote/chi', 'mirror/key', 'rv/gadget', 'rv/pad', 'zs/prf'] as const;
export type HotTag = (typeof HOT_TAGS)[number];

/** Domain separation tag of the random points in base OT (a.4); not hashed through `H`. */
export const BASE_OT_DST = 'dkls-ts/v2/bot/point';

/** Schnorr proofs are made under these two tags only. */
export type ProofTag = 'dkg/pok' | 'dkg/share-pok';
