/**
 * Round messages that arrive before this node has accepted the start they belong to: a peer may be a moment ahead.
 * Kept briefly and within bounds; they are still unauthenticated bytes.
 */
import { toHex } from '../../protocol/common/bytes.ts';

/**
 * Of one member: two messages of each of a few hundred sessions that are about to begin, of 11 KB the larger one. A flood
 * only pushes out its own.
 */
const MAX_ENVELOPES = 512;
const MAX_BYTES: number = 4 << 20;

interface Held {
  readonly sid: string;
  readonly bytes: Uint8Array;
}

export class EarlyEnvelopes {
  readonly #held = new Map<string, Held[]>();

  /** @param from the member whose connection brought it; round messages come from their authors */
  hold(sid: Uint8Array, bytes: Uint8Array, from: string): void {
    const held = this.#held.get(from) ?? [];
    this.#held.set(from, held);
    held.push({ sid: toHex(sid), bytes });
    while (held.length > MAX_ENVELOPES || sizeOf(held) > MAX_BYTES) held.shift();
  }

  /** Takes out what belongs to a session that has now begun. */
  release(sid: Uint8Array): readonly Uint8Array[] {
    const name = toHex(sid);
    return [...this.#held].flatMap(([from, held]) => {
      this.#held.set(
        from,
        held.filter((item) => item.sid !== name),
      );
      return held.flatMap((item) => (item.sid === name ? [item.bytes] : []));
    });
  }
}

function sizeOf(held: readonly Held[]): number {
  return held.reduce((sum, item) => sum + item.bytes.length, 0);
}
