/**
 * The sealed shares of exports: every party hands its own to the operator, who hands them on to the recipient. Nobody
 * but the recipient can open one, and none of them stands in a transcript.
 */
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { openSealedShare, type SealedShare } from '../../protocol/ceremony/sealed-share.ts';
import type { Envelope } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';

/** Exports are rare; whoever floods pushes out its own only. */
const MAX_SHARES = 64;

export class SealedShares {
  readonly #roster: Roster;
  /** By party, oldest first. */
  readonly #shares = new Map<number, SealedShare[]>();

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  /** @returns whether it is one, and new */
  add(envelope: Envelope): boolean {
    const share = openSealedShare(envelope, this.#roster);
    if (!share.ok) return false;
    const { party } = share.value.body;
    const known = this.#shares.get(party) ?? [];
    if (known.some((item) => toHex(item.digest) === toHex(share.value.digest))) return false;
    this.#shares.set(party, [...known, share.value].slice(-MAX_SHARES));
    return true;
  }

  /** The share that this party says in its outcome it has handed over. */
  named(party: number, digest: Uint8Array): SealedShare | undefined {
    return this.#shares.get(party)?.find((share) => toHex(share.digest) === toHex(digest));
  }
}
