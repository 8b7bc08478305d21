import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { transportKeyOf } from '../../../proto/link/identity.ts';

/** A line of a child: `event` and whatever belongs to it. */
export interface ChildEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface ChildPeer {
  readonly key: string;
  readonly addresses: readonly string[];
}

export const NETWORK_KEY: string = '1f'.repeat(32);
export const NETWORK: string = '2e'.repeat(32);
const LISTEN = ['/ip4/127.0.0.1/tcp/0'];
/** Bounds a hang; nothing is expected to take long. */
const WAIT_MS = 45_000;

export const seedOf = (number: number): string => Buffer.alloc(32, number).toString('hex');
export const keyOf = (number: number): string => Buffer.from(transportKeyOf(Buffer.alloc(32, number))).toString('hex');

interface Waiter {
  readonly matches: (event: ChildEvent) => boolean;
  readonly resolve: (event: ChildEvent) => void;
}

/** A process of the test that speaks lines of JSON. */
export class LinkProcess {
  readonly events: ChildEvent[] = [];
  readonly #child: ChildProcess;
  readonly #waiters = new Set<Waiter>();
  #stderr = '';
  #nextId = 0;

  constructor(script: string, config: Readonly<Record<string, unknown>>) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    this.#child = spawn(process.execPath, ['--expose-gc', path, JSON.stringify(config)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    if (this.#child.stdout === null) throw new Error('a child without output');
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(JSON.parse(line) as ChildEvent));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The first event that matches, past ones from `from` on included. */
  async waitFor(what: string, matches: (event: ChildEvent) => boolean, from = 0): Promise<ChildEvent> {
    const past = this.events.slice(from).find(matches);
    if (past !== undefined) return past;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        matches,
        resolve: (event) => {
          clearTimeout(timer);
          this.#child.off('exit', onExit);
          resolve(event);
        },
      };
      const fail = (reason: string): void => {
        clearTimeout(timer);
        this.#child.off('exit', onExit);
        this.#waiters.delete(waiter);
        const last = this.events.slice(-5).map((event) => JSON.stringify(event));
        reject(new Error(`${reason} while waiting for ${what}; last: ${last.join(' ')}; ${this.#stderr.slice(-2000)}`));
      };
      const onExit = (): void => fail('the child has ended');
      const timer = setTimeout(() => fail('nothing happened'), WAIT_MS);
      this.#child.once('exit', onExit);
      this.#waiters.add(waiter);
    });
  }

  async ready(): Promise<readonly string[]> {
    const { addresses } = await this.waitFor('ready', ({ event }) => event === 'ready');
    return addresses as string[];
  }

  waitForPeer(key: string, state: 'up' | 'down', from = 0): Promise<ChildEvent> {
    return this.waitFor(
      `${key} ${state}`,
      (e) => e.event === 'peer' && e['peer'] === key && e['state'] === state,
      from,
    );
  }

  waitForLog(code: string, from = 0): Promise<ChildEvent> {
    return this.waitFor(code, (e) => e.event === 'log' && e['code'] === code, from);
  }

  /** Runs a command of the child and answers its result; a failure is an answer with `code`. */
  async run(name: string, options: Readonly<Record<string, unknown>> = {}): Promise<ChildEvent> {
    const id = this.#nextId++;
    this.#child.stdin?.write(`${JSON.stringify({ id, name, ...options })}\n`);
    return this.waitFor(name, (e) => (e.event === 'done' || e.event === 'failed') && e['id'] === id);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(): Promise<void> {
    if (!this.isAlive) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #receive(event: ChildEvent): void {
    this.events.push(event);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(event)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(event);
    }
  }
}

/** Starts and, at the end of a test, ends children. */
export class LinkProcesses {
  readonly #processes: LinkProcess[] = [];

  /** A node with the key of `number`. */
  node(number: number, options: Readonly<Record<string, unknown>> = {}): LinkProcess {
    const defaults = { seed: seedOf(number), listen: LISTEN, peers: [], networkKey: NETWORK_KEY, network: NETWORK };
    return this.#start(new LinkProcess('./link-child.mjs', { ...defaults, ...options }));
  }

  /** A program that breaks the rules. */
  hostile(number: number, options: Readonly<Record<string, unknown>>): LinkProcess {
    const defaults = { seed: seedOf(number), networkKey: NETWORK_KEY, network: NETWORK };
    return this.#start(new LinkProcess('./hostile-child.mjs', { ...defaults, ...options }));
  }

  /** Nodes 1 to `count`, every one with the addresses of all others, all sessions up. */
  async mesh(count: number): Promise<LinkProcess[]> {
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const nodes = numbers.map((number) => this.node(number));
    const addresses = await Promise.all(nodes.map((node) => node.ready()));
    const peers: ChildPeer[] = numbers.map((number, index) => ({
      key: keyOf(number),
      addresses: addresses[index] ?? [],
    }));
    await Promise.all(nodes.map((node) => node.run('peers', { peers })));
    await Promise.all(
      nodes.flatMap((node, index) =>
        peers.filter((_, at) => at !== index).map(({ key }) => node.waitForPeer(key, 'up')),
      ),
    );
    return nodes;
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.splice(0).map((child) => child.end()));
  }

  #start(child: LinkProcess): LinkProcess {
    this.#processes.push(child);
    return child;
  }
}
