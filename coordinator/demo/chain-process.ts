/**
 * A real Ethereum node on this machine for `keymoot demo`: finds the anvil binary of this platform, starts it on
 * 127.0.0.1 with a port of the kernel's choice, and stops exactly the process it started.
 *
 * anvil is a development dependency: an installation without development dependencies has no demo, and says so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InvalidArgument, TransportError } from '../../protocol/common/errors.ts';

/** Longest time from start to a listening port; measured 0.1 to 0.5 s, a loaded machine gets fifty times that. */
const START_DEADLINE_MS = 25_000;
/** Time given to a polite stop before the process is killed. */
const STOP_DEADLINE_MS = 2_000;

/** Node's names of platform and processor, to the binary package's names. */
const BINARY_PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@foundry-rs/anvil-linux-amd64',
  'linux-arm64': '@foundry-rs/anvil-linux-arm64',
  'darwin-x64': '@foundry-rs/anvil-darwin-amd64',
  'darwin-arm64': '@foundry-rs/anvil-darwin-arm64',
  'win32-x64': '@foundry-rs/anvil-win32-amd64',
};

export interface ChainProcess {
  /** Address of the JSON-RPC endpoint, `http://127.0.0.1:PORT`. */
  readonly rpc: string;
  readonly pid: number;
  /** Ends the process; safe to call twice. */
  stop(): Promise<void>;
}

/** Where a kept demo keeps the state of its chain. */
export function chainState(dir: string): string {
  return join(dir, 'chain-state.json');
}

export interface ChainOptions {
  readonly chainId: number;
  /** File that holds the state of the chain when it has stopped; absent: nothing is left of it. */
  readonly state?: string | undefined;
}

/**
 * Path of the anvil binary for this platform.
 * @throws {InvalidArgument} `DEMO_CHAIN_MISSING` if it is not installed or does not exist for this platform.
 */
export function findAnvil(platform: string = process.platform, processor: string = process.arch): string {
  const name = BINARY_PACKAGES[`${platform}-${processor}`];
  if (name === undefined) {
    throw new InvalidArgument(
      'DEMO_CHAIN_MISSING',
      'platform',
      `the demo's chain (anvil) has no build for ${platform} on ${processor}; run the demo on Linux, macOS or Windows x64`,
    );
  }
  // Resolved beside @foundry-rs/anvil, whose optional dependency it is.
  const require = createRequire(import.meta.url);
  try {
    const folder = dirname(
      require.resolve(`${name}/package.json`, { paths: [resolveFolder(require), import.meta.dirname] }),
    );
    const binary = join(folder, 'bin', platform === 'win32' ? 'anvil.exe' : 'anvil');
    if (existsSync(binary)) return binary;
  } catch {
    // Not installed: the sentence below says what to do.
  }
  throw new InvalidArgument(
    'DEMO_CHAIN_MISSING',
    name,
    `the demo's chain is not installed: run "npm ci" in a checkout, with development and optional dependencies (${name} is missing)`,
  );
}

function resolveFolder(require: NodeJS.Require): string {
  try {
    return dirname(require.resolve('@foundry-rs/anvil/package.json'));
  } catch {
    return import.meta.dirname;
  }
}

/**
 * Starts a fresh, empty chain whose development accounts are new at every start.
 * @throws {InvalidArgument} `DEMO_CHAIN_MISSING`
 * @throws {TransportError} `DEMO_CHAIN_FAILED` if it does not come up.
 */
export async function startChainProcess(options: ChainOptions): Promise<ChainProcess> {
  const child = spawn(
    findAnvil(),
    // Port 0: the kernel picks a free one and anvil prints it. Random accounts: no well-known key holds anything.
    [
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--chain-id',
      String(options.chainId),
      '--mnemonic-random',
      ...(options.state === undefined ? ['--prune-history'] : ['--state', options.state]),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const onExit = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', onExit);
  const stop = async (): Promise<void> => {
    await end(child);
    process.removeListener('exit', onExit);
  };
  try {
    const port = await listeningPort(child);
    return { rpc: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves with the port anvil says it listens on. Its output is read to the end, and kept by nobody. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(new TransportError('DEMO_CHAIN_FAILED', `the demo's chain (anvil) did not start: ${reason}`));
    };
    const timer = setTimeout(() => fail(`no answer after ${START_DEADLINE_MS} ms`), START_DEADLINE_MS);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `code ${code}`}`));
    child.stderr?.resume();
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', (chunk: string) => {
      if (output === 'done') return;
      output += chunk;
      const found = /Listening on 127\.0\.0\.1:(\d+)/.exec(output);
      if (found === null) return;
      output = 'done';
      clearTimeout(timer);
      resolve(Number(found[1]));
    });
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
