/**
 * The last line of defence before a terminal: only printable ASCII gets through, everything else becomes `\u{hex}`. Names
 * and notes come from strangers; escape sequences, direction marks and lookalike letters must show as what they are.
 */

/** For text in one line: the output matches `^[\x20-\x7e]*$`. */
export function sanitiseLine(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, escapeCharacter);
}

/** For whole outputs: as `sanitiseLine`, line by line. */
export function sanitiseText(text: string): string {
  return text.replace(/[^\x20-\x7e\n]/gu, escapeCharacter);
}

/** JSON text in ASCII: the same value, with other characters as JSON's own `\uXXXX`. */
export function asciiJson(text: string): string {
  return text.replace(/[^\x20-\x7e\n]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
