import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../protocol/common/bytes.ts';
import { canonicalBytes, canonicalText, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { must } from '../support/must.ts';

const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'json' },
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
}));

const bytesOf = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...utf8(part)] : part)));

describe('canonical JSON', () => {
  it('reads what it wrote, and nothing else with that meaning', () => {
    fc.assert(
      fc.property(json, (value) => {
        const bytes = canonicalBytes(value);
        expect(bytes.every((byte) => byte < 0x80)).toBe(true);
        expect(must(parseCanonical(bytes))).toEqual(value);
        const plain = utf8(JSON.stringify(value));
        const isSame = plain.length === bytes.length && plain.every((byte, i) => byte === bytes[i]);
        expect(parseCanonical(plain).ok).toBe(isSame);
      }),
    );
  });

  it('reads no other bytes: any change of one byte gives another value or none', () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const bytes = canonicalBytes(value).slice();
        const place = at % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ change;
        const read = parseCanonical(bytes);
        if (read.ok) expect(canonicalBytes(read.value)).toEqual(bytes);
      }),
    );
  });

  it('orders keys by their UTF-8 bytes, where the order of JavaScript differs', () => {
    // U+FF5E comes before U+1F600 in UTF-8, and after its first surrogate in UTF-16.
    expect(canonicalText({ '\u{1f600}': 'b', '\uff5e': 'a', z: 'c' })).toBe(
      '{"z":"c","\\uff5e":"a","\\ud83d\\ude00":"b"}',
    );
  });

  it.each([
    ['a byte order mark before it', bytesOf([0xef, 0xbb, 0xbf], '{"a":"b"}')],
    ['a byte that is no UTF-8', bytesOf('"', [0xff], '"')],
    ['a character that is not ASCII', bytesOf('"é"')],
    ['a replacement character', bytesOf('"\ufffd"')],
    ['an escape that is not needed', bytesOf('"\\u0041"')],
    ['an escape in upper case', bytesOf('"\\u00E9"')],
    ['an escaped slash', bytesOf('"\\/"')],
    ['a bare delete character', bytesOf('"\x7f"')],
    ['white space', bytesOf('{"a": "b"}')],
    ['keys in another order', bytesOf('{"b":"1","a":"2"}')],
    ['a key written twice', bytesOf('{"a":"1","a":"1"}')],
    ['a number', bytesOf('{"a":1}')],
    ['null', bytesOf('null')],
    ['nothing', bytesOf('')],
    ['two values', bytesOf('"a""b"')],
  ])('refuses %s', (_, bytes) => {
    expect(parseCanonical(bytes).ok).toBe(false);
  });
});
