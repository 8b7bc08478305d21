/** A command's end of the control socket. */
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { StoreError, systemCode } from '../rest/errors.ts';
import { MAX_REQUEST, MAX_RESPONSE } from './limits.ts';
import { LineReader } from './lines.ts';
import { ControlError, type JsonValue, parseReply } from './message.ts';
import { openSocketPath } from './socket-path.ts';

export interface ControlCallOptions {
  /** Given every pushed event, in order. */
  readonly onEvent?: (event: JsonValue) => void;
  /** Ends the call with `CONTROL_FAILED`; for leaving a `watch`. */
  readonly signal?: AbortSignal;
  /** Milliseconds until `CONTROL_TIMEOUT`; none by default, since a handler may wait for a person. */
  readonly timeout?: number;
}

/**
 * Calls a method of the node that listens at `path`. Fails with `NODE_NOT_RUNNING`, `CONTROL_FAILED`, `CONTROL_TIMEOUT`
 * (`StoreError`), or with the node's own code (`ControlError`).
 */
export async function callControl(
  path: string,
  method: string,
  params: JsonValue,
  options: ControlCallOptions = {},
): Promise<JsonValue> {
  const request = new TextEncoder().encode(`${JSON.stringify({ method, params })}\n`);
  if (request.length - 1 > MAX_REQUEST) throw new StoreError('CONTROL_FAILED', 'The request is too long.');
  const address = await openSocketPath(path);
  try {
    return await converse(await connect(address.short, path), request, options);
  } finally {
    await address.release();
  }
}

async function connect(short: string, path: string): Promise<Socket> {
  return await new Promise<Socket>((resolve, reject) => {
    const socket = createConnection({ path: short });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      const code = systemCode(error);
      const absent = code === 'ENOENT' || code === 'ECONNREFUSED';
      reject(
        absent
          ? new StoreError('NODE_NOT_RUNNING', `No node is running for ${dirname(path)}; start it with "run" first.`)
          : new StoreError('CONTROL_FAILED', `Could not reach the node at ${path}: ${code}.`),
      );
    });
  });
}

async function converse(socket: Socket, request: Uint8Array, options: ControlCallOptions): Promise<JsonValue> {
  const cleanups: (() => void)[] = [];
  try {
    return await new Promise<JsonValue>((resolve, reject) => {
      const broken = (message: string): void => reject(new StoreError('CONTROL_FAILED', message));
      const { signal, timeout } = options;
      if (signal !== undefined) {
        const onAbort = (): void => broken('The call was ended.');
        signal.addEventListener('abort', onAbort, { once: true });
        cleanups.push(() => signal.removeEventListener('abort', onAbort));
        if (signal.aborted) onAbort();
      }
      if (timeout !== undefined) {
        const late = (): void => reject(new StoreError('CONTROL_TIMEOUT', 'The node did not answer in time.'));
        const timer = setTimeout(late, timeout);
        cleanups.push(() => clearTimeout(timer));
      }
      // An error here may only mean that the node closed first; its answer, if any, is still to be read.
      socket.on('error', () => undefined);
      socket.once('close', () => broken('The node closed the connection without an answer.'));
      const reader = new LineReader(MAX_RESPONSE);
      socket.on('data', (chunk: Uint8Array) => {
        try {
          const result = receive(reader, chunk, options);
          if (result !== undefined) resolve(result);
        } catch (error) {
          reject(error instanceof Error ? error : new StoreError('CONTROL_FAILED', 'The call was ended.'));
        }
      });
      socket.write(request);
    });
  } finally {
    for (const cleanup of cleanups) cleanup();
    socket.destroy();
  }
}

/** The result once it is there; hands out events; throws what the node answered or what is wrong with its answer. */
function receive(reader: LineReader, chunk: Uint8Array, options: ControlCallOptions): JsonValue | undefined {
  const lines = reader.push(chunk);
  if (lines === undefined) throw new StoreError('CONTROL_FAILED', 'The answer is too long or not UTF-8.');
  for (const line of lines) {
    const reply = parseReply(line);
    if (reply === undefined) throw new StoreError('CONTROL_FAILED', 'The answer is malformed.');
    if ('result' in reply) return reply.result;
    if ('error' in reply) throw new ControlError(reply.error);
    options.onEvent?.(reply.event);
  }
  return undefined;
}
