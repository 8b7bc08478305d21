/**
 * Mutated payloads. Whatever the bytes, a decode never throws; if it succeeds, the bytes are the only spelling of what
 * was understood; and the two decoders never differ silently. fast-check prints the seed of a failing run.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { type Hex, hashTypedData, parseTransaction, serializeTransaction, type TypedDataDefinition } from 'viem';
import { expect, describe as group, test } from 'vitest';
import { leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import { type Decoded, decode, isIntact, PAYLOAD_KINDS, type Payload } from '../../protocol/payload/payload.ts';
import { PAYLOAD_CODES, type PayloadProblem } from '../../protocol/payload/refusal.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { describe } from '../../protocol/payload/words/describe.ts';
import {
  bytes,
  calling,
  execTransaction,
  FOREIGN_CODE,
  FRIEND,
  hex,
  MULTI_SEND,
  multiSend,
  plainTransaction,
  SAFE,
  safeTx,
  TOKEN,
  transaction,
  transfer,
  word,
} from './support/payloads.ts';

const batch = multiSend([
  { to: TOKEN, data: transfer() },
  { value: 3n },
  { to: FOREIGN_CODE, operation: 1, data: '0xdeadbeef' },
]);
const accessList = [{ address: FRIEND, storageKeys: [`0x${'ab'.repeat(32)}`] as Hex[] }] as const;
const SEEDS: readonly Payload[] = [
  plainTransaction({ value: 10n ** 18n, accessList }),
  plainTransaction({ to: null, data: '0x6001600155' }),
  transaction(
    serializeTransaction({ type: 'legacy', chainId: 137, gasPrice: 5n, gas: 21000n, to: FRIEND, value: 300n }),
  ),
  transaction(serializeTransaction({ type: 'eip2930', chainId: 1, gasPrice: 5n, gas: 21000n, to: FRIEND, accessList })),
  calling(TOKEN, transfer()),
  calling(SAFE, execTransaction({ to: MULTI_SEND, operation: 1, data: batch, gasPrice: 1n })),
  calling(SAFE, execTransaction({ to: SAFE, data: execTransaction({ data: transfer() }) })),
  safeTx({ to: MULTI_SEND, operation: 1, data: batch }),
  safeTx({ value: '1000000' }, { verifyingContract: SAFE }),
];

/** Bytes that decoders stumble over: RLP prefixes, lengths, JSON punctuation. */
const sharpByte = fc.constantFrom(
  0x00,
  0x01,
  0x7f,
  0x80,
  0x81,
  0xb7,
  0xb8,
  0xbf,
  0xc0,
  0xf7,
  0xf8,
  0xff,
  0x22,
  0x30,
  0x7b,
);
const edit = fc.record({
  kind: fc.constantFrom('set', 'flip', 'insert', 'remove', 'copy', 'cut'),
  at: fc.nat(),
  length: fc.integer({ min: 1, max: 40 }),
  byte: fc.oneof(sharpByte, fc.integer({ min: 0, max: 255 })),
});

function mutate(
  source: Uint8Array,
  edits: readonly { kind: string; at: number; length: number; byte: number }[],
): Uint8Array {
  let result = [...source];
  for (const { kind, at, length, byte } of edits) {
    const i = result.length === 0 ? 0 : at % result.length;
    if (kind === 'set') result[i] = byte;
    if (kind === 'flip') result[i] = (result[i] ?? 0) ^ (1 << (byte % 8));
    if (kind === 'insert') result.splice(i, 0, byte);
    if (kind === 'remove') result.splice(i, length);
    if (kind === 'copy') result.splice(i, 0, ...result.slice(i, i + length));
    if (kind === 'cut') result = result.slice(0, result.length - (length % result.length));
  }
  return Uint8Array.from(result);
}

/** Calls that stay whole transactions while their data is mutated, byte by byte and word by word. */
const CALLS: readonly string[] = [
  transfer(),
  batch,
  execTransaction({ to: MULTI_SEND, operation: 1, data: batch, gasPrice: 1n }),
  execTransaction({ to: SAFE, data: execTransaction({ data: transfer() }) }),
];
const sharpWord = fc.constantFrom(
  0n,
  1n,
  2n,
  31n,
  32n,
  64n,
  65n,
  257n,
  320n,
  1n << 160n,
  1n << 255n,
  (1n << 256n) - 1n,
);
const wordEdit = fc.record({ at: fc.nat(), value: sharpWord });
const mutatedCall = fc
  .record({
    data: fc.constantFrom(...CALLS),
    words: fc.array(wordEdit, { maxLength: 2 }),
    edits: fc.array(edit, { maxLength: 1 }),
  })
  .map(({ data, words, edits }): Payload => {
    let text = data.slice(10);
    for (const { at, value } of words) {
      const start = (at % Math.floor(text.length / 64)) * 64;
      text = `${text.slice(0, start)}${word(value)}${text.slice(start + 64)}`;
    }
    return calling(SAFE, `${data.slice(0, 10)}${hex(mutate(bytes(text), edits)).slice(2)}`);
  });

const mutatedPayload = fc
  .record({ seed: fc.constantFrom(...SEEDS), edits: fc.array(edit, { maxLength: 4 }) })
  .map(({ seed, edits }): Payload => ({ kind: seed.kind, bytes: mutate(seed.bytes, edits) }));

const mutated = fc.oneof(mutatedPayload, mutatedCall);

/** The digest as viem alone computes it. */
function foreignDigest(payload: Payload): string {
  if (payload.kind === 'evm-transaction') {
    return hex(
      keccak_256(
        new Uint8Array(Buffer.from(serializeTransaction(parseTransaction(hex(payload.bytes) as Hex)).slice(2), 'hex')),
      ),
    );
  }
  const document = JSON.parse(new TextDecoder().decode(payload.bytes)) as TypedDataDefinition & {
    message: Record<string, string>;
  };
  const numbers = ['value', 'operation', 'safeTxGas', 'baseGas', 'gasPrice', 'nonce'];
  const message = Object.fromEntries(
    Object.entries(document.message).map(([key, value]) => [
      key,
      numbers.includes(key) ? BigInt(String(value)) : value,
    ]),
  );
  const domain = document.domain as unknown as { chainId?: string };
  return hashTypedData({
    ...document,
    domain: { ...domain, ...(domain.chainId === undefined ? {} : { chainId: BigInt(domain.chainId) }) },
    message,
  } as TypedDataDefinition);
}

/** Counts what happened, so that a run in which nothing or everything passes does not go for a test. */
class Tally {
  accepted = 0;
  readonly codes = new Set<string>();

  /** What is wrong about the decode of these bytes; nothing, or a finding. */
  complaints(payload: Payload): readonly string[] {
    const result = decode(payload);
    return result.ok ? this.#accepted(payload, result.value) : this.#refused(result.error);
  }

  #refused({ code, message }: PayloadProblem): readonly string[] {
    this.codes.add(code);
    const known = Object.hasOwn(PAYLOAD_CODES, code) && /^[\x20-\x7e]+$/.test(message);
    // Ours must have caught it first: the second decoder alone is no line of defence, nor is a crash.
    const late = ['DECODER_FAILED', 'DECODERS_DISAGREE', 'REENCODE_MISMATCH'].includes(code);
    return [...(known ? [] : [`${code}: ${message}`]), ...(late ? [`caught late: ${code}`] : [])];
  }

  #accepted(payload: Payload, decoded: Decoded): readonly string[] {
    this.accepted += 1;
    const screen = describe(assess(decoded)).join('');
    const checks = {
      'other bytes': hex(decoded.payload.bytes) === hex(payload.bytes),
      'another digest': hex(decoded.digest) === foreignDigest(payload),
      'not intact': isIntact(decoded),
      'no leaf tree': leafTreeDigest(decoded).length === 32,
      'unprintable screen': /^[\x20-\x7e]*$/.test(screen),
    };
    return Object.entries(checks).flatMap(([finding, passed]) => (passed ? [] : [finding]));
  }
}

group('mutated payloads', () => {
  test('decode to exactly themselves, or are refused with a code', () => {
    const tally = new Tally();
    fc.assert(
      fc.property(mutated, (payload) => {
        expect(tally.complaints(payload)).toEqual([]);
      }),
      { numRuns: 2500 },
    );
    expect(tally.accepted).toBeGreaterThan(100);
    expect(tally.codes.size).toBeGreaterThan(10);
  });

  test('noise of any kind is refused without an exception', () => {
    const noise = fc.record({ kind: fc.constantFrom(...PAYLOAD_KINDS), bytes: fc.uint8Array({ maxLength: 300 }) });
    fc.assert(
      fc.property(noise, (payload) => {
        expect(new Tally().complaints(payload)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('no two payloads with different bytes are understood alike', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(mutated, (payload) => {
        const result = decode(payload);
        if (!result.ok) return;
        const tree = hex(leafTreeDigest(result.value));
        const bytes = `${payload.kind} ${hex(payload.bytes)}`;
        expect(seen.get(tree) ?? bytes).toBe(bytes);
        seen.set(tree, bytes);
      }),
      { numRuns: 1000 },
    );
  });
});
