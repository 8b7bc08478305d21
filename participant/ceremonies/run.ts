/**
 * Carries out what a protocol machine asks for, strictly in order: a record is durable before the next effect, so no
 * message leaves before what it depends on is on disk. One run is one session; nothing of it survives a restart.
 */
import type { Abort } from '../../protocol/threshold/errors.ts';
import type { Effect, Machine } from '../../protocol/threshold/rounds/round.ts';

export interface RunHost<Output, RunRecord> {
  /** Durable when it resolves. */
  record(record: RunRecord): Promise<void>;
  /** `to` 0: every other party of the run, and whoever archives broadcasts. */
  send(to: number, envelope: Uint8Array): Promise<void>;
  /** The machine keeps listening until `close`: peers may still need an answer. */
  done(output: Output): Promise<void>;
  /** After everything the machine still had to say has left. */
  aborted(abort: Abort): Promise<void>;
  /** An effect failed: the disk refused a record, say. The run is over. */
  failed(error: unknown): void;
}

/** What the node sees of a run, whatever its output. */
export interface ActiveRun {
  accepts(sid: Uint8Array): boolean;
  deliver(envelope: Uint8Array): void;
  /** Ends the run for a reason of this host (deadline, withdrawal); its secrets are wiped at once. */
  cancel(reason: Abort): void;
  /** Whether it must go on being heard although its session has ended. */
  readonly mustListen?: () => boolean;
}

export class Run<Output, RunRecord> implements ActiveRun {
  readonly #machine: Machine<Output, RunRecord>;
  readonly #host: RunHost<Output, RunRecord>;
  #queue: Promise<void> = Promise.resolve();
  #over = false;

  constructor(machine: Machine<Output, RunRecord>, host: RunHost<Output, RunRecord>) {
    this.#machine = machine;
    this.#host = host;
  }

  start(): void {
    this.#enqueue(() => this.#machine.start());
  }

  accepts(sid: Uint8Array): boolean {
    return !this.#over && this.#machine.accepts(sid);
  }

  deliver(envelope: Uint8Array): void {
    this.#enqueue(() => this.#machine.deliver(envelope));
  }

  /** Ends it without a word; its secrets are wiped. */
  close(): void {
    this.#over = true;
    this.#machine.stop();
  }

  cancel(reason: Abort): void {
    if (this.#over) return;
    this.close();
    this.#queue = this.#queue
      .then(() => this.#host.aborted(reason))
      .catch((error: unknown) => this.#host.failed(error));
  }

  #enqueue(step: () => readonly Effect<Output, RunRecord>[]): void {
    this.#queue = this.#queue
      .then(async () => {
        if (!this.#over) await this.#carryOut(step());
      })
      .catch((error: unknown) => {
        this.close();
        this.#host.failed(error);
      });
  }

  async #carryOut(effects: readonly Effect<Output, RunRecord>[]): Promise<void> {
    let abort: Abort | undefined;
    for (const effect of effects) {
      // Cancelled while a record was being written: nothing more may leave.
      if (this.#over) return;
      switch (effect.kind) {
        case 'record':
          await this.#host.record(effect.record);
          break;
        case 'send':
          await this.#host.send(effect.to, effect.envelope);
          break;
        case 'done':
          await this.#host.done(effect.output);
          break;
        case 'abort':
          abort = effect.abort;
          break;
      }
    }
    if (abort === undefined) return;
    this.close();
    await this.#host.aborted(abort);
  }
}
