/** Bans and failed pair setups, by epoch and peer (docs/protocol.md d.7, p.5). */
import { toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import type { Ban, BanLifted, PairFail, PairFailReset } from './records.ts';

/** Failed setups after which a pair is refused until its key holder looks: at most 4 bits can be guessed that way. */
export const MAX_PAIR_FAILS = 16;

/** A pair that was banned this often in one epoch stays banned until a reshare. */
export const MAX_BANS = 2;

type PairRecord = Ban | BanLifted | PairFail | PairFailReset;

export class PairBook {
  readonly #bans = new Map<string, Ban>();
  readonly #lifted = new Map<string, number>();
  readonly #fails = new Map<string, number>();

  /** The ban in force, if there is one. */
  ban(epochId: Uint8Array, peer: number): Ban | undefined {
    const key = pairKey(epochId, peer);
    const ban = this.#bans.get(key);
    return ban !== undefined && ban.count > (this.#lifted.get(key) ?? 0) ? ban : undefined;
  }

  /** Bans of this pair in this epoch, lifted ones included. */
  banCount(epochId: Uint8Array, peer: number): number {
    return this.#bans.get(pairKey(epochId, peer))?.count ?? 0;
  }

  /** Lifted bans of this pair in this epoch: `ctr` of the pair setup. */
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
    const count = this.banCount(record.epochId, record.peer);
    if (record.type === 'ban') {
      if (record.count === count + 1) return undefined;
      return new Refusal(
        'BAN_COUNT_WRONG',
        `Refused by the journal: ban ${record.count} does not follow ban ${count}.`,
      );
    }
    if (count >= MAX_BANS) {
      return new Refusal('BAN_PERMANENT', 'Refused by the journal: after a second ban only a reshare helps.');
    }
    if (record.count === count && this.ban(record.epochId, record.peer) !== undefined) return undefined;
    return new Refusal('BAN_COUNT_WRONG', `Refused by the journal: there is no ban ${record.count} to lift.`);
  }

  apply(record: PairRecord): void {
    const key = pairKey(record.epochId, record.peer);
    switch (record.type) {
      case 'ban':
        this.#bans.set(key, record);
        break;
      case 'ban-lifted':
        this.#lifted.set(key, record.count);
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
