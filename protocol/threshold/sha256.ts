/**
 * SHA-256 of long inputs (messages of 40 KB are hashed a dozen times per signature and peer). The default is
 * @noble/hashes; a composition root may install the platform's own, several times faster. The result is the same by
 * definition, so nothing but time depends on it.
 */
import { sha256 as noble } from '@noble/hashes/sha2.js';
import { equalBytes, utf8 } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';

/** SHA-256 of the concatenation of `parts`, 32 bytes. */
export type Sha256 = (parts: readonly Uint8Array[]) => Uint8Array;

/** Below this many bytes the default is used: it costs less than a call out. */
const LONG = 512;

let long: Sha256 = reference;

function reference(parts: readonly Uint8Array[]): Uint8Array {
  const hash = noble.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Installs an implementation for long inputs, for this thread, after it has given some known answers. */
export function installSha256(implementation: Sha256): void {
  const pattern = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const known = [[], [utf8('abc')], [pattern.subarray(0, 1), new Uint8Array(0), pattern.subarray(1)]];
  if (known.some((parts) => !equalBytes(implementation(parts), reference(parts)))) {
    throw new BugError('BUG_SHA256', 'The installed SHA-256 gives wrong answers.');
  }
  long = implementation;
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return length < LONG ? reference(parts) : long(parts);
}
