import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson, type StrictJson, toJson } from '../../protocol/common/strict-json.ts';

function problemOf(text: string): { readonly message: string; readonly offset: number } | undefined {
  const parsed = parseStrictJson(text);
  return parsed.ok ? undefined : parsed.error;
}

/** As JSON.parse would give it, for comparison. */
function plain(value: StrictJson): unknown {
  switch (value.type) {
    case 'object':
      return Object.fromEntries([...value.members].map(([key, member]) => [key, plain(member)]));
    case 'array':
      return value.items.map(plain);
    case 'string':
      return value.text;
    case 'number':
      return Number(value.text);
    case 'boolean':
      return value.value;
    case 'null':
      return null;
  }
}

/** Whether the text is read as JSON.parse reads it, or is refused although it matches `refusable`. */
function agreesWithJsonParse(text: string, refusable: RegExp): boolean {
  const parsed = parseStrictJson(text);
  return parsed.ok ? isDeepStrictEqual(plain(parsed.value), JSON.parse(text)) : refusable.test(text);
}

describe('strict JSON', () => {
  test.each([
    ['a key written twice', '{"a":1,"b":2,"a":3}', 13],
    ['a key written twice in two spellings', '{"a":1,"\\u0061":3}', 7],
    ['text after the value', '{} {}', 3],
    ['a leading zero', '01', 1],
    ['a plus sign', '+1', 0],
    ['a bare fraction', '.5', 0],
    ['a trailing comma in a list', '[1,]', 3],
    ['a trailing comma in an object', '{"a":1,}', 7],
    ['a comment', '/* */ 1', 0],
    ['single quotes', "{'a':1}", 1],
    ['NaN', 'NaN', 0],
    ['a raw control character in a string', '"a\nb"', 2],
    ['half a surrogate pair', '"\\ud800"', 0],
    ['an unknown escape', '"\\x41"', 1],
    ['a short unicode escape', '"\\u12"', 1],
    ['a string without end', '"abc', 0],
    ['an object without end', '{"a":1', 6],
    ['a byte order mark', '\ufeff{}', 0],
    ['a no-break space', '\u00a0{}', 0],
    ['no text', '', 0],
    ['white space alone', ' \n', 2],
  ])('refuses %s and says where', (_, text, offset) => {
    expect(problemOf(text)).toMatchObject({ offset });
  });

  test('names a key that is written twice only when it is printable', () => {
    expect(problemOf('{"to":1,"to":2}')?.message).toContain('"to"');
    expect(problemOf('{"\\u202e":1,"\\u202e":2}')?.message).toMatch(/^[\x20-\x7e]*$/);
  });

  test('keeps the exact digits of numbers', () => {
    const parsed = parseStrictJson('[9007199254740993, -0, 1.50, 1E2]');
    expect(
      parsed.ok && parsed.value.type === 'array' && parsed.value.items.map((item) => 'text' in item && item.text),
    ).toEqual(['9007199254740993', '-0', '1.50', '1E2']);
  });

  test('bounds depth and length before building anything', () => {
    expect(parseStrictJson('['.repeat(1_000_000)).ok).toBe(false);
    expect(parseStrictJson(`${'['.repeat(32)}${']'.repeat(32)}`).ok).toBe(true);
    expect(parseStrictJson(`${'['.repeat(34)}${']'.repeat(34)}`).ok).toBe(false);
    expect(parseStrictJson('"abc"', { maxLength: 4 }).ok).toBe(false);
    expect(problemOf(`1${'0'.repeat(200)}`)).toBeDefined();
  });

  test('a key cannot reach a prototype', () => {
    const parsed = parseStrictJson('{"__proto__":{"polluted":true}}');
    expect(parsed.ok && toJson(parsed.value, 'refuse').ok).toBe(false);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('reads every text that JSON.stringify writes, to the same value', () => {
    const value = fc.jsonValue({ stringUnit: 'binary', maxDepth: 5 });
    fc.assert(
      fc.property(value, (written) => agreesWithJsonParse(JSON.stringify(written, undefined, 1), /\\ud[89a-f]/)),
    );
  });

  test('accepts nothing that JSON.parse refuses, and never throws', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0123e.-truefalsn \n'.split('')) });
    fc.assert(
      fc.property(noise, (text) => agreesWithJsonParse(text, /.?/)),
      { numRuns: 3000 },
    );
  });
});

describe('toJson', () => {
  function convert(text: string, numbers: 'decimal' | 'refuse'): unknown {
    const parsed = parseStrictJson(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const json = toJson(parsed.value, numbers);
    return json.ok ? json.value : json.error.offset;
  }

  test('whole numbers become decimal strings, everything else is an error at its place', () => {
    expect(convert('{"a":[12345678901234567890,true,"x"]}', 'decimal')).toEqual({
      a: ['12345678901234567890', true, 'x'],
    });
    expect(convert('[1]', 'refuse')).toBe(1);
    for (const number of ['-1', '-0', '1.0', '1e3', '9'.repeat(79)]) expect(convert(`[${number}]`, 'decimal')).toBe(1);
    expect(convert('{"a":null}', 'decimal')).toBe(5);
  });
});
