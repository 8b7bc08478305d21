/**
 * No blind signing: nothing may take a digest to sign. What a schema accepts is tested by running it; this catches the
 * names under which such a door usually gets built.
 */
import type { Problem } from './rooms.ts';
import type { Source } from './source.ts';

/** Codes in capitals only name the refusal. */
const NAMES = /\b(?:raw|bare|blind|opaque)_?(?:[Dd]igest|[Hh]ash)\b|\bsign_?(?:[Rr]aw_?)?(?:[Dd]igest|[Hh]ash)\b/;
const WORDS = /^(?:eth_sign|--(?:digest|hash|raw|raw-digest|blind)|evm-(?:digest|hash|raw)|raw-?(?:digest|hash))$/;

/** Each with its reason. */
const EXEMPT: Readonly<Record<string, string>> = {
  'test/architecture/digests.ts': 'spells out what it looks for',
  'test/architecture/no-blind-signing.test.ts': 'offers such kinds, to see them refused',
};

export function checkDigests(sources: readonly Source[]): readonly Problem[] {
  return sources
    .filter(({ path }) => EXEMPT[path] === undefined)
    .flatMap(({ path, bare, strings }) => {
      const name = NAMES.exec(bare)?.[0] ?? strings.find((text) => WORDS.test(text));
      return name === undefined ? [] : [{ path, message: `${name}: nothing takes a digest to sign` }];
    });
}
