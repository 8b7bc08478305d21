/** A second reading that differs in anything at all is a refusal: each part of it is changed here, one at a time. */
import { expect, test } from 'vitest';
import { parseStrictJson } from '../../protocol/common/strict-json.ts';
import { PayloadRefusal } from '../../protocol/payload/refusal.ts';
import { agreeTypedData } from '../../protocol/payload/typed-data/agree.ts';
import { readDocument, type TypedDocument } from '../../protocol/payload/typed-data/document.ts';
import { typedDataDigest } from '../../protocol/payload/typed-data/hash.ts';
import { type SecondTypedData, secondTypedData } from '../../protocol/payload/typed-data/second-reading.ts';
import { FRIEND } from './support/payloads.ts';
import {
  canonical,
  OWNER,
  permitBatch,
  permitWitness,
  TOKEN_DOMAIN,
  typedDocument,
} from './support/typed-documents.ts';

const BYTES = canonical(
  typedDocument(
    'All(uint8 number,int8 negative,bool flag,address to,bytes data,bytes2 two,string text,uint8[] list,Inner inner)Inner(bool a)',
    {
      number: 1,
      negative: -1,
      flag: true,
      to: FRIEND,
      data: '0xab',
      two: '0x0102',
      text: 'x',
      list: [1, 2],
      inner: { a: false },
    },
    TOKEN_DOMAIN,
  ),
);

function ours(bytes: Uint8Array): TypedDocument {
  const parsed = parseStrictJson(new TextDecoder().decode(bytes));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return readDocument(parsed.value);
}

function outcome(theirs: SecondTypedData): string {
  const document = ours(BYTES);
  try {
    agreeTypedData(document, typedDataDigest(document), theirs);
    return 'agree';
  } catch (error) {
    return error instanceof PayloadRefusal ? error.code : String(error);
  }
}

const SECOND = secondTypedData(BYTES);

function withMessage(change: Readonly<Record<string, unknown>>): SecondTypedData {
  return { ...SECOND, message: { ...SECOND.message, ...change } };
}

test('both agree on what is there', () => {
  expect(outcome(SECOND)).toBe('agree');
  for (const document of [permitWitness(), permitBatch(['1', '2'])]) {
    const bytes = canonical(document);
    const first = ours(bytes);
    expect(() => {
      agreeTypedData(first, typedDataDigest(first), secondTypedData(bytes));
    }).not.toThrow();
  }
});

const { flag: _, ...withoutFlag } = SECOND.message;

test.each<[string, SecondTypedData]>([
  ['another number', withMessage({ number: 2n })],
  ['the same number in another form', withMessage({ number: 1 })],
  ['a number without its sign', withMessage({ negative: 255n })],
  ['another truth value', withMessage({ flag: false })],
  ['a truth value as a number', withMessage({ flag: 1n })],
  ['another address', withMessage({ to: OWNER })],
  ['longer bytes', withMessage({ data: '0xab00' })],
  ['shorter fixed bytes', withMessage({ two: '0x01' })],
  ['another text', withMessage({ text: 'X' })],
  ['a longer list', withMessage({ list: [1n, 2n, 3n] })],
  ['a shorter list', withMessage({ list: [1n] })],
  ['a list in another order', withMessage({ list: [2n, 1n] })],
  ['no list', withMessage({ list: { 0: 1n, 1: 2n } })],
  ['another value inside', withMessage({ inner: { a: true } })],
  ['a value more inside', withMessage({ inner: { a: false, b: true } })],
  ['a list for a struct', withMessage({ inner: [false] })],
  ['nothing for a struct', withMessage({ inner: null })],
  ['a field more', withMessage({ memo: 'x' })],
  ['a field less', { ...SECOND, message: withoutFlag }],
  ['another domain', { ...SECOND, domain: { ...SECOND.domain, chainId: 2n } }],
  ['a domain with more', { ...SECOND, domain: { ...SECOND.domain, salt: '0x' } }],
  ['another primary type', { ...SECOND, primaryType: 'Inner' }],
  ['another type', { ...SECOND, types: { ...SECOND.types, Inner: [{ name: 'a', type: 'uint8' }] } }],
  ['another name', { ...SECOND, types: { ...SECOND.types, Inner: [{ name: 'b', type: 'bool' }] } }],
  ['a type more', { ...SECOND, types: { ...SECOND.types, Other: [{ name: 'a', type: 'bool' }] } }],
  ['another digest', { ...SECOND, digest: `0x${'00'.repeat(32)}` }],
])('%s', (_name, theirs) => {
  expect(outcome(theirs)).toBe('DECODERS_DISAGREE');
});

test.each<[string, string]>([
  ['no JSON', '{'],
  ['no document', '[]'],
  ['no domain', '{"types":{},"primaryType":"A","message":{}}'],
  [
    'a number that is none',
    '{"types":{"A":[{"name":"a","type":"uint8"}]},"primaryType":"A","domain":{},"message":{"a":"x"}}',
  ],
])('whatever makes the second reading throw is a refusal: %s', (_name, text) => {
  expect(() => secondTypedData(new TextEncoder().encode(text))).toThrow('the second decoder refuses the payload');
});
