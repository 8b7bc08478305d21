/** Limits of two versions: one of before is still there, counts as much, and lets no more through (rule 6). */
import { obligationsOf } from '../obligations.ts';
import type { Policy } from '../prepare.ts';
import type { Limit, PerKey, PolicyDocument } from '../schema.ts';
import { areaOfLimit, assetOf, isInside } from './area.ts';
import { judgedBy, narrows, type PolicyChange, widens } from './change.ts';
import { obligesAsMuch } from './demand.ts';
import { Reaches } from './reach.ts';
import { changedParts, exceedWords, listed, windowWords } from './rule-words.ts';
import { quantityWords } from './values.ts';

export function compareLimits(old: Policy, next: Policy): readonly PolicyChange[] {
  const [before, after] = [byId(old.document), byId(next.document)];
  const lists = { inner: new Reaches(old.document), outer: new Reaches(next.document) };
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((id): readonly PolicyChange[] => {
    const path = `limits.${id}`;
    const [was, is] = [before.get(id), after.get(id)];
    if (was === undefined && is !== undefined) return [narrows(path, `new limit ${limitWords(is, next.document)}`)];
    if (is === undefined && was !== undefined) return [widens(path, `limit removed: ${limitWords(was, old.document)}`)];
    if (was === undefined || is === undefined) return [];
    const isHeld =
      isAsTight(was, is) &&
      was.measure === is.measure &&
      assetOf(old.document, was.asset) === assetOf(next.document, is.asset) &&
      isInside(areaOfLimit(was.match, lists.inner), areaOfLimit(is.match, lists.outer), lists);
    const changed = changedParts(partsOf(was, old.document), partsOf(is, next.document));
    if (changed.length === 0) {
      return isHeld ? [] : [widens(path, `limit "${id}" as before, but what it names covers less`)];
    }
    const words = `limit "${id}": ${changed.map((part) => part.words).join('; ')}`;
    if (changed.every(({ name }) => name === 'note') && isHeld) return [{ path, kind: 'neutral', words }];
    return [judgedBy(isHeld, path, words)];
  });
}

function byId({ limits = [] }: PolicyDocument): ReadonlyMap<string, Limit> {
  return new Map(limits.map((limit) => [limit.id, limit]));
}

function isAsTight(was: Limit, is: Limit): boolean {
  const longer = was.windowSec === undefined ? true : is.windowSec !== undefined && is.windowSec >= was.windowSec;
  return longer && is.max <= was.max && countsTogether(was.per, is.per) && isAsStrict(was.onExceed, is.onExceed);
}

/**
 * Fewer separate counts are tighter. But where a payload does not tell its counterparty, function or asset, a count by
 * that denies it; so only counts by what is always known may be thrown together.
 */
function countsTogether(was: readonly PerKey[] = ['wallet'], is: readonly PerKey[] = ['wallet']): boolean {
  const dropped = was.filter((key) => !is.includes(key));
  return is.every((key) => was.includes(key)) && dropped.every((key) => key === 'wallet' || key === 'initiator');
}

function isAsStrict(was: Limit['onExceed'], is: Limit['onExceed']): boolean {
  if (is === undefined || is === 'deny') return true;
  return was !== undefined && was !== 'deny' && obligesAsMuch(obligationsOf(is.require), obligationsOf(was.require));
}

/** `day: at most 50 ETH in 24 h, per wallet`. */
function limitWords(limit: Limit, document: PolicyDocument): string {
  const parts = partsOf(limit, document);
  const rest = ['match', 'beyond'].flatMap((name) => (parts.has(name) ? [`${name} ${parts.get(name) ?? ''}`] : []));
  return [`"${limit.id}": at most ${parts.get('at most') ?? ''}`, `per ${parts.get('per') ?? ''}`, ...rest].join(', ');
}

function partsOf(limit: Limit, document: PolicyDocument): ReadonlyMap<string, string> {
  const { asset, match, max, measure, note, onExceed, per = ['wallet'], windowSec } = limit;
  const symbol = asset ?? '';
  const parts: readonly (readonly [string, string | undefined])[] = [
    [
      'at most',
      `${maxWords(measure, max, symbol, document)}${measure === 'outstanding' ? '' : ` ${windowWords(windowSec)}`}`,
    ],
    ['per', per.join(' and ')],
    [
      'match',
      match &&
        Object.entries(match)
          .map(([name, values]) => `${name} ${listed(values)}`)
          .join(', '),
    ],
    ['beyond', exceedWords(onExceed)],
    ['note', note === undefined ? undefined : `"${note}"`],
  ];
  return new Map(parts.flatMap(([name, words]) => (words === undefined ? [] : [[name, words] as const])));
}

function maxWords(measure: Limit['measure'], max: bigint, symbol: string, document: PolicyDocument): string {
  switch (measure) {
    case 'amount':
      return quantityWords(max, symbol, document.assets.get(symbol));
    case 'count':
      return `${max} payloads`;
    case 'fee':
      return `${max} wei of fees`;
    case 'outstanding':
      return `${max} nonces outstanding`;
  }
}
