/**
 * Reads the repository as text, for rules about how sources may look. No compiler: its programming interface is not
 * stable, and a rule that silently sees nothing is worse than none, so this is a small scanner that the fixtures check.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export interface Source {
  /** Path from the root of the tree, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without comments; strings stand as they are. Same length, same lines. */
  readonly code: string;
  /** The text without comments and without what strings and regular expressions contain. Same length, same lines. */
  readonly bare: string;
  /** Contents of string literals, and of templates without substitutions. */
  readonly strings: readonly string[];
  /** Every module it names: static, type-only, re-exported, dynamic or in a type. */
  readonly imports: readonly string[];
}

const SKIPPED = new Set(['.git', 'node_modules', 'dist', 'coverage']);

/** Every file below `root`, as paths from it. `skip` names further paths, with all that is below them. */
export function listFiles(root: string, skip: readonly string[] = []): readonly string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = relative(root, join(folder, entry.name)).split(sep).join('/');
      if (SKIPPED.has(entry.name) || skip.includes(path)) continue;
      if (entry.isDirectory()) walk(join(folder, entry.name));
      else if (entry.isFile()) found.push(path);
    }
  };
  walk(root);
  return found.sort();
}

export function readSource(root: string, path: string): Source {
  return parseSource(path, readFileSync(join(root, path), 'utf8'));
}

export function parseSource(path: string, text: string): Source {
  const { code, bare, strings } = scan(text);
  return { path, text, code, bare, strings, imports: importsOf(code, bare) };
}

const IMPORTS: readonly RegExp[] = [
  /(?:^|[;}\n])\s*(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])(?<module>[^'"]+)\1/g,
  /(?:^|[;}\n])\s*import\s*(['"])(?<module>[^'"]+)\1/g,
  /\b(?:import|require)\s*\(\s*(['"`])(?<module>[^'"`]+)\1/g,
  /\bimport\s+\w+\s*=\s*require\s*\(\s*(['"])(?<module>[^'"]+)\1/g,
];

function importsOf(code: string, bare: string): readonly string[] {
  const found = new Set<string>();
  for (const pattern of IMPORTS) {
    for (const match of code.matchAll(pattern)) {
      const module = match.groups?.['module'];
      // What stands inside a string only looks like an import.
      const written = bare.slice(match.index, match.index + match[0].length);
      if (module !== undefined && /\b(?:import|export|require)\b/.test(written)) found.add(module);
    }
  }
  return [...found];
}

interface Scanned {
  readonly code: string;
  readonly bare: string;
  readonly strings: readonly string[];
}

/** One pass over the characters: comments, strings, templates (with substitutions) and regular expressions. */
function scan(text: string): Scanned {
  const code = text.split('');
  const bare = [...code];
  const strings: string[] = [];
  /** Depth of braces inside each open template substitution. */
  const substitutions: number[] = [];
  let at = 0;

  const blank = (target: string[], from: number, to: number): void => {
    for (let i = from; i < to; i++) if (target[i] !== '\n') target[i] = ' ';
  };
  const endOfLine = (from: number): number => {
    const end = text.indexOf('\n', from);
    return end === -1 ? text.length : end;
  };
  /** From after the opening backtick or a closing brace, to after the closing backtick or the next `${`. */
  const template = (from: number): void => {
    let end = from;
    while (end < text.length && text[end] !== '`' && !(text[end] === '$' && text[end + 1] === '{')) {
      end += text[end] === '\\' ? 2 : 1;
    }
    blank(bare, from, end);
    if (text[end] === '`') {
      if (text[from - 1] === '`') strings.push(text.slice(from, end));
      at = end + 1;
    } else {
      substitutions.push(0);
      at = end + 2;
    }
  };

  while (at < text.length) {
    const character = text[at] ?? '';
    const pair = text.slice(at, at + 2);
    if (pair === '//' || pair === '/*') {
      const close = pair === '//' ? endOfLine(at) : text.indexOf('*/', at + 2) + 2;
      const end = close < at ? text.length : close;
      blank(code, at, end);
      blank(bare, at, end);
      at = end;
    } else if (character === "'" || character === '"') {
      let end = at + 1;
      while (end < text.length && text[end] !== character && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
      strings.push(text.slice(at + 1, end));
      blank(bare, at + 1, end);
      at = end + 1;
    } else if (character === '`') {
      template(at + 1);
    } else if (character === '/' && startsRegex(bare, at)) {
      const end = endOfRegex(text, at + 1);
      blank(bare, at + 1, end);
      at = end + 1;
    } else {
      const open = substitutions.length - 1;
      if (open >= 0 && character === '{') substitutions[open] = (substitutions[open] ?? 0) + 1;
      if (open >= 0 && character === '}') {
        if (substitutions[open] === 0) {
          substitutions.pop();
          template(at + 1);
          continue;
        }
        substitutions[open] = (substitutions[open] ?? 0) - 1;
      }
      at += 1;
    }
  }
  return { code: code.join(''), bare: bare.join(''), strings };
}

/** A slash begins a regular expression where a value may begin, and divides where a value has just ended. */
function startsRegex(bare: readonly string[], at: number): boolean {
  let i = at - 1;
  while (i >= 0 && /\s/.test(bare[i] ?? '')) i -= 1;
  const before = bare.slice(Math.max(0, i - 10), i + 1).join('');
  return before === '' || /[(,=:[!&|?{};+\-*<>~^%]$/.test(before) || /\b(?:return|typeof|case|of|in)$/.test(before);
}

function endOfRegex(text: string, from: number): number {
  let inClass = false;
  for (let i = from; i < text.length; i++) {
    const character = text[i];
    if (character === '\\') i += 1;
    else if (character === '[') inClass = true;
    else if (character === ']') inClass = false;
    else if (character === '\n' || (character === '/' && !inClass)) return i;
  }
  return text.length;
}
