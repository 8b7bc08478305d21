/** The platform's SHA-256 for long inputs: once in each thread, before any protocol run. */
import { hash } from 'node:crypto';
import { installSha256 } from '../protocol/threshold/sha256.ts';

/** Room for the longest body of the protocol with what is hashed before it; longer inputs are gathered elsewhere. */
const room = new Uint8Array(66_000);

export function installPlatformHash(): void {
  installSha256((parts) => {
    const [first, ...more] = parts;
    if (first !== undefined && more.length === 0) return digest(first);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const gathered = length <= room.length ? room.subarray(0, length) : new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      gathered.set(part, at);
      at += part.length;
    }
    const result = digest(gathered);
    gathered.fill(0);
    return result;
  });
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'));
}
