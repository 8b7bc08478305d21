/**
 * What limits ask of a ledger, and what was answered, as rows that can be recorded: whoever judges again with the same
 * rows comes to the same verdict. The ledger itself is ledger.ts.
 */
import type { Layer, LedgerView, LimitNeed } from './verdict.ts';

/** One question of a limit and its answer. */
export interface LimitRow {
  readonly layer: Layer;
  /** Id of the limit in the policy of that layer. */
  readonly limit: string;
  /** Which of its separate counts: `asset=…;wallet=…`, made by spend.ts. */
  readonly bucket: string;
  /** What is used up without the payload that is judged: base units, payloads or nonces. */
  readonly used: bigint;
  /** From how many payloads that comes. */
  readonly entries: number;
}

/** As many questions as one judgement may ask; it then denies. All rows together stay below a document's size. */
export const MAX_LIMIT_ROWS = 2048;
/** Characters: five parts, of which an asset with its chain is the longest. */
export const MAX_BUCKET = 320;
export const MAX_ENTRIES: number = 2 ** 31 - 1;

/** The order of rows in a document. */
export function compareRows(a: Omit<LimitRow, 'used' | 'entries'>, b: Omit<LimitRow, 'used' | 'entries'>): number {
  if (a.layer !== b.layer) return a.layer < b.layer ? -1 : 1;
  if (a.limit !== b.limit) return a.limit < b.limit ? -1 : 1;
  if (a.bucket !== b.bucket) return a.bucket < b.bucket ? -1 : 1;
  return 0;
}

/** Answers from recorded rows alone. What was not recorded cannot be read, and so denies. */
export function recordedLedger(rows: readonly LimitRow[]): LedgerView {
  const known = new Map(rows.map((row) => [rowName(row), row] as const));
  return (need) => {
    const row = known.get(rowName(need));
    return row && { used: row.used, entries: row.entries };
  };
}

/** Passes questions on and keeps what was answered, for the record. */
export class Questions {
  readonly #view: LedgerView;
  readonly #rows = new Map<string, LimitRow>();

  constructor(view: LedgerView) {
    this.#view = view;
  }

  readonly ask: LedgerView = (need: LimitNeed) => {
    const usage = this.#view(need);
    const { layer, limit, bucket } = need;
    if (usage !== undefined) this.#rows.set(rowName(need), { layer, limit, bucket, ...usage });
    return usage;
  };

  /** Every question that was answered, once, in the order of the document. */
  rows(): readonly LimitRow[] {
    return [...this.#rows.values()].sort(compareRows);
  }
}

function rowName({ layer, limit, bucket }: Pick<LimitRow, 'layer' | 'limit' | 'bucket'>): string {
  return `${layer}/${limit}/${bucket}`;
}
