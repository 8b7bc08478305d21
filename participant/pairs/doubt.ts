/**
 * Signs that this process is not where or when it believes to be: suspended, restored from a snapshot, or moved to
 * another machine (docs/protocol.md p.1). Its live pair setups may then exist twice.
 */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../protocol/common/effects.ts';

/** Wall and monotonic clock may drift apart this much since the last look, in milliseconds. */
const CLOCK_DOUBT = 5_000;

/** What the system calls the present boot of the machine; empty where it does not tell. */
export function systemBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1');
  } catch {
    return '';
  }
}

export class DoubtWatch {
  readonly #clock: Clock;
  readonly #bootId: () => string;
  #boot: string;
  #wall: number;
  #monotonic: number;

  constructor(clock: Clock, bootId: () => string = systemBootId) {
    this.#clock = clock;
    this.#bootId = bootId;
    this.#boot = bootId();
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
  }

  /** Whether the clocks have gone apart since the last look. Cheap: asked before every message. */
  clocksApart(): boolean {
    const wall = (this.#clock.now() - this.#wall) * 1000;
    return Math.abs(wall - (this.#clock.monotonic() - this.#monotonic)) > CLOCK_DOUBT;
  }

  /** Looks at everything and takes the present as the new measure. A sentence if there is a doubt. */
  look(): string | undefined {
    const apart = this.clocksApart();
    this.#wall = this.#clock.now();
    this.#monotonic = this.#clock.monotonic();
    const boot = this.#bootId();
    const isMoved = boot !== this.#boot;
    this.#boot = boot;
    if (apart) return 'wall and monotonic clock went apart';
    return isMoved ? 'the machine is not the one this process ran on' : undefined;
  }
}
