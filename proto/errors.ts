/** A stable, upper-case name for a failure, such as `FRAME_TOO_LARGE`. Every code is described in docs/wire.md or beside its room. */
export type WireErrorCode = Uppercase<string>;

/**
 * The one error of proto/: something that left or entered this process was refused, or could not be carried.
 * `code` is what programs switch on; `message` is for people and never holds secrets or payload bytes.
 */
export class WireError extends Error {
  override readonly name: string = 'WireError';
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a border of proto/ answers: a value, or the reason why there is none. */
export type WireResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: WireError };
