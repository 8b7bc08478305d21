/**
 * An OT extension with one wrong bit in it, towards one of two peers: the first step of an attack on that peer's
 * secrets, and what its check C1 exists to catch (docs/protocol.md c.4).
 */
import { U_BYTES } from '../../../protocol/threshold/multiply/extension.ts';
import {
  type Extended,
  extend as extendHonestly,
  RECEIVER_RANDOM_BYTES,
} from '../../../protocol/threshold/multiply/receiver.ts';

export { RECEIVER_RANDOM_BYTES };

let calls = 0;

/** With three signers there are two extensions in a session; the one towards the lower index is wrong. */
export function extend(oteSid: Uint8Array, seeds: Uint8Array, choice: Uint8Array): Extended {
  const extended = extendHonestly(oteSid, seeds, choice);
  calls += 1;
  // The check value lies behind U.
  if (calls % 2 === 1) extended.message[U_BYTES] = (extended.message[U_BYTES] ?? 0) ^ 1;
  return extended;
}
