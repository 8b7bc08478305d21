/** Documents in which versions of the common policy travel, before anything of them is read. */
import { ANNOUNCEMENT_SCHEMA } from '../../protocol/ceremony/policy-version.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';

export function isAnnouncement(document: Json): boolean {
  return (
    typeof document === 'object' &&
    !Array.isArray(document) &&
    (document as { readonly [key: string]: Json })['schema'] === ANNOUNCEMENT_SCHEMA
  );
}

/** Digest of the policy in an announcement, if it is canonical; another one, or none, if it is not. */
export function announcedDigest(document: Json): Uint8Array | undefined {
  const policy = isAnnouncement(document) ? (document as { readonly [key: string]: Json })['policy'] : undefined;
  return policy === undefined ? undefined : documentDigest(policy);
}
