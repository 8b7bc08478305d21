/** Text out of a stream, without ever holding more of it than a limit. Bytes that are not UTF-8 are never repaired. */
export type Chunks = AsyncIterable<string | Uint8Array>;

/** Why there is no text: more bytes than the limit, or not UTF-8. */
export type NoText = 'too-large' | 'not-utf8';

export type Text = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: NoText };

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Every line of at most `max` bytes, without its end; the rest of a longer one is skipped. */
export async function* linesOf(chunks: Chunks, max: number): AsyncGenerator<Text> {
  const line = new Collector(max);
  for await (const chunk of chunks) {
    const bytes = bytesOf(chunk);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      line.add(bytes.subarray(from, end));
      yield line.take();
      from = end + 1;
    }
    line.add(bytes.subarray(from));
  }
  if (!line.isEmpty) yield line.take();
}

/** The whole stream, if it has at most `max` bytes. */
export async function textOf(chunks: Chunks, max: number): Promise<Text> {
  const all = new Collector(max);
  for await (const chunk of chunks) {
    all.add(bytesOf(chunk));
    if (all.isTooLarge) break;
  }
  return all.take();
}

class Collector {
  readonly #max: number;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get isTooLarge(): boolean {
    return this.#size > this.#max;
  }

  add(part: Uint8Array): void {
    this.#size += part.length;
    if (this.isTooLarge) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  /** What has come since the last call. */
  take(): Text {
    const [parts, tooLarge] = [this.#parts, this.isTooLarge];
    this.#parts = [];
    this.#size = 0;
    if (tooLarge) return { ok: false, why: 'too-large' };
    const [first = new Uint8Array(0)] = parts;
    const bytes = parts.length > 1 ? Buffer.concat(parts) : first;
    try {
      return { ok: true, text: UTF_8.decode(bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes) };
    } catch {
      return { ok: false, why: 'not-utf8' };
    }
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const ENCODER = new TextEncoder();

function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === 'string' ? ENCODER.encode(chunk) : chunk;
}
