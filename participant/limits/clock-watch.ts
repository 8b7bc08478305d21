/**
 * Windows of limits, deadlines and delays are measured by this node's own clock, so a clock that jumped, or that the
 * peers contradict, holds answers back until it is right again: a denial would end a proposal that is in order.
 */

import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { CLOCK_TOLERANCE } from '../../protocol/ceremony/lifecycle.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import type { Gate } from '../ceremonies/gate.ts';

export interface ClockWatchOptions {
  readonly clock: Clock;
  /** The latest time that was ever written down, in Unix seconds. */
  readonly latest: () => number;
}

/** What a peer's clock said at a moment of the own monotonic one, in milliseconds. */
interface Sample {
  readonly created: number;
  readonly monotonic: number;
}

export class ClockWatch implements Gate {
  readonly #options: ClockWatchOptions;
  readonly #samples = new Map<string, Sample>();
  #wall: number;
  #monotonic: number;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    this.#wall = options.clock.now();
    this.#monotonic = options.clock.monotonic();
  }

  /** A peer says what time it is: in a statement that it made for this connection. */
  heard(from: string, created: number): void {
    this.#samples.set(from, { created, monotonic: this.#options.clock.monotonic() });
    this.#settle();
  }

  gone(from: string): void {
    this.#samples.delete(from);
  }

  /** Why this node's clock is not to be relied on now. */
  doubt(): VerdictReason | undefined {
    const now = this.#options.clock.now();
    const back = this.#options.latest() - now;
    if (back > CLOCK_TOLERANCE) {
      return { code: 'CLOCK_BACK', detail: `this clock says ${now}, but ${back} s later was written down before` };
    }
    const differs = this.#median();
    if (Math.abs(differs) > CLOCK_TOLERANCE) {
      const words = differs > 0 ? 'behind' : 'ahead of';
      return { code: 'CLOCK_DIFFERS', detail: `this clock is ${Math.abs(differs)} s ${words} those of most peers` };
    }
    const jumped = this.#jump();
    if (Math.abs(jumped) > CLOCK_TOLERANCE) {
      const detail = `this clock went ${Math.abs(jumped)} s ${jumped > 0 ? 'too far' : 'back'} since it was last confirmed; it needs peers that agree, or a restart`;
      return { code: 'CLOCK_JUMPED', detail };
    }
    return undefined;
  }

  hold({ ceremony: { proposal } }: BookEntry): VerdictReason | undefined {
    return proposal.body.ceremony === 'sign' ? this.doubt() : undefined;
  }

  veto(): undefined {
    return undefined;
  }

  /** What was consented to is reserved; that its clock is doubted now changes nothing about it. */
  mayContinue(): true {
    return true;
  }

  /** Peers agree with the wall clock as it is now: whatever jump there was, it was to the right time. */
  #settle(): void {
    const { clock } = this.#options;
    if (this.#samples.size < 2 || Math.abs(this.#median()) > CLOCK_TOLERANCE) return;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
  }

  /** Seconds by which the wall clock has run ahead of the monotonic one. */
  #jump(): number {
    const { clock } = this.#options;
    const passed = Math.round((clock.monotonic() - this.#monotonic) / 1000);
    return clock.now() - this.#wall - passed;
  }

  /**
   * Seconds by which the clocks of most members are ahead of this one, itself among them; of an even number the two in
   * the middle must both say so. One liar can therefore neither hold this node back nor hide what the others say.
   */
  #median(): number {
    const { clock } = this.#options;
    const now = clock.now();
    const monotonic = clock.monotonic();
    const offsets = [...this.#samples.values()].map(
      (sample) => sample.created + Math.round((monotonic - sample.monotonic) / 1000) - now,
    );
    const sorted = [0, ...offsets].sort((a, b) => a - b);
    const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
    const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0;
    return Math.abs(low) < Math.abs(high) ? low : high;
  }
}
