/** What the journal says of freezes and of versions of the common policy that wait. */
import { toHex } from '../../protocol/common/bytes.ts';
import type { Freeze, PolicyAnnounced, PolicyVetoed } from './records.ts';

export type GovernanceRecord = Freeze | PolicyAnnounced | PolicyVetoed;

export class GovernanceBook {
  /** Freezes in force, by the digest of their statement, oldest first. */
  readonly #frozen = new Map<string, Freeze>();
  readonly #thawed = new Set<string>();
  readonly #announced = new Map<string, PolicyAnnounced>();
  readonly #vetoed = new Set<string>();
  /** When everything was frozen; an interval without end still lasts. */
  readonly #standstills: { readonly from: number; readonly to?: number }[] = [];

  apply(record: GovernanceRecord): void {
    switch (record.type) {
      case 'freeze':
        this.#freeze(record);
        break;
      case 'policy-announced':
        if (!this.#announced.has(toHex(record.digest))) this.#announced.set(toHex(record.digest), record);
        break;
      case 'policy-vetoed':
        this.#vetoed.add(toHex(record.digest));
        break;
    }
  }

  /** Whether this wallet, or every wallet, is frozen. */
  isFrozen(walletId: Uint8Array): boolean {
    const name = toHex(walletId);
    return [...this.#frozen.values()].some((freeze) => freeze.walletId.length === 0 || toHex(freeze.walletId) === name);
  }

  freezes(): readonly Freeze[] {
    return [...this.#frozen.values()];
  }

  /** Whether a freeze has ended, seen here or not: shown again it does nothing. */
  isThawed(statement: Uint8Array): boolean {
    return this.#thawed.has(toHex(statement));
  }

  isKnownFreeze(statement: Uint8Array): boolean {
    return this.#frozen.has(toHex(statement)) || this.isThawed(statement);
  }

  announcement(digest: Uint8Array): PolicyAnnounced | undefined {
    return this.#announced.get(toHex(digest));
  }

  /** Oldest version first. */
  announcements(): readonly PolicyAnnounced[] {
    return [...this.#announced.values()].sort((a, b) => a.version - b.version);
  }

  isVetoed(digest: Uint8Array): boolean {
    return this.#vetoed.has(toHex(digest));
  }

  /** Seconds from `since` to `now` in which not everything was frozen. */
  waited(since: number, now: number): number {
    const still = this.#standstills.reduce((sum, { from, to = now }) => {
      return sum + Math.max(0, Math.min(to, now) - Math.max(from, since));
    }, 0);
    return Math.max(0, now - since - still);
  }

  #freeze(record: Freeze): void {
    const name = toHex(record.statement);
    const before = this.#isStandstill();
    if (!record.frozen) {
      this.#thawed.add(name);
      this.#frozen.delete(name);
    } else if (!this.#thawed.has(name)) this.#frozen.set(name, record);
    const after = this.#isStandstill();
    const { at = 0 } = record;
    if (!before && after) this.#standstills.push({ from: at });
    const last = this.#standstills.at(-1);
    // A clock that was set back must not end a standstill before it began.
    if (before && !after && last !== undefined)
      this.#standstills.splice(-1, 1, { ...last, to: Math.max(last.from, at) });
  }

  #isStandstill(): boolean {
    return [...this.#frozen.values()].some(({ walletId }) => walletId.length === 0);
  }
}
