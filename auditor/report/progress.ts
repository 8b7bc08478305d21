/** How far a batch is, in lines for standard error. */
const INTERVAL_MS = 2000;

export class Progress {
  readonly #size: number | undefined;
  #began: number | undefined;
  #told = 0;
  #bytes = 0;
  #count = 0;
  #refused = 0;

  /** `size`: bytes of the whole input, if known. */
  constructor(size: number | undefined) {
    this.#size = size;
  }

  read(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Counts a payload; now and then the line to show. `now`: milliseconds of any clock that does not go back. */
  add(ok: boolean, now: number): string | undefined {
    this.#count++;
    if (!ok) this.#refused++;
    if (this.#began === undefined) {
      this.#began = now;
      this.#told = now;
    }
    if (now - this.#told < INTERVAL_MS) return undefined;
    this.#told = now;
    const done =
      this.#size === undefined || this.#size === 0 ? '' : `${Math.floor((100 * this.#bytes) / this.#size)} %, `;
    return `${done}${this.summary(now)}`;
  }

  summary(now: number): string {
    const seconds = (now - (this.#began ?? now)) / 1000;
    const rate = seconds > 0 ? `, ${Math.round(this.#count / seconds)} a second` : '';
    return `${this.#count} payloads${rate}, ${this.#refused} refused`;
  }
}
