/** A rule in a line, and what has changed between two forms of it, with both values. */
import type { Obligation, PolicyDocument, Rule } from '../schema.ts';
import { durationWords, obligationWords, quantityWords, rangeWords } from './values.ts';

/** A rule and the policy whose names it uses. */
export interface Said {
  readonly rule: Rule;
  readonly document: PolicyDocument;
}

export function ruleName({ id }: Rule): string {
  return `rule "${id}"`;
}

/** `allow where assets USDC, at most 5 USDC`. */
export function ruleWords(rule: Rule, document: PolicyDocument): string {
  const parts = [...partsOf({ rule, document })].filter(([name]) => name !== 'effect' && name !== 'note');
  const conditions = parts.map(([name, words]) => `${name} ${words}`).join(', ');
  return `${rule.effect} ${conditions === '' ? 'everything of the usual kind' : `where ${conditions}`}`;
}

/** `undefined` if they say the same. */
export function ruleChangeWords(
  before: Said,
  after: Said,
): { readonly text: string; readonly onlyNotes: boolean } | undefined {
  const changed = changedParts(partsOf(before), partsOf(after));
  if (changed.length === 0) return undefined;
  const text = `${ruleName(after.rule)}: ${changed.map(({ words }) => words).join('; ')}`;
  return { text, onlyNotes: changed.every(({ name }) => name === 'note') };
}

/** `name` is what it is now, `was` what it was. */
export function changedParts(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly { readonly name: string; readonly words: string }[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    if (was === undefined) return [{ name, words: `${name} ${is ?? ''}, was not limited` }];
    if (is === undefined) return [{ name, words: `${name} no longer limited, was ${was}` }];
    return [{ name, words: `${name} ${is}, was ${was}` }];
  });
}

function partsOf({ rule, document }: Said): ReadonlyMap<string, string> {
  const { match } = rule;
  const [symbol = ''] = match.assets ?? [];
  const asset = document.assets.get(symbol);
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['effect', rule.effect],
    ['note', rule.note === undefined ? undefined : `"${rule.note}"`],
    ['consents', rule.consents === undefined ? undefined : `of ${rule.consents} parties`],
    ['rejections', rule.rejections === undefined ? undefined : `of ${rule.rejections} parties end it`],
    ['require', rule.require === undefined ? undefined : obligationWords(rule.require)],
    ['amount', match.amount && rangeWords(match.amount, (amount) => quantityWords(amount, symbol, asset))],
    ['nativeValue', match.nativeValue && `at most ${match.nativeValue.max} wei`],
    ['fee', match.fee && `at most ${match.fee.totalMax} wei`],
    ['gas', match.gas && gasWords(match.gas)],
    ['calldataHash', match.calldataHash],
    ['args', match.args?.map(({ arg, op, value }) => `${arg} ${op} ${listed([value].flat())}`).join(' and ')],
    ['time', match.time?.map(({ days, from, to }) => `days ${days.join()} ${from}-${to} UTC`).join(' or ')],
  ];
  const sets = ['wallets', 'chainIds', 'initiators', 'kinds', 'operations', 'to', 'counterparties'] as const;
  const more = ['selectors', 'assets', 'safes', 'typeHashes', 'risks', 'txTypes'] as const;
  const lists = [...sets, ...more].map((name) => [name, match[name] && listed(match[name])] as const);
  return new Map(
    [...parts, ...lists].flatMap(([name, words]) => (words === undefined ? [] : [[name, words] as const])),
  );
}

function gasWords({ limitMax, maxFeePerGasMax }: NonNullable<Rule['match']['gas']>): string {
  const limit = limitMax === undefined ? [] : [`limit at most ${limitMax}`];
  const price = maxFeePerGasMax === undefined ? [] : [`price at most ${maxFeePerGasMax} wei`];
  return [...limit, ...price].join(', ');
}

/** Long sets by their beginning and number: the file shows all. */
export function listed(values: readonly (string | bigint)[]): string {
  const shown = 8;
  if (values.length <= shown) return values.join(', ');
  return `${values.slice(0, shown).join(', ')} and ${values.length - shown} more`;
}

/** What a limit demands where it is exceeded. */
export function exceedWords(onExceed: 'deny' | { readonly require: Obligation } | undefined): string {
  return onExceed === undefined || onExceed === 'deny' ? 'denied' : `asked for ${obligationWords(onExceed.require)}`;
}

/** `per wallet in 24 h`. */
export function windowWords(windowSec: number | undefined): string {
  return windowSec === undefined ? 'in one transaction' : `in ${durationWords(windowSec)}`;
}
