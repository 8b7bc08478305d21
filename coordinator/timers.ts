import type { Clock } from '../protocol/common/effects.ts';

/** Everything that waits for a time to come, so that a process that is asked to end has nothing left to wait for. */
export class Timers {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns a function that cancels it */
  after(milliseconds: number, action: () => void): () => void {
    const cancel = this.#clock.after(Math.max(0, milliseconds), () => {
      this.#waiting.delete(cancel);
      action();
    });
    this.#waiting.add(cancel);
    return () => {
      this.#waiting.delete(cancel);
      cancel();
    };
  }

  cancelAll(): void {
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }
}
