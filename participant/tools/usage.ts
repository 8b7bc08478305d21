/** What limits are to have counted before: rows that people write to see what happens near a limit. */
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { array, decimal, object, optional, type Reader, read, text } from '../../protocol/common/schema.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';
import { MAX_UINT256 } from '../../protocol/policy/limits.ts';
import type { LedgerView } from '../../protocol/policy/verdict.ts';

export interface UsageRow {
  readonly limit: string;
  /** As verdicts write it, `wallet=ops`; absent: every bucket of the limit. */
  readonly bucket?: string | undefined;
  /** Base units, payloads, wei, or nonces. */
  readonly used: bigint;
}

export const USAGE: Reader<readonly UsageRow[]> = array(
  object<UsageRow>({
    limit: text({ min: 1, max: 40 }),
    bucket: optional(text({ min: 1, max: 400 })),
    used: decimal(MAX_UINT256),
  }),
  { max: 256 },
);

/** Fails with `USAGE_INVALID`. */
export function readUsage(content: string, path: string): readonly UsageRow[] {
  const parsed = parseStrictJson(content);
  const json = parsed.ok ? toJson(parsed.value, 'decimal') : parsed;
  if (!json.ok) throw new InvalidArgument('USAGE_INVALID', path, json.error.message);
  const rows = read(USAGE, json.value);
  if (rows.ok) return rows.value;
  throw new InvalidArgument('USAGE_INVALID', `${path}: ${rows.error.field}`, rows.error.message);
}

/** What has no row has not been used. */
export function usageView(rows: readonly UsageRow[]): LedgerView {
  return ({ bucket, limit }) => {
    const row = rows.find((each) => each.limit === limit && (each.bucket === undefined || each.bucket === bucket));
    const used = row?.used ?? 0n;
    return { used, entries: used > 0n ? 1 : 0 };
  };
}
