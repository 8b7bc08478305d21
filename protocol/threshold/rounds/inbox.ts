/** Collects one authenticated message per (type, round, from) of one run. */
import { equalBytes } from '../../common/bytes.ts';
import type { ParsedEnvelope } from './envelope.ts';

/** Two different signed messages where only one may exist: a transferable proof against `from`. */
export interface Equivocation {
  readonly from: number;
  readonly first: ParsedEnvelope;
  readonly second: ParsedEnvelope;
}

export class Inbox {
  readonly #messages = new Map<string, ParsedEnvelope>();
  readonly #equivocations = new Map<string, Equivocation>();

  /**
   * Keeps the first message of its slot. An identical one is ignored; the first *different* one is kept beside it
   * as evidence and changes nothing else. The caller has verified signature, sid and receiver.
   */
  put(envelope: ParsedEnvelope): 'new' | 'duplicate' | 'equivocation' {
    const key = slot(envelope.type, envelope.round, envelope.from);
    const first = this.#messages.get(key);
    if (first === undefined) {
      this.#messages.set(key, envelope);
      return 'new';
    }
    if (equalBytes(first.eh, envelope.eh)) return 'duplicate';
    if (!this.#equivocations.has(key)) this.#equivocations.set(key, { from: envelope.from, first, second: envelope });
    return 'equivocation';
  }

  get(type: number, round: number, from: number): ParsedEnvelope | undefined {
    return this.#messages.get(slot(type, round, from));
  }

  /** The messages of all `senders` in their order, or `undefined` while one is missing. */
  collect(type: number, round: number, senders: readonly number[]): readonly ParsedEnvelope[] | undefined {
    const found: ParsedEnvelope[] = [];
    for (const from of senders) {
      const message = this.get(type, round, from);
      if (message === undefined) return undefined;
      found.push(message);
    }
    return found;
  }

  equivocations(): readonly Equivocation[] {
    return [...this.#equivocations.values()];
  }

  /** Overwrites and forgets all messages of this type: bodies that are secret. */
  wipe(type: number): void {
    for (const [key, message] of this.#messages) {
      if (message.type !== type) continue;
      message.bytes.fill(0);
      this.#messages.delete(key);
    }
    for (const [key, { second }] of this.#equivocations) {
      if (second.type !== type) continue;
      second.bytes.fill(0);
      this.#equivocations.delete(key);
    }
  }

  clear(): void {
    this.#messages.clear();
    this.#equivocations.clear();
  }
}

function slot(type: number, round: number, from: number): string {
  return `${type}/${round}/${from}`;
}
