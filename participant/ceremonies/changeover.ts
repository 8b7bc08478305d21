/**
 * When this node leaves its roster for the successor: all wallets are there, and what has to be said about the last
 * reshare under the old roster has been said, or has had its time.
 */
import type { NodeContext } from '../context.ts';
import { completed, isSaidByAll } from './handover.ts';

/** After the last transcript is closed, the others may still be handed theirs; milliseconds. */
const AFTERMATH = 1_000;
/** A transcript that is not closed by then holds nobody up any more; milliseconds. */
const PATIENCE = 30_000;

export interface ChangeoverOptions {
  /** Whether the closed transcript of this proposal is kept here. */
  readonly isClosed: (proposal: Uint8Array) => boolean;
  readonly isBusy: () => boolean;
}

export class Changeover {
  /** Resolves once, when it is time. */
  readonly due: Promise<void>;
  readonly #node: NodeContext;
  readonly #options: ChangeoverOptions;
  #isDue: () => void = () => undefined;
  #cancel: () => void = () => undefined;
  /** On the monotonic clock; undefined while there is nothing to change over to. */
  #at: number | undefined;

  constructor(node: NodeContext, options: ChangeoverOptions) {
    this.#node = node;
    this.#options = options;
    this.due = new Promise((resolve) => {
      this.#isDue = resolve;
    });
  }

  /** Looks whether it is time, or when it will be; call it whenever something moved. */
  consider(): void {
    const { clock, note, rosters } = this.#node;
    const patience = this.#patience();
    if (patience === undefined) return;
    const at = clock.monotonic() + patience;
    if (this.#at !== undefined && this.#at <= at) return;
    if (this.#at === undefined)
      note('ROSTER_COMPLETE', `all wallets are with roster version ${rosters.successor?.version ?? 0}`);
    this.#at = at;
    this.#cancel();
    this.#cancel = clock.after(patience, () => this.#end());
  }

  stop(): void {
    this.#cancel();
  }

  /** Milliseconds from now. */
  #patience(): number | undefined {
    const done = completed(this.#node);
    if (done === undefined) return undefined;
    if (done.last === undefined) return AFTERMATH;
    const { digest } = done.last.ceremony.proposal;
    // Nobody asks a guest for its close; it has only to hear that everybody has got there.
    const isSaid = this.#node.self === 0 ? this.#isHeard() : this.#options.isClosed(digest);
    return isSaid ? AFTERMATH : PATIENCE;
  }

  #isHeard(): boolean {
    return this.#node.wallets.all().every(({ wallet }) => isSaidByAll(this.#node, wallet));
  }

  #end(): void {
    const { clock } = this.#node;
    if (this.#options.isBusy()) {
      this.#cancel = clock.after(AFTERMATH, () => this.#end());
      return;
    }
    this.#isDue();
  }
}
