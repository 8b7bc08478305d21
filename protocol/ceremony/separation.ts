/** Signers without a ban between any two of them: each consent tells with whom its party cannot sign. */
import type { VerdictStatement } from './verdict-statement.ts';

/** Pairs of parties, lower index first, that cannot sign together: it is enough that one of the two says so. */
export function separatedPairs(consents: readonly VerdictStatement[]): readonly (readonly [number, number])[] {
  const pairs = new Map<string, readonly [number, number]>();
  for (const { body } of consents) {
    for (const peer of body.separated ?? []) {
      const pair = [Math.min(peer, body.party), Math.max(peer, body.party)] as const;
      pairs.set(pair.join(), pair);
    }
  }
  return [...pairs.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/**
 * `count` of the candidates, no two of them separated; the first such choice in the order of the candidates. Ascending.
 * `undefined` if there is none.
 */
export function chooseSigners(
  candidates: readonly number[],
  count: number,
  separated: readonly (readonly [number, number])[],
): readonly number[] | undefined {
  const apart = (a: number, b: number): boolean =>
    separated.some(([first, second]) => first === Math.min(a, b) && second === Math.max(a, b));
  const choose = (chosen: readonly number[], from: number): readonly number[] | undefined => {
    if (chosen.length === count) return chosen;
    for (let i = from; candidates.length - i >= count - chosen.length; i++) {
      const next = candidates[i];
      if (next === undefined) break;
      if (chosen.some((other) => apart(other, next))) continue;
      const found = choose([...chosen, next], i + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return choose([], 0)?.toSorted((a, b) => a - b);
}
