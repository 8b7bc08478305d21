/** Bans, their lifts and failed pair setups, by epoch and peer (docs/protocol.md d.7, p.5). */
import { MAX_LIFTS } from '../../protocol/ceremony/ban-lift.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import type { Ban, BanLifted, PairFail, PairFailReset } from './records.ts';

/** Failed setups after which a pair is refused until its key holder looks: at most 4 bits can be guessed that way. */
export const MAX_PAIR_FAILS = 16;

type PairRecord = Ban | BanLifted | PairFail | PairFailReset;

export class PairBook {
  /** The ban in force of each pair. */
  readonly #bans = new Map<string, Ban>();
  /** All bans of each pair, lifted ones included. */
  readonly #counts = new Map<string, number>();
  readonly #lifted = new Map<string, number>();
  readonly #fails = new Map<string, number>();

  /** The ban in force, if there is one. */
  ban(epochId: Uint8Array, peer: number): Ban | undefined {
    return this.#bans.get(pairKey(epochId, peer));
  }

  /** Bans of this pair in this epoch, lifted ones included. */
  banCount(epochId: Uint8Array, peer: number): number {
    return this.#counts.get(pairKey(epochId, peer)) ?? 0;
  }

  /** Lifts of this pair in this epoch: `ctr` of the pair setup. Both sides count a lift, also the one without a ban. */
  liftedCount(epochId: Uint8Array, peer: number): number {
    return this.#lifted.get(pairKey(epochId, peer)) ?? 0;
  }

  /** Failed setups since the last reset. */
  failCount(epochId: Uint8Array, peer: number): number {
    return this.#fails.get(pairKey(epochId, peer)) ?? 0;
  }

  /** Whether nothing may run with this peer in this epoch: banned, or too many failed setups. */
  isBarred(epochId: Uint8Array, peer: number): boolean {
    return this.ban(epochId, peer) !== undefined || this.failCount(epochId, peer) >= MAX_PAIR_FAILS;
  }

  check(record: Ban | BanLifted): Refusal | undefined {
    const { epochId, peer } = record;
    if (record.type === 'ban') {
      const count = this.banCount(epochId, peer);
      if (record.count === count + 1) return undefined;
      return refuse('BAN_COUNT_WRONG', `ban ${record.count} does not follow ban ${count}`);
    }
    const lifted = this.liftedCount(epochId, peer);
    if (lifted >= MAX_LIFTS || this.banCount(epochId, peer) > MAX_LIFTS) {
      return refuse('BAN_PERMANENT', 'after a second ban only a reshare helps');
    }
    if (record.counter === lifted + 1) return undefined;
    return refuse('BAN_COUNT_WRONG', `lift ${record.counter} does not follow lift ${lifted}`);
  }

  apply(record: PairRecord): void {
    const key = pairKey(record.epochId, record.peer);
    switch (record.type) {
      case 'ban':
        this.#bans.set(key, record);
        this.#counts.set(key, record.count);
        break;
      case 'ban-lifted':
        this.#bans.delete(key);
        this.#lifted.set(key, record.counter);
        break;
      case 'pair-fail':
        this.#fails.set(key, (this.#fails.get(key) ?? 0) + 1);
        break;
      case 'pair-fail-reset':
        this.#fails.delete(key);
        break;
    }
  }
}

function pairKey(epochId: Uint8Array, peer: number): string {
  return `${toHex(epochId)}/${peer}`;
}

function refuse(code: string, why: string): Refusal {
  return new Refusal(code, `Refused by the journal: ${why}.`);
}
