/** Allows `burst` units at once and `perSecond` units in the long run. Times are milliseconds of a steady clock. */
export class Bucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #level: number;
  #at: number;

  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#level = burst;
    this.#at = now;
  }

  /** Takes units if they are there. */
  take(units: number, now: number): boolean {
    this.#refill(now);
    if (this.#level < units) return false;
    this.#level -= units;
    return true;
  }

  /** Takes units in any case; answers the milliseconds to wait until they are paid for. */
  owe(units: number, now: number): number {
    this.#refill(now);
    this.#level -= units;
    return this.#level >= 0 ? 0 : (-this.#level / this.#perSecond) * 1000;
  }

  #refill(now: number): void {
    this.#level = Math.min(this.#burst, this.#level + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
  }
}
