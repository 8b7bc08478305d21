/**
 * Collects what this participant sees outside of a payload's bytes before it judges: its own history at once, and the
 * looks that take time under one deadline. Nothing here blocks the node: a proposal that is still looked at is not
 * answered yet, while everything else goes on. A look that does not answer is itself an observation.
 */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import type { Address } from '../../protocol/payload/address.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { canonicalObservations, type Observation } from '../../protocol/payload/risk/observed.ts';
import type { OwnHistory } from './history.ts';
import { type Look, NOTHING_SEEN, type Sight, type Subject } from './look.ts';

/** Milliseconds for all looks at one proposal together. */
export const LOOK_DEADLINE = 20_000;
/** Proposals that are looked at at the same time; others wait, so that a flood costs its author's proposals only. */
const PARALLEL = 2;
const MAX_KEPT = 4_000;

export interface ObserverOptions {
  readonly history: OwnHistory;
  readonly looks: readonly Look[];
  readonly clock: Clock;
  readonly note: (code: string, detail: string) => void;
  readonly deadline?: number | undefined;
}

export class Observer {
  readonly #options: ObserverOptions;
  /** By proposal: what the looks saw. */
  readonly #seen = new Map<string, Sight>();
  /** Proposals that are looked at, or wait for it. */
  readonly #busy = new Set<string>();
  readonly #queue: (() => Promise<void>)[] = [];
  readonly #stop = new AbortController();
  #running = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** Names of the looks that take time. */
  get looks(): readonly string[] {
    return this.#options.looks.map(({ name }) => name);
  }

  /** Whether every look at this proposal has ended; always, where there is none to be had. */
  isDone({ ceremony: { proposal } }: BookEntry): boolean {
    return (
      this.#options.looks.length === 0 || proposal.body.ceremony !== 'sign' || this.#seen.has(toHex(proposal.digest))
    );
  }

  /** Everything seen so far, in canonical form: history as of now, and the looks if they have ended. */
  observed(entry: BookEntry, now: number): readonly Observation[] {
    const sight = this.#sightOf(entry);
    return canonicalObservations([...this.#options.history.observe(entry, now, sight.balances), ...sight.risks]);
  }

  /** What the looks say beside risks. */
  lines(entry: BookEntry): readonly string[] {
    const name = toHex(entry.ceremony.proposal.digest);
    if (this.#busy.has(name)) return [`${this.looks.join(' and ')}: still looking at it`];
    return this.#sightOf(entry).lines;
  }

  /** Looks at a proposal unless that is done or under way; calls back when all looks have ended. */
  begin(entry: BookEntry, done: () => void): void {
    const { body, digest } = entry.ceremony.proposal;
    const name = toHex(digest);
    if (body.ceremony !== 'sign' || this.isDone(entry) || this.#busy.has(name)) return;
    this.#busy.add(name);
    this.#queue.push(async () => {
      const decoded = decode(body.payload);
      const wallet: Address = `0x${toHex(body.address)}`;
      const sight = decoded.ok ? await this.#look({ decoded: decoded.value, wallet }) : NOTHING_SEEN;
      this.#busy.delete(name);
      // What was cut short by the node's end says nothing; the next process looks again.
      if (this.#stop.signal.aborted) return;
      this.#seen.set(name, sight);
      const [oldest] = this.#seen.keys();
      if (this.#seen.size > MAX_KEPT && oldest !== undefined) this.#seen.delete(oldest);
      done();
    });
    this.#next();
  }

  /** Ends every look that is under way. */
  stop(): void {
    this.#stop.abort();
    this.#queue.length = 0;
  }

  #next(): void {
    while (this.#running < PARALLEL) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      this.#running += 1;
      void job()
        .catch((error: unknown) =>
          this.#options.note('LOOK_FAILED', error instanceof Error ? error.message : 'unknown'),
        )
        .finally(() => {
          this.#running -= 1;
          this.#next();
        });
    }
  }

  async #look(subject: Subject): Promise<Sight> {
    const { clock, deadline = LOOK_DEADLINE, looks } = this.#options;
    const stop = new AbortController();
    const over = new Promise<undefined>((resolve) => stop.signal.addEventListener('abort', () => resolve(undefined)));
    const onStop = (): void => stop.abort();
    this.#stop.signal.addEventListener('abort', onStop);
    const cancel = clock.after(deadline, onStop);
    const sights = await Promise.all(looks.map((look) => this.#one(look, subject, stop.signal, over)));
    cancel();
    this.#stop.signal.removeEventListener('abort', onStop);
    return {
      risks: sights.flatMap(({ risks }) => risks),
      lines: sights.flatMap(({ lines }) => lines),
      balances: sights.find(({ balances }) => balances !== undefined)?.balances,
    };
  }

  async #one(look: Look, subject: Subject, signal: AbortSignal, over: Promise<undefined>): Promise<Sight> {
    const answer = look.look(subject, signal).catch((error: unknown) => {
      this.#options.note('LOOK_FAILED', `${look.name}: ${error instanceof Error ? error.message : 'unknown'}`);
      return undefined;
    });
    return (await Promise.race([answer, over])) ?? { risks: [look.silence], lines: [] };
  }

  #sightOf({ ceremony: { proposal } }: BookEntry): Sight {
    return this.#seen.get(toHex(proposal.digest)) ?? NOTHING_SEEN;
  }
}
