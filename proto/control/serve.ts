/**
 * The node's end of the control socket. Only the owner of the home reaches it (mode 0600 inside a 0700 directory); even
 * so, no connection can crash, block or fill the node.
 */
import { chmod, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { StoreError, systemCode } from '../rest/errors.ts';
import {
  MAX_BACKLOG,
  MAX_CONNECTIONS,
  MAX_REQUEST,
  MAX_RESPONSE,
  REQUEST_DEADLINE,
  RESPONSE_DEADLINE,
} from './limits.ts';
import { LineReader } from './lines.ts';
import { type ControlReply, type ControlRequest, describeFailure, type JsonValue, parseRequest } from './message.ts';
import { openSocketPath } from './socket-path.ts';

export interface ControlCall extends ControlRequest {
  /** Aborted when the command goes away or the node stops serving. */
  readonly signal: AbortSignal;
  /**
   * Pushes an event to the command. `false` once the command is gone or reads too slowly, after which it is cut off.
   */
  emit(event: JsonValue): boolean;
}

/** Returns the result. Thrown errors with a stable `code` reach the command, others become `INTERNAL`. */
export type ControlHandler = (call: ControlCall) => Promise<JsonValue>;

export interface ControlServerOptions {
  /** Told of every unexpected error, for the node's own log. */
  readonly onUnexpected?: (error: unknown) => void;
  /** Milliseconds a connection may take to send its request; for tests. */
  readonly requestDeadline?: number;
}

export interface ControlServer {
  /** Stops listening, ends open calls and removes the socket. */
  close(): Promise<void>;
}

/**
 * Listens at `path`; the caller holds the home lock. A socket that a killed process left behind is replaced; a live one
 * fails with `NODE_RUNNING`.
 */
export async function serveControl(
  path: string,
  handler: ControlHandler,
  options: ControlServerOptions = {},
): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    new Connection(socket, handler, options).start();
  });
  server.maxConnections = MAX_CONNECTIONS;
  const address = await openSocketPath(path);
  try {
    await removeStale(address.short, path);
    await listen(server, address.short, path);
    await chmod(address.short, 0o600);
  } catch (error) {
    server.close();
    await address.release();
    throw error;
  }
  server.on('error', (error) => options.onUnexpected?.(error));
  return {
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of sockets) socket.destroy();
      await closed;
      await unlink(path).catch(() => undefined);
      await address.release();
    },
  };
}

const TOO_LONG: Uint8Array = new TextEncoder().encode(
  '{"error":{"code":"CONTROL_FAILED","message":"The answer is too long for one line."}}\n',
);

class Connection {
  readonly #socket: Socket;
  readonly #handler: ControlHandler;
  readonly #options: ControlServerOptions;
  readonly #gone = new AbortController();
  readonly #reader = new LineReader(MAX_REQUEST);
  #asked = false;

  constructor(socket: Socket, handler: ControlHandler, options: ControlServerOptions) {
    this.#socket = socket;
    this.#handler = handler;
    this.#options = options;
    socket.once('close', () => this.#gone.abort());
  }

  start(): void {
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    // A single timer for the whole request: a byte now and then does not extend it.
    const late = setTimeout(() => {
      if (!this.#asked) this.#fail('CONTROL_TIMEOUT', 'The request did not arrive in time.');
    }, this.#options.requestDeadline ?? REQUEST_DEADLINE);
    late.unref();
    this.#socket.once('close', () => clearTimeout(late));
  }

  #receive(chunk: Uint8Array): void {
    // One request a connection; whatever follows it is discarded unread.
    if (this.#asked) return;
    const lines = this.#reader.push(chunk);
    if (lines === undefined) {
      this.#fail('CONTROL_FAILED', 'The request is too long or not UTF-8.');
      return;
    }
    const [line] = lines;
    if (line === undefined) return;
    const request = parseRequest(line);
    if (request === undefined) {
      this.#fail('CONTROL_FAILED', 'The request is malformed.');
      return;
    }
    this.#asked = true;
    this.#answer(request).catch(() => this.#socket.destroy());
  }

  async #answer(request: ControlRequest): Promise<void> {
    const call: ControlCall = {
      ...request,
      signal: this.#gone.signal,
      emit: (event) => this.#push({ event }),
    };
    try {
      const result = await this.#handler(call);
      this.#end({ result });
    } catch (error) {
      const failure = describeFailure(error);
      if (failure.code === 'INTERNAL') this.#options.onUnexpected?.(error);
      this.#end({ error: failure });
    }
  }

  #fail(code: Uppercase<string>, message: string): void {
    this.#asked = true;
    this.#end({ error: { code, message } });
  }

  #push(reply: ControlReply): boolean {
    if (this.#gone.signal.aborted || this.#socket.writableEnded) return false;
    const line = encode(reply);
    if (line === undefined || this.#socket.writableLength + line.length > MAX_BACKLOG) {
      this.#socket.destroy();
      return false;
    }
    this.#socket.write(line);
    return true;
  }

  #end(reply: ControlReply): void {
    if (this.#socket.destroyed) return;
    const line = encode(reply) ?? TOO_LONG;
    const late = setTimeout(() => this.#socket.destroy(), RESPONSE_DEADLINE);
    late.unref();
    this.#socket.once('close', () => clearTimeout(late));
    this.#socket.end(line);
    // Reading on lets the other end finish writing; what it writes is discarded in `#receive`.
    this.#socket.resume();
  }
}

function encode(reply: ControlReply): Uint8Array | undefined {
  const bytes = new TextEncoder().encode(`${JSON.stringify(reply)}\n`);
  return bytes.length <= MAX_RESPONSE ? bytes : undefined;
}

async function listen(server: Server, short: string, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(new StoreError('CONTROL_FAILED', `Could not listen at ${path}: ${systemCode(error)}.`, { cause: error }));
    };
    server.once('error', failed);
    server.listen({ path: short }, () => {
      server.removeListener('error', failed);
      resolve();
    });
  });
}

/** Removes a socket that nobody listens on. The home lock keeps a second node from doing the same at the same time. */
async function removeStale(short: string, path: string): Promise<void> {
  const code = await new Promise<string>((resolve) => {
    const probe = createConnection({ path: short });
    probe.once('connect', () => {
      probe.destroy();
      resolve('LISTENING');
    });
    probe.once('error', (error) => resolve(systemCode(error)));
  });
  if (code === 'LISTENING') throw new StoreError('NODE_RUNNING', `A node listens at ${path} already.`);
  if (code === 'ECONNREFUSED') await unlink(short);
}
