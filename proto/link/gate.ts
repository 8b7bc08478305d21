import type { ConnectionGater } from '@libp2p/interface';
import { SESSIONS_BURST, SESSIONS_PER_SECOND } from '../limits.ts';
import { Bucket } from './bucket.ts';
import type { QuietLog } from './quiet-log.ts';

/**
 * Lets only listed peers through, in both directions, after they have proved their identity and before a stream can
 * exist. A listed peer that reconnects all the time is slowed down here.
 */
export function createGate(isListed: (peerId: string) => boolean, log: QuietLog): ConnectionGater {
  const buckets = new Map<string, Bucket>();

  function tooOften(peerId: string): boolean {
    const now = performance.now();
    const bucket = buckets.get(peerId) ?? new Bucket(SESSIONS_BURST, SESSIONS_PER_SECOND, now);
    buckets.set(peerId, bucket);
    return !bucket.take(1, now);
  }

  return {
    denyDialPeer: (peerId) => !isListed(peerId.toString()),
    denyInboundEncryptedConnection: (peerId) => {
      const id = peerId.toString();
      if (!isListed(id)) {
        // About strangers together: they can make as many identities as they like.
        log.tell('PEER_UNLISTED', 'outside', `refused ${id}, which is not in the roster`);
        return true;
      }
      if (!tooOften(id)) return false;
      log.tell('PEER_RECONNECTS', id, 'refused, it connects too often');
      return true;
    },
    denyOutboundEncryptedConnection: (peerId) => !isListed(peerId.toString()),
  };
}
