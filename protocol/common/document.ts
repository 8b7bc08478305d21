import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from './bytes.ts';
import { canonicalBytes, type Json } from './canonical-json.ts';

/** 32 bytes that name a document by its content: policies, evaluation inputs, wallets. Statements refer to them so. */
export function documentDigest(content: Json): Uint8Array {
  return sha256(concat(utf8('keymoot.document.v1\0'), canonicalBytes(content)));
}
