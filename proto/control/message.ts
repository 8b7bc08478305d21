import { WireError } from '../errors.ts';

/**
 * Lines on the control socket, UTF-8 JSON, one connection a call:
 *
 *   command → node   {"method":"…","params":…}
 *   node → command   {"event":…}*   then   {"result":…}   or   {"error":{"code","message","field"?}}
 */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface ControlRequest {
  readonly method: string;
  readonly params: JsonValue;
}

export interface ControlFailure {
  /** Upper snake case, from the error tables of the product. */
  readonly code: Uppercase<string>;
  readonly message: string;
  /** The offending field of an invalid argument. */
  readonly field?: string;
}

export type ControlReply =
  | { readonly event: JsonValue }
  | { readonly result: JsonValue }
  | { readonly error: ControlFailure };

/** A failure that the node answered with; rethrown at the calling side. */
export class ControlError extends WireError {
  override readonly name: string = 'ControlError';
  readonly field: string | undefined;

  constructor(failure: ControlFailure) {
    super(failure.code, failure.message);
    this.field = failure.field;
  }
}

const METHOD = /^[a-z][a-z0-9.-]{0,63}$/;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

function isCode(text: JsonValue | undefined): text is Uppercase<string> {
  return typeof text === 'string' && CODE.test(text);
}

/** `undefined` for anything but a request with exactly its two members. */
export function parseRequest(line: string): ControlRequest | undefined {
  const value = parseObject(line);
  if (value === undefined || Object.keys(value).length !== 2) return undefined;
  const method = value['method'];
  const params = value['params'];
  if (typeof method !== 'string' || !METHOD.test(method) || params === undefined) return undefined;
  return { method, params };
}

/** `undefined` for anything but one of the three replies. */
export function parseReply(line: string): ControlReply | undefined {
  const value = parseObject(line);
  if (value === undefined || Object.keys(value).length !== 1) return undefined;
  const { event, result, error } = value;
  if (event !== undefined) return { event };
  if (result !== undefined) return { result };
  if (typeof error !== 'object' || error === null || isList(error)) return undefined;
  const { code, message, field } = error;
  if (!isCode(code) || typeof message !== 'string') return undefined;
  return { error: typeof field === 'string' ? { code, message, field } : { code, message } };
}

/**
 * What a caller may learn of a thrown value. Errors of the product carry a stable `code` and travel with their message;
 * everything else is our bug or the system's and becomes `INTERNAL`, without message or stack.
 */
export function describeFailure(error: unknown): ControlFailure {
  if (isOurs(error)) {
    const { field } = error;
    return { code: error.code, message: error.message, ...(typeof field === 'string' ? { field } : {}) };
  }
  return { code: 'INTERNAL', message: 'The node met an unexpected error; its log has the details.' };
}

/** System and Node errors also have upper-case codes, but a system call or an `ERR_` prefix with it. */
function isOurs(error: unknown): error is Error & { readonly code: Uppercase<string>; readonly field?: unknown } {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  if (!isCode(error.code) || error.code.startsWith('ERR_')) return false;
  if ('errno' in error || 'syscall' in error) return false;
  return !('family' in error && error.family === 'bug');
}

function parseObject(line: string): { readonly [key: string]: JsonValue | undefined } | undefined {
  try {
    const value = JSON.parse(line) as JsonValue;
    if (typeof value !== 'object' || value === null || isList(value)) return undefined;
    return value;
  } catch {
    return undefined;
  }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
