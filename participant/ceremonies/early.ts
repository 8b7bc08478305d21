/**
 * Round messages that arrive before this node has accepted the start they belong to: a peer may be a moment ahead.
 * Kept briefly and within bounds; they are still unauthenticated bytes.
 */
import { toHex } from '../../protocol/common/bytes.ts';

/** Two rounds of ten peers fit; a flood only pushes out its own. */
const MAX_ENVELOPES = 64;
const MAX_BYTES: number = 4 << 20;

export class EarlyEnvelopes {
  #held: { readonly sid: string; readonly bytes: Uint8Array }[] = [];

  hold(sid: Uint8Array, bytes: Uint8Array): void {
    this.#held.push({ sid: toHex(sid), bytes });
    while (this.#held.length > MAX_ENVELOPES || this.#size() > MAX_BYTES) this.#held.shift();
  }

  /** Takes out what belongs to a session that has now begun. */
  release(sid: Uint8Array): readonly Uint8Array[] {
    const name = toHex(sid);
    const released = this.#held.filter((held) => held.sid === name);
    this.#held = this.#held.filter((held) => held.sid !== name);
    return released.map((held) => held.bytes);
  }

  #size(): number {
    return this.#held.reduce((sum, held) => sum + held.bytes.length, 0);
  }
}
