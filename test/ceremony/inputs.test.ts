import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { INPUTS, inputsJson, type JudgementInputs } from '../../protocol/ceremony/inputs.ts';
import { canonicalText, type Json } from '../../protocol/common/canonical-json.ts';
import { read } from '../../protocol/common/schema.ts';
import { isObservedRisk, type ObservedRisk, RISKS } from '../../protocol/payload/risk/codes.ts';
import {
  canonicalObservations,
  isAmong,
  MAX_OBSERVATIONS,
  type Observation,
} from '../../protocol/payload/risk/observed.ts';

const CODES = Object.keys(RISKS).filter(isObservedRisk);
const SEEN: Observation = { code: 'FIRST_SEEN_DESTINATION', path: '0.1', detail: 'own history: never paid' };

function readBack(document: Json): JudgementInputs | string {
  const result = read(INPUTS, document);
  return result.ok ? result.value : `${result.error.field} ${result.error.message}`;
}

describe('the inputs document', () => {
  test('of a judgement by the bytes alone is the first version, as ever', () => {
    const document = { now: '1800000000', schema: 'keymoot.inputs.v1' };
    expect(inputsJson({ now: 1_800_000_000 })).toEqual(document);
    expect(inputsJson({ now: 1_800_000_000, observed: [] })).toEqual(document);
    expect(readBack(document)).toEqual({ now: 1_800_000_000 });
  });

  test('with observations is the second, and holds no severity', () => {
    const inputs = { now: 5, observed: [SEEN] };
    const document = { now: '5', observed: [{ ...SEEN }], schema: 'keymoot.inputs.v2' };
    expect(inputsJson(inputs)).toEqual(document);
    expect(readBack(inputsJson(inputs))).toEqual(inputs);
  });

  const second = (observed: Json): Json => ({ now: '5', observed, schema: 'keymoot.inputs.v2' });
  const another: Observation = { ...SEEN, path: '0.2' };
  test.each<[string, Json]>([
    ['the first version with observations', { now: '5', observed: [{ ...SEEN }], schema: 'keymoot.inputs.v1' }],
    ['the second version without', { now: '5', schema: 'keymoot.inputs.v2' }],
    ['the second version with none', second([])],
    ['a version of the future', { now: '5', observed: [{ ...SEEN }], schema: 'keymoot.inputs.v3' }],
    ['a code that bytes raise', second([{ ...SEEN, code: 'BATCH' }])],
    ['a code nobody knows', second([{ ...SEEN, code: 'constructor' }])],
    ['a severity', second([{ ...SEEN, severity: 'info' }])],
    ['no path', second([{ code: SEEN.code, detail: '' }])],
    ['a path that is none', second([{ ...SEEN, path: '0.01' }])],
    ['text for a terminal', second([{ ...SEEN, detail: '\u001b[31m' }])],
    ['a detail that is too long', second([{ ...SEEN, detail: 'x'.repeat(401) }])],
    ['another order', second([{ ...another }, { ...SEEN }])],
    ['one thing twice', second([{ ...SEEN }, { ...SEEN }])],
    ['too many', second(Array.from({ length: 65 }, (_, i) => ({ ...SEEN, path: `0.${100 + i}` })))],
  ])('is refused with %s', (_, document) => {
    expect(readBack(document)).toBeTypeOf('string');
  });
});

describe('observations', () => {
  const observation: fc.Arbitrary<Observation> = fc.record({
    code: fc.constantFrom<ObservedRisk[]>(...CODES),
    path: fc.oneof(
      fc.constant('0'),
      fc.nat(500).map((i) => `0.${i}`),
      fc.string(),
    ),
    detail: fc.oneof(fc.string({ unit: 'binary', maxLength: 500 }), fc.constantFrom('', 'own history: a; b')),
  });

  test('of any kind and number have a canonical form that the document holds', () => {
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 300 }), (found) => {
        const list = canonicalObservations(found);
        expect(list.length).toBeLessThanOrEqual(MAX_OBSERVATIONS);
        expect(new Set(list.map(({ code }) => code))).toEqual(new Set(found.map(({ code }) => code)));
        expect(canonicalObservations(list)).toEqual(list);
        if (list.length === 0) return;
        expect(readBack(inputsJson({ now: 1, observed: list }))).toEqual({ now: 1, observed: list });
        const reversed = canonicalObservations([...list].reverse());
        expect(canonicalText(inputsJson({ now: 1, observed: reversed }))).toBe(
          canonicalText(inputsJson({ now: 1, observed: list })),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('beyond the limit are summed up at the outermost call, not dropped', () => {
    const many = Array.from({ length: 1000 }, (_, i): Observation => ({ ...SEEN, path: `0.${i}` }));
    const list = canonicalObservations(many);
    expect(list).toHaveLength(MAX_OBSERVATIONS);
    expect(list[0]?.path).toBe('0');
    expect(list[0]?.detail).toContain('937 more calls');
  });

  test('a payload that did not change is not strange for how much else was seen beside it', () => {
    const at = (code: ObservedRisk, path: string): Observation => ({ code, path, detail: 'seen' });
    const paths = Array.from({ length: 60 }, (_, i) => `0.${i}`);
    const history = paths.flatMap((path) => [at('FIRST_SEEN_DESTINATION', path), at('UNUSUAL_AMOUNT', path)]);
    const recorded = canonicalObservations([...history, at('SIM_REVERTS', '0'), at('SIM_CREATES', '0')]);
    // As after a restart, which forgets what a simulation saw and so leaves room for more of the history.
    expect(canonicalObservations(history).filter((item) => !isAmong(item, recorded))).toEqual([]);
    expect(isAmong(at('LOOKALIKE', '0.3'), recorded)).toBe(false);
    expect(isAmong(at('SIM_CREATES', '0.3'), recorded)).toBe(false);
  });
});
