/**
 * Where a passphrase may come from: a terminal without echo, or a file (`-` is standard input) named by
 * `--passphrase-file`. Never an argument or an environment variable: other processes can read those.
 */
import { open } from 'node:fs/promises';
import { StoreError, systemCode } from './errors.ts';
import { MIN_PASSPHRASE } from './vault.ts';

const MAX_PASSPHRASE = 1024;
const ENTER = new Set([0x0a, 0x0d, 0x04]);
const ERASE = new Set([0x08, 0x7f]);
const CANCEL = 0x03;
const CLEAR_LINE = 0x15;

/** What is used of a terminal; `process.stdin` fits. */
export interface SecretInput extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  once(event: 'end', listener: () => void): unknown;
  removeListener(event: string, listener: (...values: never[]) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface PassphraseSource {
  /** Value of `--passphrase-file`; `-` reads standard input to its end. */
  readonly file?: string | undefined;
  /** A new passphrase: asked for twice on a terminal, and at least 8 bytes long. */
  readonly creating: boolean;
  readonly prompt?: string;
  readonly input?: SecretInput;
  readonly output?: { write(text: string): unknown };
}

/**
 * The passphrase as bytes, without one trailing newline; the caller overwrites them after use. Fails with
 * `PASSPHRASE_MISSING`, `PASSPHRASE_TOO_SHORT`, `PASSPHRASE_TOO_LONG`, `PASSPHRASE_MISMATCH`, `PASSPHRASE_CANCELLED`.
 */
export async function readPassphrase(source: PassphraseSource): Promise<Uint8Array> {
  const passphrase = source.file === undefined ? await fromTerminal(source) : await fromFile(source.file, source);
  const least = source.creating ? MIN_PASSPHRASE : 1;
  if (passphrase.length < least) {
    passphrase.fill(0);
    throw new StoreError('PASSPHRASE_TOO_SHORT', `A passphrase needs at least ${least} characters.`);
  }
  return passphrase;
}

async function fromFile(path: string, source: PassphraseSource): Promise<Uint8Array> {
  const bytes = path === '-' ? await drain(source.input ?? process.stdin) : await readSmall(path);
  if (bytes.length > MAX_PASSPHRASE) throw tooLong();
  const end = bytes.length;
  const newline = bytes[end - 1] !== 0x0a ? 0 : bytes[end - 2] === 0x0d ? 2 : 1;
  const passphrase = bytes.slice(0, end - newline);
  bytes.fill(0);
  return passphrase;
}

async function readSmall(path: string): Promise<Uint8Array> {
  try {
    const handle = await open(path, 'r');
    try {
      // One byte more than allowed is enough to see that it is too long; a pipe may give it in pieces.
      const buffer = new Uint8Array(MAX_PASSPHRASE + 2);
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, null);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new StoreError('PASSPHRASE_MISSING', `Could not read the passphrase file ${path}: ${systemCode(error)}.`);
  }
}

async function drain(input: SecretInput): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    parts.push(bytes);
    length += bytes.length;
    if (length > MAX_PASSPHRASE + 2) throw tooLong();
  }
  return new Uint8Array(Buffer.concat(parts));
}

async function fromTerminal(source: PassphraseSource): Promise<Uint8Array> {
  const input = source.input ?? process.stdin;
  const output = source.output ?? process.stderr;
  if (input.isTTY !== true || input.setRawMode === undefined) {
    throw new StoreError('PASSPHRASE_MISSING', 'There is no terminal to ask on; use --passphrase-file FILE (or -).');
  }
  const prompt = source.prompt ?? 'Passphrase';
  const first = await readHidden(input, output, `${prompt}: `);
  if (!source.creating) return first;
  const second = await readHidden(input, output, `${prompt} again: `);
  const same = Buffer.compare(first, second) === 0;
  second.fill(0);
  if (same) return first;
  first.fill(0);
  throw new StoreError('PASSPHRASE_MISMATCH', 'The two passphrases differ.');
}

/** One line typed in raw mode, so that the terminal shows nothing of it. */
async function readHidden(
  input: SecretInput,
  output: { write(text: string): unknown },
  prompt: string,
): Promise<Uint8Array> {
  output.write(prompt);
  input.setRawMode?.(true);
  const line = new HiddenLine();
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      const onEnd = (): void => finish(new StoreError('PASSPHRASE_CANCELLED', 'The terminal was closed.'));
      const onData = (chunk: Uint8Array): void => {
        const state = line.feed(chunk);
        chunk.fill(0);
        if (state === 'cancelled') finish(new StoreError('PASSPHRASE_CANCELLED', 'Cancelled.'));
        else if (state === 'too-long') finish(tooLong());
        else if (state === 'complete') finish();
      };
      const finish = (error?: StoreError): void => {
        input.removeListener('data', onData);
        input.removeListener('end', onEnd);
        if (error === undefined) resolve(line.take());
        else reject(error);
      };
      input.on('data', onData);
      input.once('end', onEnd);
      input.resume();
    });
  } finally {
    line.wipe();
    input.setRawMode?.(false);
    input.pause();
    output.write('\n');
  }
}

/** Edits of a line that nobody sees: erase one character, erase all, cancel, enter. */
class HiddenLine {
  readonly #bytes: Uint8Array = new Uint8Array(MAX_PASSPHRASE);
  #length = 0;

  feed(chunk: Uint8Array): 'open' | 'complete' | 'cancelled' | 'too-long' {
    for (const byte of chunk) {
      if (ENTER.has(byte)) return 'complete';
      if (byte === CANCEL) return 'cancelled';
      if (ERASE.has(byte)) this.#erase();
      else if (byte === CLEAR_LINE) this.#length = 0;
      else if (this.#length === MAX_PASSPHRASE) return 'too-long';
      else this.#bytes[this.#length++] = byte;
    }
    return 'open';
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  wipe(): void {
    this.#bytes.fill(0);
  }

  /** Takes the last UTF-8 character: its continuation bytes (10xxxxxx) and its first byte. */
  #erase(): void {
    while (this.#length > 0) {
      this.#length -= 1;
      if (((this.#bytes[this.#length] ?? 0) & 0xc0) !== 0x80) return;
    }
  }
}

function tooLong(): StoreError {
  return new StoreError('PASSPHRASE_TOO_LONG', `A passphrase has at most ${MAX_PASSPHRASE} bytes.`);
}
