/**
 * The signature block of `execTransaction`. Only its shape can be judged here: which hash the entries sign depends on
 * the Safe's own nonce. Shape matters, since bytes behind the entries that a Safe needs are executed unread.
 */
import { toHex } from '../../common/bytes.ts';
import { refuse } from '../refusal.ts';

const ENTRY = 65;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * Refuses a block that is not a whole number of entries, each a pre-approval (v = 1) or an ECDSA signature
 * (v = 27, 28, or 31, 32 for the eth_sign form). Contract signatures (v = 0) point into a tail and are not supported.
 */
export function checkSafeSignatures(block: Uint8Array): void {
  if (block.length % ENTRY !== 0) refuse('SAFE_SIGNATURES');
  for (let at = 0; at < block.length; at += ENTRY) checkEntry(block.subarray(at, at + ENTRY));
}

function checkEntry(entry: Uint8Array): void {
  const r = BigInt(`0x${toHex(entry.subarray(0, 32))}`);
  const s = BigInt(`0x${toHex(entry.subarray(32, 64))}`);
  const v = entry[64];
  if (v === 0) refuse('SAFE_SIGNATURES', 'contract signatures (EIP-1271) are not supported');
  if (v === 1) {
    if (r >> 160n !== 0n || s !== 0n) refuse('SAFE_SIGNATURES', 'a pre-approval holds more than an owner');
    return;
  }
  if (v !== 27 && v !== 28 && v !== 31 && v !== 32) refuse('SAFE_SIGNATURES', 'an entry has an unknown kind (v)');
  if (r === 0n || r >= ORDER || s === 0n || s >= ORDER) refuse('SAFE_SIGNATURES', 'an entry is no signature');
}
