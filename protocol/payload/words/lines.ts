/** Shape of lines: prose is wrapped, addresses and data never are; every line passes the sanitiser once more at the end. */

/** Prose is wrapped here; a line with an address, an amount or data is as long as it must be. */
const WIDTH = 100;

/** `prefix` stands before the first line, spaces of the same length before the others. */
export function wrapped(prefix: string, text: string): readonly string[] {
  const lines: string[] = [];
  let line = prefix;
  for (const word of text.split(' ')) {
    const joined = line === prefix || line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    if (joined.length > WIDTH && line.trim() !== prefix.trim()) {
      lines.push(line);
      line = `${' '.repeat(prefix.length)}${word}`;
    } else line = joined;
  }
  return [...lines, line];
}

export function indented(lines: readonly string[], by: number): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `${' '.repeat(by)}${line}`));
}

/** `1 call`, `2 calls`. */
export function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
