/** Rules about single files: length, barrels, escapes from the type system, and silenced tools. */
import type { Problem } from './rooms.ts';
import type { Source } from './source.ts';

/** Longest file, in lines. A round, a decoder or a command fits; what does not is two things. */
const MAX_LINES = 450;

export function checkLength(sources: readonly Source[]): readonly Problem[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    return lines > MAX_LINES ? [{ path, message: `${lines} lines, at most ${MAX_LINES}` }] : [];
  });
}

/** A file that only passes on what others export hides where things are, and loads all of them for one. */
export function checkBarrels(sources: readonly Source[]): readonly Problem[] {
  return sources.flatMap(({ path, code }) => {
    if (/(?:^|\/)index\.(?:ts|mjs)$/.test(path)) return [{ path, message: 'is named index' }];
    if (/\bexport\s+(?:type\s+)?\*/.test(code)) return [{ path, message: 'exports with a wildcard' }];
    const rest = code
      .replace(/\bexport\s+(?:type\s+)?\{[^}]*\}\s*(?:from\s*(['"])[^'"]*\1)?\s*;?/g, '')
      .replace(/\bimport\b[^'"`;]*?\bfrom\s*(['"])[^'"]*\1\s*;?/g, '');
    const barrel = /\bexport\b/.test(code) && rest.trim() === '';
    return barrel ? [{ path, message: 'only passes on what others export' }] : [];
  });
}

interface Escape {
  readonly pattern: RegExp;
  readonly message: string;
  /** Where to look: comments are gone from `bare`. */
  readonly where: 'bare' | 'text';
}

const ESCAPES: readonly Escape[] = [
  { pattern: /[:<,|&(=]\s*any\b(?!\s*[:(])|\bas\s+any\b|\bany\[\]/, message: 'uses any', where: 'bare' },
  { pattern: /[\w$)\]]!(?!=)/, message: 'asserts that something is not null', where: 'bare' },
  { pattern: /@ts-(?:ignore|nocheck|expect-error)/, message: 'silences the compiler', where: 'text' },
  { pattern: /(?:oxlint|eslint)-disable/, message: 'silences the linter', where: 'text' },
  { pattern: /biome-ignore/, message: 'silences the formatter', where: 'text' },
  { pattern: /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s/m, message: 'declares an enum', where: 'bare' },
  { pattern: /\bexport\s+default\b/, message: 'has a default export', where: 'bare' },
  { pattern: /\b(?:TODO|FIXME|XXX)\b/, message: 'leaves work behind in a comment', where: 'text' },
];

interface Exemption {
  readonly path: string;
  readonly message: string;
  readonly reason: string;
}

const EXEMPT: readonly Exemption[] = [
  {
    path: 'protocol/threshold/sha256-block.ts',
    message: 'silences the formatter',
    reason: 'a table of constants, as the standard prints it',
  },
  {
    path: 'proto/rest/lock.ts',
    message: 'silences the linter',
    reason: 'Node has no flock: one child process, and says so',
  },
  {
    path: 'participant/checker/process.ts',
    message: 'silences the linter',
    reason: 'runs the external checker, and says so',
  },
  { path: 'vitest.config.ts', message: 'has a default export', reason: 'vitest reads its configuration from one' },
  { path: 'test/architecture/shape.ts', message: 'silences the formatter', reason: 'spells out what it looks for' },
  { path: 'test/architecture/shape.ts', message: 'silences the linter', reason: 'spells out what it looks for' },
  { path: 'test/architecture/shape.ts', message: 'silences the compiler', reason: 'spells out what it looks for' },
  {
    path: 'test/architecture/shape.ts',
    message: 'leaves work behind in a comment',
    reason: 'spells out what it looks for',
  },
];

export function checkEscapes(sources: readonly Source[]): readonly Problem[] {
  return sources.flatMap((source) =>
    ESCAPES.filter(({ pattern, where }) => pattern.test(source[where]))
      .filter(({ message }) => !EXEMPT.some((entry) => entry.path === source.path && entry.message === message))
      .map(({ message }) => ({ path: source.path, message })),
  );
}
