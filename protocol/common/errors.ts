/**
 * The error families of the whole product. A code is stable: scripts and docs/errors.md rely on it.
 *
 * - `InvalidArgument`: the caller's mistake, fixable by the caller. One sentence, the field, what to do.
 * - `Refusal`: a judgement or a protocol rule said no. A normal outcome, recorded, never a crash.
 * - `TransportError`: the network or a deadline.
 * - `BugError`: our mistake. The only family that may print a stack trace.
 *
 * A peer's abort (culprit, check, evidence) is `Abort` in protocol/threshold/errors.ts.
 */
export type ErrorFamily = 'argument' | 'refusal' | 'transport' | 'abort' | 'bug';

export abstract class KeymootError extends Error {
  abstract readonly family: ErrorFamily;
  /** Stable, upper snake case. */
  readonly code: string;

  protected constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

export class InvalidArgument extends KeymootError {
  override readonly family = 'argument';
  /** The offending field, as the caller knows it (`--roster`, `rules[2].amount.max`). */
  readonly field: string;

  constructor(code: string, field: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.field = field;
  }
}

export class Refusal extends KeymootError {
  override readonly family = 'refusal';

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

export class TransportError extends KeymootError {
  override readonly family = 'transport';

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

export class BugError extends KeymootError {
  override readonly family = 'bug';

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
