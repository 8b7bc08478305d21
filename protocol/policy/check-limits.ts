/** Limits: each must mean something, and no two the same thing. */
import { problem } from '../common/schema.ts';
import { checkObligation } from './check-people.ts';
import { checkRefs } from './check-values.ts';
import type { Limit, PolicyDocument } from './schema.ts';

export function checkLimits(policy: PolicyDocument): void {
  const ids = new Set<string>();
  const meanings = new Map<string, string>();
  for (const [i, limit] of (policy.limits ?? []).entries()) {
    const field = `limits[${i}]`;
    if (ids.has(limit.id)) problem(`${field}.id`, `"${limit.id}" is used by two limits; give each its own id`);
    ids.add(limit.id);
    checkLimit(policy, limit, field);
    const meaning = meaningOf(limit);
    const other = meanings.get(meaning);
    if (other !== undefined) {
      problem(field, `overlaps with limit "${other}", which counts exactly the same: one of them never matters`);
    }
    meanings.set(meaning, limit.id);
  }
}

function checkLimit(policy: PolicyDocument, limit: Limit, field: string): void {
  const { asset: symbol, match, measure, onExceed, windowSec } = limit;
  if (measure === 'amount' && symbol === undefined) problem(`${field}.asset`, 'is missing; amounts are of one asset');
  if (measure !== 'amount' && symbol !== undefined)
    problem(`${field}.asset`, `has no meaning for measure "${measure}"`);
  if (measure === 'outstanding' && windowSec !== undefined) {
    problem(`${field}.windowSec`, 'has no meaning for outstanding nonces, which are counted while they are open');
  }
  if (measure === 'count' && windowSec === undefined) {
    problem(`${field}.windowSec`, 'is missing; one transaction alone always counts one');
  }
  const asset = symbol === undefined ? undefined : policy.assets.get(symbol);
  if (symbol !== undefined && asset === undefined) {
    problem(`${field}.asset`, `names "${symbol}"; declare it under assets`);
  }
  if (asset !== undefined && match?.chainIds?.includes(asset.chainId) === false) {
    problem(`${field}.match.chainIds`, `leaves out chain ${asset.chainId}, where "${symbol}" lives`);
  }
  for (const [i, wallet] of (match?.wallets ?? []).entries()) {
    if (policy.wallets.has(wallet)) continue;
    problem(`${field}.match.wallets[${i}]`, `names "${wallet}"; declare it under wallets`);
  }
  checkRefs(policy, match?.counterparties, `${field}.match.counterparties`);
  if (typeof onExceed === 'object') checkObligation(policy, onExceed.require, `${field}.onExceed.require`);
}

/** All but its id, its note, how much it is and what follows. */
function meaningOf({ asset, match, measure, per, windowSec }: Limit): string {
  const conditions = Object.entries(match ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const words = conditions.map(([name, values]) => `${name}=${[...(values ?? [])].map(String).join(',')}`);
  return [measure, asset ?? '', windowSec ?? '', (per ?? ['wallet']).join(','), ...words].join(' ');
}
