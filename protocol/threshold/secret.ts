/** A wrapper that keeps a secret out of logs, JSON and errors, and that can be wiped. */
import { BugError } from '../common/errors.ts';

const HIDDEN = '[secret]';

/** Bytes and integers are what secrets are made of; arrays of them stay together and are wiped together. */
export type SecretValue = Uint8Array | bigint | readonly bigint[] | readonly Uint8Array[];

/**
 * One secret, in a private field so that no inspector prints it. `use` lends it, `take` moves it out (once), `wipe` forgets it; any access after that is our bug.
 * Byte arrays are overwritten; a bigint can only be dropped, because JavaScript gives no way to overwrite one.
 */
export class Secret<T extends SecretValue> {
  #value: T | undefined;

  constructor(value: T) {
    this.#value = value;
  }

  get wiped(): boolean {
    return this.#value === undefined;
  }

  use<R>(action: (value: T) => R): R {
    return action(this.#held());
  }

  take(): T {
    const value = this.#held();
    this.#value = undefined;
    return value;
  }

  wipe(): void {
    const value = this.#value;
    this.#value = undefined;
    if (value instanceof Uint8Array) value.fill(0);
    if (Array.isArray(value)) for (const part of value) if (part instanceof Uint8Array) part.fill(0);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  #held(): T {
    if (this.#value === undefined)
      throw new BugError('BUG_SECRET_GONE', 'A secret was used after it had been taken or wiped.');
    return this.#value;
  }
}
