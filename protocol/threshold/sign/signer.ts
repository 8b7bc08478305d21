/** The part of a signing session's configuration that a key share fixes. */
import type { Keyshare } from '../keygen/keyshare.ts';
import type { SignConfig } from './machine.ts';

/** Pass it on with the rest of `SignConfig`; the share is lent, not copied. */
export function signerOf(
  keyshare: Keyshare,
): Pick<SignConfig, 'epochId' | 'self' | 'threshold' | 'share' | 'publicKey' | 'parties'> {
  const { epochId, index, share, publicKey, config } = keyshare;
  const holders = config.parties.filter((row) => row.newIndex > 0);
  return {
    epochId,
    self: index,
    threshold: config.threshold,
    share,
    publicKey,
    parties: holders.map((row) => ({ index: row.newIndex, identityKey: row.identityKey })),
  };
}
