/** Lists that must agree with each other: codes and their documents, packages and their reasons, tags and their uses. */
import type { Problem } from './rooms.ts';
import type { Source } from './source.ts';

const VERIFIER = 'inside the transcript verifier only; the auditor sees the ROUND code that it maps to';
/** Words in capitals that are no code of ours, each with its reason. */
const NO_CODES: Readonly<Record<string, string>> = {
  KEYMOOT_HOME: 'an environment variable',
  ERR_WORKER_OUT_OF_MEMORY: "Node's own name for a thread without memory",
  EAGAIN: "the system's own name for a lock that somebody else holds",
  ENVELOPE: VERIFIER,
  EQUIVOCATION: VERIFIER,
  MISSING: VERIFIER,
  CHECK: VERIFIER,
};

/** Codes given to `BugError` are documented as one family: whoever sees one reports it. */
const BUG = /\bnew\s+BugError\(\s*'(?<code>[A-Z][A-Z0-9_]*)'/g;
/** A code wherever a failure or a reason gets one: a constructor, a `code` member, a helper that refuses. */
const GIVEN =
  /\bnew\s+[A-Z]\w*(?:Argument|Refusal|Error)\(\s*'(?<code>[A-Z][A-Z0-9_]*)'|\bcode:\s*'(?<code2>[A-Z][A-Z0-9_]*)'/g;
/** Members of a table of codes and their sentences. */
const TABLE = /\bconst\s+\w*(?:CODES|RISKS)\b[^=]*=\s*\{(?<body>[\s\S]*?)\n\}/g;
const FAILURES = /\btype\s+FailureClass\s*=(?<body>[^;]*);/g;

/**
 * Every code that a program may see: whatever is given to an error, and every other string in capitals with an
 * underscore, since unions and helpers carry codes too. Too many rather than too few: the rest is exempt by name.
 */
export function codesOf(sources: readonly Source[]): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const { path, code, strings } of sources) {
    const bugs = new Set([...code.matchAll(BUG)].map((match) => match.groups?.['code']));
    const add = (found: string | undefined): void => {
      if (found === undefined || bugs.has(found) || NO_CODES[found] !== undefined || codes.has(found)) return;
      codes.set(found, path);
    };
    for (const match of code.matchAll(GIVEN)) add(match.groups?.['code'] ?? match.groups?.['code2']);
    for (const text of strings) if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(text)) add(text);
    for (const match of code.matchAll(TABLE)) {
      for (const key of (match.groups?.['body'] ?? '').matchAll(/^ {2}(?<key>[A-Z][A-Z0-9_]+):/gm))
        add(key.groups?.['key']);
    }
    for (const match of code.matchAll(FAILURES)) {
      for (const name of (match.groups?.['body'] ?? '').matchAll(/'([A-Z]+)'/g)) add(`ABORT_${name[1]}`);
    }
  }
  return codes;
}

/** Codes in the first column of the tables of a document. */
export function documentedCodes(document: string): ReadonlySet<string> {
  return new Set([...document.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map((match) => match[1] ?? ''));
}

export function checkCodes(
  sources: readonly Source[],
  documents: Readonly<Record<string, string>>,
): readonly Problem[] {
  const codes = codesOf(sources);
  const documented = new Map(
    Object.entries(documents).flatMap(([path, text]) =>
      [...documentedCodes(text)].map((code) => [code, path] as const),
    ),
  );
  return [
    ...[...codes]
      .filter(([code]) => !documented.has(code))
      .map(([code, path]) => ({ path, message: `${code} is in no document: add a row to docs/errors.md` })),
    ...[...documented]
      .filter(([code]) => !codes.has(code))
      .map(([code, path]) => ({ path, message: `${code} is documented and appears in no source: remove its row` })),
  ];
}

export interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/** Every dependency has an exact version and a row in docs/dependencies.md that names it. */
export function checkDependencies(file: PackageFile, document: string): readonly Problem[] {
  const wanted = { ...file.dependencies, ...file.devDependencies };
  const rows = new Map(
    [...document.matchAll(/^\| `([^`]+)` \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|/gm)].map((row) => [
      row[1] ?? '',
      row[2] ?? '',
    ]),
  );
  const problems: Problem[] = [];
  const report = (path: string, message: string): void => {
    problems.push({ path, message });
  };
  for (const [name, version] of [...Object.entries(wanted), ...Object.entries(file.overrides ?? {})]) {
    if (typeof version !== 'string' || !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
      report('package.json', `the version of ${name} is not exact`);
    }
  }
  for (const [name, version] of Object.entries(wanted)) {
    const documented = rows.get(name);
    if (documented === undefined) report('docs/dependencies.md', `${name} has no entry`);
    else if (documented !== version) report('docs/dependencies.md', `${name} is ${version}, not ${documented}`);
  }
  for (const name of rows.keys()) {
    if (wanted[name] === undefined) report('docs/dependencies.md', `${name} is no dependency`);
  }
  return problems;
}

/** Tags of not yet built ceremonies, each with its reason; a tag without a use and a reason is a mistake. */
const UNUSED_TAGS: Readonly<Record<string, string>> = {};

/** Each tag once in its table, and used somewhere outside of it. */
export function checkTags(tags: readonly string[], table: string, sources: readonly Source[]): readonly Problem[] {
  const used = new Set(sources.filter((source) => source.path !== table).flatMap((source) => source.strings));
  const problems: Problem[] = [];
  for (const [i, tag] of tags.entries()) {
    if (tags.indexOf(tag) !== i) problems.push({ path: table, message: `the tag ${tag} is there twice` });
    if (!used.has(tag) && UNUSED_TAGS[tag] === undefined)
      problems.push({ path: table, message: `the tag ${tag} is never used` });
    if (used.has(tag) && UNUSED_TAGS[tag] !== undefined) {
      problems.push({ path: table, message: `the tag ${tag} is used, and exempt as unused` });
    }
  }
  return problems;
}

/** Built from pieces, so that this file does not contain what it looks for. */
const REGISTRIES = [
  ['registry\\.', 'npm'],
  ['registry\\.', 'yarn'],
  ['npm', 'mirror'],
  ['npm\\.pkg\\.', 'github'],
  ['arti', 'factory'],
  ['ver', 'daccio'],
].map((halves) => halves.join(''));
const HOMES = ['work', 'root', 'home/[a-z]\\w*', 'Users/\\w+', 'builds?', 'mnt'];

const FOREIGN: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: new RegExp(REGISTRIES.join('|'), 'i'), message: 'names a package registry' },
  {
    pattern: new RegExp(`(?<![\\w.@})-])/(?:${HOMES.join('|')})(?:/|(?=['"\`\\s]))`),
    message: "names a path of somebody's machine",
  },
];

/** Nothing in the tree may depend on, or tell of, the machine it was made on. */
export function checkForeign(files: readonly { readonly path: string; readonly text: string }[]): readonly Problem[] {
  return files.flatMap(({ path, text }) =>
    FOREIGN.filter(({ pattern }) => pattern.test(text)).map(({ message }) => ({ path, message })),
  );
}

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface LockFile {
  readonly lockfileVersion?: number;
  readonly packages?: Readonly<Record<string, LockedPackage>>;
}

/** Packages with an install script, each with the reason why it need not run. */
const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  'node_modules/@foundry-rs/anvil': 'development only; the program it would look for is an optional package of its own',
};

/** Every package is fixed by a strong hash, from no particular place, and none runs code when it is installed. */
export function checkLock(lock: LockFile): readonly Problem[] {
  const path = 'package-lock.json';
  const problems: Problem[] = lock.lockfileVersion === 3 ? [] : [{ path, message: 'is not of version 3' }];
  for (const [name, entry] of Object.entries(lock.packages ?? {})) {
    if (name === '') continue;
    // Development tools of platforms that nobody here could fetch: scripts/complete-lock.mjs adds them by version.
    const unseen = entry.dev === true && entry.optional === true && entry.integrity === undefined;
    if (!unseen && entry.integrity?.startsWith('sha512-') !== true) {
      problems.push({ path, message: `${name} has no sha512 hash` });
    }
    for (const optional of Object.keys(entry.optionalDependencies ?? {})) {
      if (lock.packages?.[`node_modules/${optional}`] === undefined) {
        problems.push({ path, message: `${optional} is left out, so npm ci refuses: run scripts/complete-lock.mjs` });
      }
    }
    if (entry.resolved !== undefined) problems.push({ path, message: `${name} comes from one place only` });
    if (entry.hasInstallScript === true && INSTALL_SCRIPTS[name] === undefined) {
      problems.push({ path, message: `${name} runs a script when it is installed` });
    }
  }
  return problems;
}
