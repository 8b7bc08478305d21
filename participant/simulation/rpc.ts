/**
 * Questions to an Ethereum node over JSON-RPC. Whatever answers is untrusted: every answer is bounded in time and size before
 * it is parsed, no redirect is followed, and no word of an answer reaches a person without the sanitiser.
 */
import { quoted, sanitise } from '../../protocol/payload/words/sanitise.ts';

export interface RpcLimits {
  /** Milliseconds for one answer, from the question to its last byte. */
  readonly timeout: number;
  /** Bytes of one answer. Code is the longest thing asked for: 24 KiB, 48 KiB as hex. */
  readonly maxBytes: number;
}

export const RPC_LIMITS: RpcLimits = { timeout: 4_000, maxBytes: 512 * 1024 };

/** Why an answer cannot be had; the message is printable ASCII and holds nothing of the address but its host. */
export class RpcError extends Error {
  /** The node says that it does not offer this method. */
  readonly isMissing: boolean;

  constructor(message: string, isMissing = false) {
    super(message);
    this.isMissing = isMissing;
  }
}

export class Rpc {
  /** Scheme and host: providers put keys into the rest. */
  readonly name: string;
  readonly #url: string;
  readonly #limits: RpcLimits;
  #id = 0;

  /** @throws {RpcError} if the address is none that may be asked */
  constructor(address: string, limits: RpcLimits = RPC_LIMITS) {
    const url = checkNodeAddress(address);
    this.name = sanitise(`${url.protocol}//${url.host}`, 200);
    this.#url = url.href;
    this.#limits = limits;
  }

  /** The `result` of an answer, unread. */
  async ask(method: string, params: readonly unknown[], limits: Partial<RpcLimits> = {}): Promise<unknown> {
    const { maxBytes, timeout } = { ...this.#limits, ...limits };
    const id = ++this.#id;
    const text = await this.#exchange(
      JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      method,
      timeout,
      maxBytes,
    );
    const answer = parsed(text);
    if (!isRecord(answer) || answer['id'] !== id)
      throw new RpcError(`${this.name} answers ${method} with something else`);
    const { error } = answer;
    if (error !== undefined && error !== null) throw this.#refused(method, error);
    return answer['result'];
  }

  async #exchange(body: string, method: string, timeout: number, maxBytes: number): Promise<string> {
    const signal = AbortSignal.timeout(timeout);
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal,
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new RpcError(`${this.name} answers ${method} with HTTP status ${response.status}`);
      }
      return await bounded(response, maxBytes, () => new RpcError(`${this.name} answers ${method} without end`));
    } catch (error) {
      if (error instanceof RpcError) throw error;
      const why = signal.aborted ? `does not answer ${method} within ${timeout} ms` : `cannot be reached for ${method}`;
      throw new RpcError(`${this.name} ${why}`);
    }
  }

  #refused(method: string, error: unknown): RpcError {
    const { code, message } = isRecord(error) ? error : {};
    const words = typeof message === 'string' ? message : '';
    const isMissing =
      code === -32601 || /not (?:found|supported|available|exist)|unsupported|unknown method/i.test(words);
    return new RpcError(`${this.name} refuses ${method}: ${quoted(words, 120)}`, isMissing);
  }
}

/** @throws {RpcError} if the address is none that may be asked */
export function checkNodeAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new RpcError('the address of the node must begin with http:// or https://');
  }
  if (url.username === '' && url.password === '') return url;
  throw new RpcError('the address of the node must not hold a user name or a password');
}

async function bounded(response: Response, max: number, tooLong: () => Error): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > max) {
      await reader.cancel();
      throw tooLong();
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
