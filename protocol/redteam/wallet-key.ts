import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../common/bytes.ts';

/** A key for the wallet on a development chain. It belongs to nobody, and everybody can compute it. */
export function walletKey(wallet: string): Uint8Array {
  return sha256(utf8(`keymoot red team wallet: ${wallet}`));
}
