/**
 * Who may import whom (docs/architecture.md): the exact form of the table, resolved file by file. Lint and project references
 * say the same in their own words.
 */
import { posix } from 'node:path';
import type { Source } from './source.ts';

export interface Problem {
  readonly path: string;
  readonly message: string;
}

const PROTOCOL = [
  'protocol/common',
  'protocol/threshold',
  'protocol/payload',
  'protocol/policy',
  'protocol/ceremony',
  'protocol/transcript',
] as const;
/** Runs foreign code on foreign state: only those who show or weigh the result may know it. */
const SIMULATION = 'protocol/simulation';
/** Attacks against a policy: for the tool that plays them and the chain that shows what they do; no signer needs them. */
const REDTEAM = 'protocol/redteam';
const ROLES = ['participant', 'coordinator', 'auditor'] as const;

/** Reachable rooms beside the room itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'protocol/common': [],
  'protocol/threshold': ['protocol/common'],
  'protocol/payload': ['protocol/common'],
  'protocol/policy': ['protocol/common', 'protocol/payload'],
  'protocol/ceremony': ['protocol/common', 'protocol/threshold', 'protocol/payload', 'protocol/policy'],
  'protocol/transcript': PROTOCOL,
  [SIMULATION]: ['protocol/common', 'protocol/payload'],
  [REDTEAM]: ['protocol/common', 'protocol/payload', 'protocol/policy', 'protocol/ceremony'],
  proto: [],
  participant: [...PROTOCOL, SIMULATION, REDTEAM, 'proto'],
  coordinator: [...PROTOCOL, REDTEAM, 'proto'],
  auditor: [...PROTOCOL, SIMULATION],
  'cli.ts': ROLES,
  bench: [...PROTOCOL, SIMULATION, REDTEAM, 'proto', ...ROLES],
  test: [...PROTOCOL, SIMULATION, REDTEAM, 'proto', ...ROLES, 'bench', 'cli.ts'],
};

interface PackageRule {
  readonly pattern: RegExp;
  /** Path prefixes where it may be imported. */
  readonly allowed: readonly string[];
}

const TESTS = ['test/', 'bench/'];
/**
 * Who starts processes: the demo, scripts, tests, the lock of a home, since Node itself has no flock, and the one place
 * that runs the key holder's external checker.
 */
const CHILDREN = ['coordinator/demo/', 'participant/checker/process.ts', 'proto/rest/lock.ts', 'scripts/', ...TESTS];
const PACKAGES: readonly PackageRule[] = [
  { pattern: /^@(?:noble|scure)\//, allowed: [''] },
  { pattern: /^tiny-secp256k1$/, allowed: ['protocol/threshold/curve/accelerated.ts', ...TESTS] },
  { pattern: /^viem(?:\/|$)/, allowed: ['protocol/payload/', 'coordinator/broadcast/', 'coordinator/demo/', ...TESTS] },
  { pattern: /^js-sha3$/, allowed: ['protocol/payload/keccak.ts', ...TESTS] },
  { pattern: /^@ethereumjs\//, allowed: ['protocol/simulation/', ...TESTS] },
  { pattern: /^(?:libp2p|@libp2p|@chainsafe|@multiformats)(?:\/|$)/, allowed: ['proto/link/', ...TESTS] },
  { pattern: /^@hpke\//, allowed: ['participant/recovery/', ...TESTS] },
  { pattern: /^protobufjs(?:\/|$)/, allowed: ['proto/', ...TESTS] },
  { pattern: /^micro-eth-signer(?:\/|$)/, allowed: ['scripts/clear-signing-data.mjs', 'test/'] },
  { pattern: /^(?:vitest|fast-check)(?:\/|$)/, allowed: ['test/', 'vitest.config.ts'] },
  { pattern: /^@(?:safe-global|foundry-rs|gnosis\.pm)\//, allowed: ['coordinator/demo/', ...TESTS] },
  {
    pattern: /^node:crypto$/,
    allowed: ['protocol/ceremony/ed25519.ts', 'proto/', ...ROLES, 'cli.ts', 'scripts/', ...TESTS],
  },
  { pattern: /^node:child_process$/, allowed: CHILDREN },
  { pattern: /^node:/, allowed: ['proto/', ...ROLES, 'cli.ts', 'scripts/', ...TESTS] },
];

export function roomOf(path: string): string | undefined {
  return Object.keys(MAY_IMPORT).find((room) => path === room || path.startsWith(`${room}/`));
}

/** Arrows between rooms, and outside packages in the rooms that may have them. */
export function checkArrows(sources: readonly Source[]): readonly Problem[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((name) => {
      const message = name.startsWith('.') ? wrongArrow(source.path, name) : wrongPackage(source.path, name);
      return message === undefined ? [] : [{ path: source.path, message }];
    }),
  );
}

function wrongArrow(path: string, name: string): string | undefined {
  const target = posix.join(posix.dirname(path), name);
  const from = roomOf(path);
  const to = roomOf(target);
  if (from === undefined || path === target) return undefined;
  // Package metadata and the like at the top level belong to nobody.
  if (to === undefined)
    return target.startsWith('..') || /^(?:scripts|docs)\//.test(target) ? `imports ${target}` : undefined;
  if (from === to || (MAY_IMPORT[from] ?? []).includes(to)) return undefined;
  return `${from} must not import ${to} (${name})`;
}

function wrongPackage(path: string, name: string): string | undefined {
  const rule = PACKAGES.find((candidate) => candidate.pattern.test(name));
  if (rule === undefined) return `imports ${name}, which no rule of test/architecture/rooms.ts knows`;
  return rule.allowed.some((prefix) => path.startsWith(prefix)) ? undefined : `must not import ${name}`;
}

interface Door {
  readonly module: string;
  /** Who may import it; tests and benches may too. */
  readonly only: readonly string[];
  readonly reason: string;
}

const DOORS: readonly Door[] = [
  {
    module: 'protocol/threshold/sign/machine.ts',
    only: ['participant/ceremonies/sign-session.ts'],
    reason: 'rounds run under a permit, and the file that gets the permit is the file that runs them',
  },
  {
    module: 'protocol/threshold/keygen/machine.ts',
    only: ['participant/ceremonies/run-session.ts'],
    reason: 'the same for key generation',
  },
  {
    module: 'protocol/simulation/simulate.ts',
    only: ['participant/simulation/thread.ts', 'participant/simulation/trace.ts'],
    reason: 'foreign code runs in a thread of its own, which can be ended',
  },
];

/** Steps of the one path that have a single way in. */
export function checkDoors(sources: readonly Source[]): readonly Problem[] {
  return sources
    .filter(({ path }) => !TESTS.some((prefix) => path.startsWith(prefix)))
    .flatMap(({ path, imports }) =>
      DOORS.filter(
        ({ module, only }) =>
          !only.includes(path) &&
          posix.dirname(path) !== posix.dirname(module) &&
          imports.some((name) => name.startsWith('.') && posix.join(posix.dirname(path), name) === module),
      ).map(({ module, reason }) => ({ path, message: `must not import ${module}: ${reason}` })),
    );
}

/**
 * The effects that protocol/ must not have (types and lint say so too). `Date` and `Math.random` exist in every realm,
 * so no compiler setting removes them.
 */
const IMPURE =
  /(?<![\w.$])(?:process|Buffer|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|console|crypto|performance|WebSocket|localStorage|navigator|Date)(?=\s*[.([;,)]|\s*$)|\bMath\s*\.\s*random\b|\bnew\s+Date\b|\bMath\s*\[/gm;

/** Exempt files, each with its reason. */
const IMPURE_EXEMPT: Readonly<Record<string, { readonly names: readonly string[]; readonly reason: string }>> = {
  'protocol/ceremony/ed25519.ts': {
    names: ['Buffer'],
    reason: 'the one Ed25519 implementation is node:crypto, whose key import takes a Buffer',
  },
};

export function checkPurity(sources: readonly Source[]): readonly Problem[] {
  return sources
    .filter((source) => source.path.startsWith('protocol/'))
    .flatMap((source) =>
      [...source.bare.matchAll(IMPURE)]
        .map((match) => match[0].trim())
        .filter((name) => IMPURE_EXEMPT[source.path]?.names.includes(name) !== true)
        .map((name) => ({ path: source.path, message: `protocol/ is pure, and this uses ${name}` })),
    );
}
