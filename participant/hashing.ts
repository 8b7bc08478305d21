/** The platform's SHA-256 for long inputs: once in each thread, before any protocol run. */
import { hash } from 'node:crypto';
import { concat } from '../protocol/common/bytes.ts';
import { installSha256 } from '../protocol/threshold/sha256.ts';

export function installPlatformHash(): void {
  installSha256((parts) => new Uint8Array(hash('sha256', concat(...parts), 'buffer')));
}
