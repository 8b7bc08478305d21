/** Lines of a stream without ever holding more than one, and of that no more than a limit. */
export type Chunks = AsyncIterable<string | Uint8Array>;

/** A line, or `undefined` for one longer than `max` characters; its rest is skipped. */
export async function* linesOf(chunks: Chunks, max: number): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder();
  let line = '';
  let tooLong = false;
  for await (const chunk of chunks) {
    const parts = (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })).split('\n');
    for (const [i, part] of parts.entries()) {
      if (!tooLong) line += part;
      if (line.length > max) {
        tooLong = true;
        line = '';
      }
      if (i === parts.length - 1) continue;
      yield tooLong ? undefined : line.replace(/\r$/, '');
      line = '';
      tooLong = false;
    }
  }
  if (tooLong) yield undefined;
  else if (line !== '') yield line;
}

/** The whole stream, or `undefined` if it is longer than `max` characters. */
export async function textOf(chunks: Chunks, max: number): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > max) return undefined;
  }
  return text;
}
