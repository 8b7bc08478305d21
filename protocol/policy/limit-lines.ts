/** Limits against what a payload uses up and what was used up before. */
import type { Budget } from './budget.ts';
import { type Charge, chargesOf, isCovered } from './charges.ts';
import type { Findings } from './findings.ts';
import { obligationsOf } from './obligations.ts';
import type { Policy, PreparedLimit } from './prepare.ts';
import type { Spend } from './spend.ts';
import { MAX_LIMIT_ROWS } from './usage.ts';
import {
  type Layer,
  type LedgerView,
  type LimitLine,
  type LimitUsage,
  type Obligations,
  printable,
} from './verdict.ts';

export interface Limited {
  readonly lines: readonly LimitLine[];
  /** Of limits that ask people instead of denying. */
  readonly obligations: readonly Obligations[];
}

/** Both layers together ask no more than can be recorded. */
const MAX_ASKED = MAX_LIMIT_ROWS / 2;
const NOTHING: LimitUsage = { used: 0n, entries: 0 };

/** `unread`: calls whose effect nobody can tell and whose permissions do not vouch for it. */
export function limited(
  layer: Layer,
  policy: Policy,
  spend: Spend,
  unread: readonly string[],
  ledger: LedgerView | 'uncounted',
  budget: Budget,
  findings: Findings,
): Limited {
  const charged: { readonly limit: PreparedLimit; readonly charges: readonly Charge[] }[] = [];
  let asked = 0;
  for (const limit of policy.limits) {
    const lookups = spend.moves.length * (1 + (limit.counterparties?.lists.length ?? 0));
    if (!budget.take(lookups * PER_MOVE)) return { lines: [], obligations: [] };
    const charges = chargesOf(limit, spend);
    if (hasMemory(limit)) asked += charges.length;
    charged.push({ limit, charges });
    const [leaf] = mayMove(limit, spend) ? unread : [];
    if (leaf === undefined) continue;
    findings.deny('LIMIT_UNKNOWN', () => unreadWords(limit), leaf);
  }
  if (asked > MAX_ASKED) {
    const detail = `the payload is charged to ${asked} separate counts; one judgement asks for at most ${MAX_ASKED}`;
    findings.deny('POLICY_BUDGET', () => detail);
    return { lines: [], obligations: [] };
  }
  const lines: LimitLine[] = [];
  const obligations: Obligations[] = [];
  for (const { limit, charges } of charged) {
    const { onExceed } = limit.limit;
    for (const { bucket, charge } of charges) {
      const line = charge === undefined ? undefined : lineOf(layer, limit, bucket, charge, ledger);
      if (line !== undefined) lines.push(line);
      if (line === undefined) {
        findings.deny('LIMIT_UNKNOWN', () => unknownWords(limit, bucket, charge));
      } else if (line.exceeded) {
        if (typeof onExceed === 'object') obligations.push(obligationsOf(onExceed.require));
        else findings.deny('LIMIT_EXCEEDED', () => exceededWords(line));
      }
    }
  }
  return { lines, obligations };
}

/** Eight lookups are a step (budget.ts), and a move is one. */
const PER_MOVE = 8;

/** A limit on one transaction alone asks nobody what was before. */
function hasMemory({ limit }: PreparedLimit): boolean {
  return limit.windowSec !== undefined || limit.measure === 'outstanding';
}

function lineOf(
  layer: Layer,
  prepared: PreparedLimit,
  bucket: string,
  charge: bigint,
  ledger: LedgerView | 'uncounted',
): LimitLine | undefined {
  const { id, max } = prepared.limit;
  const need = { layer, limit: id, bucket, charge };
  const asks = hasMemory(prepared);
  const usage = asks && ledger !== 'uncounted' ? ledger(need) : NOTHING;
  if (usage === undefined) return undefined;
  const { used, entries } = usage;
  const source = !asks ? 'itself' : ledger === 'uncounted' ? 'uncounted' : 'ledger';
  return { layer, limit: id, bucket, charge, used, entries, max, exceeded: used + charge > max, source };
}

/** Whether code that nobody reads could move what this limit counts. */
function mayMove(prepared: PreparedLimit, spend: Spend): boolean {
  const { asset, limit } = prepared;
  if (limit.measure !== 'amount' || !isCovered(prepared, spend)) return false;
  return spend.chainId === undefined || asset?.startsWith(`${spend.chainId}:`) === true;
}

function exceededWords({ limit, bucket, used, charge, max }: LimitLine): string {
  return printable(`limit "${limit}" (${bucket}): used ${used}, this payload ${charge}, at most ${max}`);
}

function unknownWords({ limit }: PreparedLimit, bucket: string, charge: bigint | undefined): string {
  const why = charge === undefined ? 'what the payload adds cannot be known' : 'what was used before cannot be read';
  return printable(`limit "${limit.id}" (${bucket}): ${why}`);
}

function unreadWords({ limit }: PreparedLimit): string {
  const needed = 'it takes require rules only, pinned by to together with selectors, typeHashes or calldataHash';
  return printable(`limit "${limit.id}": what this call moves is not known; ${needed}`);
}
