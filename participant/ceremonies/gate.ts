/**
 * What can hold an answer back, or stop it, beside the payload's own judgement: the clock, a freeze, missing approvals,
 * who proposes. Each part of the node that has a say implements it; node.ts lists them.
 */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Judgement } from '../../protocol/ceremony/judgement.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';

export interface Gate {
  /** Why this party does not answer yet; it is looked at again. A denial would be a signed rejection, and end it. */
  hold(entry: BookEntry, judgement: Judgement, now: number): VerdictReason | undefined;
  /** Why this party rejects, or withdraws if it has consented. */
  veto(entry: BookEntry, judgement: Judgement, now: number): VerdictReason | undefined;
  /** Asked before rounds 2 and 3 of a signing leave. */
  mayContinue(entry: BookEntry, now: number): true | { readonly reason: string };
}

/** The first of them that holds it back. */
export function firstHold(
  gates: readonly Gate[],
  entry: BookEntry,
  judgement: Judgement,
  now: number,
): VerdictReason | undefined {
  return firstOf(gates, (gate) => gate.hold(entry, judgement, now));
}

/** The first of them that rejects it. */
export function firstVeto(
  gates: readonly Gate[],
  entry: BookEntry,
  judgement: Judgement,
  now: number,
): VerdictReason | undefined {
  return firstOf(gates, (gate) => gate.veto(entry, judgement, now));
}

/** The first of them that stops a running signing; true if none does. */
export function mayGoOn(gates: readonly Gate[], entry: BookEntry, now: number): true | { readonly reason: string } {
  for (const gate of gates) {
    const answer = gate.mayContinue(entry, now);
    if (answer !== true) return answer;
  }
  return true;
}

function firstOf<T>(gates: readonly Gate[], ask: (gate: Gate) => T | undefined): T | undefined {
  for (const gate of gates) {
    const answer = ask(gate);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
