/** Values of a policy as people read them. */
import { decimalAmount } from '../../payload/words/amounts.ts';
import { dateWords } from '../../payload/words/times.ts';
import type { AmountRange, Asset, Obligation } from '../schema.ts';

/** `50 ETH`; without decimals, base units. */
export function quantityWords(amount: bigint, symbol: string, asset: Asset | undefined): string {
  return asset === undefined ? `${amount} base units` : `${decimalAmount(amount, asset.decimals)} ${symbol}`;
}

export function rangeWords({ min, max }: AmountRange, words: (amount: bigint) => string): string {
  if (min !== undefined && max !== undefined) return `${words(min)} to ${words(max)}`;
  return min === undefined ? `at most ${words(max ?? 0n)}` : `at least ${words(min)}`;
}

/** `24 h`, `90 min`, `3 days`; exact. */
export function durationWords(seconds: number): string {
  if (seconds % 86_400 === 0 && seconds > 86_400) return `${seconds / 86_400} days`;
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds > 0 && seconds % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

export function timeWords(seconds: number): string {
  return dateWords(BigInt(seconds)) ?? String(seconds);
}

/** `2 of finance and the key holder's hand, within 2 h`. */
export function obligationWords(obligation: Obligation): string {
  const { delaySec, distinctDevices, groups = [], holder = true, rejects, ttlSec } = obligation;
  const people = [
    ...groups.map(({ group, quorum }) => `${quorum} of ${group}`),
    ...(holder ? ["the key holder's hand"] : []),
  ];
  return [
    people.join(' and '),
    ...(distinctDevices === true ? ['on distinct devices'] : []),
    ...(ttlSec === undefined ? [] : [`valid for ${durationWords(ttlSec)}`]),
    ...(delaySec === undefined ? [] : [`not before ${durationWords(delaySec)}`]),
    ...(rejects === undefined ? [] : [`${rejects} rejections end it`]),
  ].join(', ');
}
