import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ControlCallOptions, callControl } from '../../../proto/control/call.ts';
import { MAX_BACKLOG, MAX_CONNECTIONS, MAX_REQUEST } from '../../../proto/control/limits.ts';
import { ControlError, describeFailure, type JsonValue } from '../../../proto/control/message.ts';
import { type ControlHandler, type ControlServerOptions, serveControl } from '../../../proto/control/serve.ts';
import { BugError, InvalidArgument, Refusal } from '../../../protocol/common/errors.ts';
import { killChild, startChild } from '../rest/child.ts';
import { codeOf, errorOf, temporaryHome } from '../rest/temporary.ts';

const SERVE = new URL('./children/serve.mjs', import.meta.url);

async function serve(handler: ControlHandler, options: ControlServerOptions = {}, home?: string): Promise<string> {
  const path = join(home ?? (await temporaryHome()), 'control.sock');
  const server = await serveControl(path, handler, options);
  onTestFinished(() => server.close());
  return path;
}

/** What the node answers to raw bytes, until it closes. */
async function speak(path: string, ...chunks: (string | Uint8Array)[]): Promise<string> {
  const socket = createConnection({ path });
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  for (const chunk of chunks) socket.write(chunk);
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  return answer;
}

async function failure(call: Promise<unknown>): Promise<ControlError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ControlError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

test('a call carries its parameters there and the result back', async () => {
  const path = await serve((call) => Promise.resolve({ method: call.method, params: call.params }));
  const params: JsonValue = { text: 'line\nbreak "quoted" ü \u{1f600}', list: [1, null, true, { deep: [] }] };
  expect(await callControl(path, 'policy.show', params)).toEqual({ method: 'policy.show', params });
  expect(await callControl(path, 'status', null)).toEqual({ method: 'status', params: null });
});

test('only the owner may reach the socket', async () => {
  const path = await serve(() => Promise.resolve(null));
  const found = await stat(path);
  expect(found.isSocket()).toBe(true);
  expect(found.mode & 0o777).toBe(0o600);
});

test('events arrive in order before the result', async () => {
  const path = await serve(async (call) => {
    for (let i = 0; i < 1000; i++) {
      expect(call.emit({ number: i })).toBe(true);
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    return 'end';
  });
  const events: JsonValue[] = [];
  expect(await callControl(path, 'watch', {}, { onEvent: (event) => events.push(event) })).toBe('end');
  expect(events).toEqual(Array.from({ length: 1000 }, (_, number) => ({ number })));
});

test('a command that leaves a watch ends it at the node too', async () => {
  let ended: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const path = await serve(async (call) => {
    call.emit('here');
    await new Promise<void>((resolve) => {
      call.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    expect(call.emit('too late')).toBe(false);
    ended();
    return null;
  });
  const leave = new AbortController();
  const options: ControlCallOptions = { signal: leave.signal, onEvent: () => leave.abort() };
  expect(await codeOf(callControl(path, 'watch', {}, options))).toBe('CONTROL_FAILED');
  await left;
});

test.each([
  ['a refusal', new Refusal('CONSENT_MISSING', 'No consent.'), { code: 'CONSENT_MISSING', message: 'No consent.' }],
  [
    'an invalid argument',
    new InvalidArgument('AMOUNT_INVALID', '--amount', 'Not a number.'),
    { code: 'AMOUNT_INVALID', message: 'Not a number.', field: '--amount' },
  ],
])('%s keeps code, message and field', async (_, thrown, expected) => {
  const unexpected: unknown[] = [];
  const path = await serve(() => Promise.reject(thrown), { onUnexpected: (error) => unexpected.push(error) });
  const error = await failure(callControl(path, 'x', {}));
  const { code, message, field } = error;
  expect(field === undefined ? { code, message } : { code, message, field }).toEqual(expected);
  expect(unexpected).toEqual([]);
});

test.each([
  ['a plain error', new Error('secret-inside')],
  ['a bug', new BugError('BROKEN', 'secret-inside')],
  ['a system error', Object.assign(new Error('secret-inside'), { code: 'ENOENT', errno: -2, syscall: 'open' })],
  ['an error of Node', Object.assign(new TypeError('secret-inside'), { code: 'ERR_INVALID_ARG_TYPE' })],
  ['a lower-case code', Object.assign(new Error('secret-inside'), { code: 'abc' })],
])('%s becomes INTERNAL without message or stack, and the node is told', async (_, thrown) => {
  const unexpected: unknown[] = [];
  const path = await serve(() => Promise.reject(thrown), { onUnexpected: (error) => unexpected.push(error) });
  const answer = await speak(path, '{"method":"x","params":null}\n');
  expect(answer).toContain('"code":"INTERNAL"');
  expect(answer).not.toContain('secret-inside');
  expect(answer).not.toContain('.ts');
  expect(unexpected).toEqual([thrown]);
});

test('what is thrown and is no error at all becomes INTERNAL too', () => {
  for (const thrown of ['secret-inside', undefined, null, 7, { code: 'FAKE_CODE', message: 'secret-inside' }]) {
    expect(describeFailure(thrown).code).toBe('INTERNAL');
    expect(JSON.stringify(describeFailure(thrown))).not.toContain('secret-inside');
  }
});

test('nothing listens: the command is told to start the node', async () => {
  const home = await temporaryHome();
  const error = await errorOf(callControl(join(home, 'control.sock'), 'status', {}));
  expect(error.code).toBe('NODE_NOT_RUNNING');
  expect(error.message).toContain(home);
});

test('the socket of a killed node says so, and the next node replaces it', async () => {
  const home = await temporaryHome();
  const path = join(home, 'control.sock');
  const { child } = await startChild(SERVE, [path]);
  expect(await callControl(path, 'ping', {})).toBe('pong');
  expect(await codeOf(serveControl(path, () => Promise.resolve(null)))).toBe('NODE_RUNNING');
  await killChild(child);
  expect(await readdir(home)).toEqual(['control.sock']);
  expect(await codeOf(callControl(path, 'ping', {}))).toBe('NODE_NOT_RUNNING');
  await serve(() => Promise.resolve('next'), {}, home);
  expect(await callControl(path, 'ping', {})).toBe('next');
});

test('a node that dies in the middle of a call is reported', async () => {
  const path = join(await temporaryHome(), 'control.sock');
  const server = await serveControl(path, () => Promise.race<JsonValue>([]));
  const call = codeOf(callControl(path, 'ping', {}));
  const late = await codeOf(callControl(path, 'ping', {}, { timeout: 50 }));
  expect(late).toBe('CONTROL_TIMEOUT');
  await server.close();
  expect(await call).toBe('CONTROL_FAILED');
  expect(await codeOf(callControl(path, 'ping', {}))).toBe('NODE_NOT_RUNNING');
});

test('a home deeper than a socket address is long works all the same', async () => {
  const home = join(await temporaryHome(), 'd'.repeat(60), 'e'.repeat(60));
  await mkdir(home, { recursive: true });
  const path = join(home, 'control.sock');
  const server = await serveControl(path, () => Promise.resolve('deep'));
  expect(await callControl(path, 'ping', {})).toBe('deep');
  await server.close();
  expect(await readdir(home)).toEqual([]);
  expect(await codeOf(callControl(path, 'ping', {}))).toBe('NODE_NOT_RUNNING');
});

test('a foreign file in place of the socket is replaced', async () => {
  const home = await temporaryHome();
  await writeFile(join(home, 'control.sock'), 'not a socket');
  const path = await serve(() => Promise.resolve('ok'), {}, home);
  expect(await callControl(path, 'ping', {})).toBe('ok');
});

test.each([
  ['no JSON', 'hello\n'],
  ['an empty line', '\n'],
  ['a list', '["method","params"]\n'],
  ['null', 'null\n'],
  ['a missing member', '{"method":"x"}\n'],
  ['an extra member', '{"method":"x","params":{},"more":1}\n'],
  ['a bad method', '{"method":"../x","params":{}}\n'],
  ['a prototype', '{"__proto__":{"method":"x"},"params":{}}\n'],
  ['broken UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x0a])],
  ['zeros', Buffer.concat([Buffer.alloc(1000), Buffer.from('\n')])],
  ['deep nesting', `{"method":"x","params":${'['.repeat(200_000)}\n`],
])('%s is answered with an error and harms nobody', async (_, bytes) => {
  let calls = 0;
  const path = await serve((call) => {
    calls += 1;
    return Promise.resolve(call.method);
  });
  expect(await speak(path, bytes)).toContain('"code":"CONTROL_FAILED"');
  expect(calls).toBe(0);
  expect(await callControl(path, 'still-there', {})).toBe('still-there');
});

test('a line without end is cut off at the limit', async () => {
  const path = await serve(() => Promise.resolve('ok'));
  const chunk = Buffer.alloc(1 << 20, 0x61);
  const answer = await speak(path, ...Array.from({ length: 6 }, () => chunk));
  expect(answer === '' || answer.includes('CONTROL_FAILED')).toBe(true);
  expect(await callControl(path, 'x', {})).toBe('ok');
  expect(await codeOf(callControl(path, 'x', 'a'.repeat(MAX_REQUEST)))).toBe('CONTROL_FAILED');
  expect(await callControl(path, 'x', 'a'.repeat(MAX_REQUEST - 100))).toBe('ok');
});

test('only the first request of a connection counts', async () => {
  let calls = 0;
  const path = await serve(() => {
    calls += 1;
    return Promise.resolve(calls);
  });
  const line = '{"method":"x","params":{}}\n';
  expect(await speak(path, line.repeat(50), line.repeat(50))).toBe('{"result":1}\n');
  expect(calls).toBe(1);
});

test('a request that trickles in is ended by one deadline for the whole', async () => {
  const path = await serve(() => Promise.resolve('ok'), { requestDeadline: 200 });
  const socket = createConnection({ path });
  socket.on('error', () => undefined);
  const trickle = setInterval(() => socket.write('{'), 20);
  onTestFinished(() => clearInterval(trickle));
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  expect(answer).toContain('CONTROL_TIMEOUT');
});

test('a reader that never reads is cut off, while others are served', async () => {
  let refused: () => void = () => undefined;
  const cutOff = new Promise<void>((resolve) => {
    refused = resolve;
  });
  let sent = 0;
  const path = await serve(async (call) => {
    if (call.method !== 'flood') return 'ok';
    while (call.emit('x'.repeat(100_000))) {
      sent += 100_000;
      await new Promise(setImmediate);
    }
    refused();
    return null;
  });
  const socket = createConnection({ path });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('{"method":"flood","params":{}}\n');
  await cutOff;
  expect(sent).toBeLessThan(2 * MAX_BACKLOG);
  expect(await callControl(path, 'x', {})).toBe('ok');
  socket.destroy();
});

test('hundreds of idle connections do not keep others out for good', async () => {
  const path = await serve(() => Promise.resolve('ok'), { requestDeadline: 300 });
  const idle: Socket[] = [];
  for (let i = 0; i < 200; i++) {
    const socket = createConnection({ path });
    socket.on('error', () => undefined);
    socket.resume();
    idle.push(socket);
  }
  await Promise.all(
    idle.map(
      (socket) =>
        new Promise((resolve) => {
          socket.once('close', resolve);
        }),
    ),
  );
  expect(MAX_CONNECTIONS).toBeLessThan(200);
  expect(await callControl(path, 'x', {})).toBe('ok');
});

test.each([
  ['garbage', 'what?\n'],
  ['an empty object', '{}\n'],
  ['two members', '{"result":1,"event":2}\n'],
  ['an error without code', '{"error":{"message":"x"}}\n'],
  ['broken UTF-8', Buffer.from([0xff, 0x0a])],
  ['nothing', ''],
])('a node that answers with %s cannot confuse a command', async (_, answer) => {
  const { createServer } = await import('node:net');
  const path = join(await temporaryHome(), 'control.sock');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(answer);
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  expect(await codeOf(callControl(path, 'x', {}))).toBe('CONTROL_FAILED');
});
