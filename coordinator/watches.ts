/** What the coordinator follows besides the book: how far each ceremony is, who waits for its end, how it ended. */
import { toHex } from '../protocol/common/bytes.ts';
import { Refusal } from '../protocol/common/errors.ts';
import type { Result } from './result.ts';

/** What people watch; nothing rests on it. */
export interface Progress {
  /** `party:INDEX`, or `joining:INDEX` of the next roster. */
  readonly member: string;
  readonly stage: string;
  readonly step: number;
  readonly steps: number;
}

/** A ceremony that this coordinator follows. */
export interface Watch {
  readonly patience: { over: boolean; cancel: (() => void) | undefined };
  /** By member. */
  readonly progress: Map<string, Progress>;
  readonly listeners: Set<() => void>;
  /** Ends the wait for the expiry of the proposal, once there is one. */
  expiry: (() => void) | undefined;
  /** Ends the wait for the end of the announcement. */
  alarm: (() => void) | undefined;
  /** Why it does not start although the answers are there, as a sentence; until when, in Unix seconds, if that is known. */
  waiting: { readonly because: string | undefined; readonly until: number | undefined } | undefined;
  finishing: boolean;
  result: Result | undefined;
  /** Digest of the attempt after this one. */
  next: Uint8Array | undefined;
}

export class Watches {
  readonly #watches = new Map<string, Watch>();

  of(proposal: Uint8Array): Watch {
    const name = toHex(proposal);
    const known = this.#watches.get(name);
    if (known !== undefined) return known;
    const made: Watch = {
      patience: { over: false, cancel: undefined },
      progress: new Map(),
      listeners: new Set(),
      expiry: undefined,
      alarm: undefined,
      waiting: undefined,
      finishing: false,
      result: undefined,
      next: undefined,
    };
    this.#watches.set(name, made);
    return made;
  }

  changed(proposal: Uint8Array): void {
    for (const look of [...this.of(proposal).listeners]) look();
  }

  /** Resolves with the end of this attempt. Fails with `NOT_WAITED` once `signal` says that nobody waits any more. */
  settled(proposal: Uint8Array, changed: () => void, signal: AbortSignal): Promise<Result> {
    const watch = this.of(proposal);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        changed();
        if (watch.result === undefined) return;
        watch.listeners.delete(look);
        resolve(watch.result);
      };
      signal.addEventListener('abort', () => {
        watch.listeners.delete(look);
        reject(new Refusal('NOT_WAITED', 'the command went away; the ceremony goes on'));
      });
      watch.listeners.add(look);
      look();
    });
  }
}
