/**
 * The one function for text that is not ours (notes, names, labels, file contents) on its way to a screen or a log.
 * Only visible ASCII and the space pass; everything else, be it an escape sequence, a mark that reverses the writing
 * direction or a letter that looks like another, becomes `\u{…}` with its code point.
 *
 * @param max longest result in characters, at least 3; a longer one is cut before an escape and ends in `...`.
 */
export function sanitise(text: string, max: number): string {
  const limit = Math.max(3, Math.floor(max));
  let result = '';
  let fits = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    result += code >= 0x20 && code <= 0x7e ? character : `\\u{${code.toString(16)}}`;
    if (result.length <= limit - 3) fits = result.length;
    if (result.length > limit) return `${result.slice(0, fits)}...`;
  }
  return result;
}

/** As long as a line may be: the longest honest one is the hex of a call's data. */
export const MAX_LINE = 4096;

/** Foreign text between quotation marks that it cannot close by itself: marks and backslashes inside are escaped. */
export function quoted(text: string, max: number = MAX_LINE - 200): string {
  return `"${sanitise(
    text.replaceAll(/["\\]/g, (character) => `\\${character}`),
    max,
  )}"`;
}
