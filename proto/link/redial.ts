import { randomInt } from 'node:crypto';
import { REDIAL_FIRST_MS, REDIAL_GRACE_MS, REDIAL_LAST_MS, REDIAL_REFUSED_MS, REDIAL_SETTLED_MS } from '../limits.ts';

/** Dials one peer again and again, for ever, as long as a connection is wanted. */
export class Redial {
  readonly #dial: () => Promise<void>;
  readonly #isFirst: boolean;
  #attempts = 0;
  #upSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDialling = false;
  #isStopped = false;
  #isWanted = false;
  #isRefused = false;

  /**
   * @param dial one attempt; settles in bounded time, however it ends
   * @param isFirst whether it is this side that should dial; the other one waits a while before it does, too
   */
  constructor(dial: () => Promise<void>, isFirst: boolean) {
    this.#dial = dial;
    this.#isFirst = isFirst;
  }

  /** There is no connection and there should be one. After a refusal a person has to act before it can succeed. */
  want(isRefused: boolean): void {
    // A session that ended at once says nothing good about the next attempt.
    if (this.#upSince !== undefined && performance.now() - this.#upSince >= REDIAL_SETTLED_MS) this.#attempts = 1;
    this.#upSince = undefined;
    this.#isWanted = true;
    this.#isRefused = isRefused;
    this.#schedule();
  }

  /** There is a connection. `isUp`: both sides have accepted it. */
  rest(isUp: boolean): void {
    this.#isWanted = false;
    if (isUp) this.#upSince = performance.now();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  stop(): void {
    this.#isStopped = true;
    this.rest(false);
  }

  #delay(): number {
    if (this.#isRefused) return REDIAL_REFUSED_MS;
    if (!this.#isFirst) return REDIAL_GRACE_MS;
    if (this.#attempts === 0) return 0;
    const base = Math.min(REDIAL_LAST_MS, REDIAL_FIRST_MS * 2 ** Math.min(this.#attempts - 1, 10));
    // Spread over a fifth, so that the parties of a mesh do not all call at once after a common failure.
    return base + randomInt(Math.ceil(base / 5));
  }

  #schedule(): void {
    if (this.#isStopped || this.#isDialling || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isDialling = true;
      this.#attempts += 1;
      this.#dial()
        .catch(() => {}) // told by whoever dials; the next attempt is the answer
        .finally(() => {
          this.#isDialling = false;
          if (this.#isWanted) this.#schedule();
        });
    }, this.#delay());
  }
}
