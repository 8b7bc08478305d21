/**
 * Work that one judgement may take in one layer. A policy of thousands of rules and a payload of thousands of calls are
 * each welcome; where together they would keep a node busy, the payload is denied instead, and everywhere alike.
 */

/** A comparison of one rule with one call is one step, and two more for each argument, one for every eight lists and movements. */
export const MAX_STEPS = 80_000;
export const PER_STEP = 8;

export class Budget {
  #left: number;

  constructor(steps: number = MAX_STEPS) {
    this.#left = steps;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  get left(): number {
    return this.#left;
  }

  /** One step and what `lookups` cost beyond it. Whether there was enough. */
  take(lookups: number): boolean {
    this.#left -= 1 + Math.floor(lookups / PER_STEP);
    return this.#left >= 0;
  }
}
