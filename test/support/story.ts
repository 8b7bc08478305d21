/** A ceremony as loose pieces that a test can change, and the transcript that comes of them. */
import type { Close, CloseBody, Ending } from '../../protocol/ceremony/close.ts';
import type { Outcome } from '../../protocol/ceremony/outcome.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import type { Start } from '../../protocol/ceremony/start.ts';
import type { VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import type { Withdrawal } from '../../protocol/ceremony/withdrawal.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { appendClose, arrange, closeBody } from '../../protocol/transcript/assemble.ts';
import { chain, type Entry, type Line, transcriptBytes } from '../../protocol/transcript/entry.ts';

export interface Story {
  readonly roster: Uint8Array;
  readonly proposal: Proposal;
  readonly documents: readonly Json[];
  readonly verdicts: readonly VerdictStatement[];
  readonly withdrawals: readonly Withdrawal[];
  readonly start?: Start | undefined;
  readonly rounds: readonly Uint8Array[];
  readonly outcomes: readonly Outcome[];
}

export interface Closing {
  readonly ending: Ending;
  /** In any order. */
  readonly authors: readonly string[];
  readonly close: (body: CloseBody) => Close;
  readonly counter: (author: string) => number;
  readonly now: () => number;
  /** Changes the entries before they are chained and closed. */
  readonly entries?: ((entries: readonly Entry[]) => readonly Entry[]) | undefined;
  /** Changes what one author signs. */
  readonly body?: ((body: CloseBody) => CloseBody) | undefined;
}

/** Lines without closes, in the one order. */
export function draft(story: Story): readonly Line[] {
  return chain(entriesOf(story));
}

export function closed(story: Story, closing: Closing): readonly Line[] {
  const entries = entriesOf(story);
  let lines = chain(closing.entries === undefined ? entries : closing.entries(entries));
  for (const author of closing.authors) {
    const { ending } = closing;
    const body = closeBody(lines, { author, ending, counter: closing.counter(author), created: closing.now() });
    lines = appendClose(lines, closing.close(closing.body === undefined ? body : closing.body(body)));
  }
  return lines;
}

export function fileOf(lines: readonly Line[]): Uint8Array {
  return transcriptBytes(lines);
}

function entriesOf(story: Story): readonly Entry[] {
  const rounds = story.rounds.flatMap((bytes) => parseEnvelope(bytes) ?? []);
  return arrange({ ...story, start: story.start, rounds });
}
