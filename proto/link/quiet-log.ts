import type { WireErrorCode } from '../errors.ts';

/** Something worth a line in the operator's log. `detail` holds no secrets and no bytes of frames. */
export interface LinkEvent {
  readonly code: WireErrorCode;
  readonly detail: string;
}

/** The same event about the same peer is told this often; what strangers cause must not fill a disk. */
const REPEAT_MS = 10_000;
/** Different events remembered at once. Beyond it everything is told under one key. */
const REMEMBERED = 512;

/** Passes events on, repeated ones at most every ten seconds with the number left out. */
export class QuietLog {
  readonly #log: (event: LinkEvent) => void;
  readonly #last = new Map<string, { at: number; left: number }>();

  constructor(log: (event: LinkEvent) => void) {
    this.#log = log;
  }

  /** `about` is who or what it concerns: a PeerId, or `outside` for strangers. */
  tell(code: WireErrorCode, about: string, detail: string): void {
    const now = performance.now();
    const wanted = `${code} ${about}`;
    const key = this.#last.has(wanted) || this.#last.size < REMEMBERED ? wanted : 'others';
    const last = this.#last.get(key);
    if (last !== undefined && now - last.at < REPEAT_MS) {
      last.left += 1;
      return;
    }
    const left = last?.left ?? 0;
    this.#last.delete(key);
    if (this.#last.size >= REMEMBERED) this.#forget(now);
    this.#last.set(key, { at: now, left: 0 });
    const repeated = left > 0 ? ` (${left} more since the last time)` : '';
    this.#log({ code, detail: `${about}: ${detail}${repeated}` });
  }

  #forget(now: number): void {
    for (const [key, { at }] of this.#last) if (now - at >= REPEAT_MS) this.#last.delete(key);
  }
}
