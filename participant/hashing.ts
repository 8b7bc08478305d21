/** The platform's SHA-256 for long inputs: once in each thread, before any protocol run. */
import { createHash } from 'node:crypto';
import { installSha256 } from '../protocol/threshold/sha256.ts';

export function installPlatformHash(): void {
  installSha256((parts) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  });
}
