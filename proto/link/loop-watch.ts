/** How long the event loop of this process stood still: meanwhile nobody is answered and no beat leaves. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** Of the clock that watches; it cannot see shorter blocks. Milliseconds. */
const RESOLUTION = 10;
/** `recent` looks back this far, at most twice as far; milliseconds. */
const WINDOW = 10_000;

export class LoopWatch {
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  #windowBegan: number = performance.now();
  #before = 0;
  #longest = 0;

  constructor() {
    this.#delays.enable();
  }

  /** To be called often. */
  tick(now: number): void {
    if (now - this.#windowBegan < WINDOW) return;
    this.#before = this.#current();
    this.#longest = Math.max(this.#longest, this.#before);
    this.#windowBegan = now;
    this.#delays.reset();
  }

  /** Longest block since the start, milliseconds. */
  get longest(): number {
    return Math.max(this.#longest, this.#current());
  }

  /** Longest block of the last 10 to 20 seconds, milliseconds. */
  get recent(): number {
    return Math.max(this.#before, this.#current());
  }

  stop(): void {
    this.#delays.disable();
  }

  #current(): number {
    return Math.max(0, this.#delays.max / 1e6 - RESOLUTION);
  }
}
