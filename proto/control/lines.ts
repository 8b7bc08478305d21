/** Splits a byte stream into lines of bounded length. */
export class LineReader {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** @param limit longest line in bytes, without its newline. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The lines that `chunk` completes, or `undefined` if a line is too long or not UTF-8, after which the stream is of no
   * further use. Memory never exceeds the limit plus one chunk.
   */
  push(chunk: Uint8Array): readonly string[] | undefined {
    const lines: string[] = [];
    let rest = chunk;
    for (;;) {
      const newline = rest.indexOf(0x0a);
      const piece = newline < 0 ? rest : rest.subarray(0, newline);
      if (this.#length + piece.length > this.#limit) return undefined;
      this.#parts.push(piece);
      this.#length += piece.length;
      if (newline < 0) return lines;
      const line = this.#take();
      if (line === undefined) return undefined;
      lines.push(line);
      rest = rest.subarray(newline + 1);
    }
  }

  #take(): string | undefined {
    const bytes = Buffer.concat(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return undefined;
    }
  }
}
