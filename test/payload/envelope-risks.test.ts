/** Findings about what is around the calls: messages, authorizations, blobs and fees. */
import { serializeTransaction } from 'viem';
import { describe, expect, test } from 'vitest';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { FRIEND, plainTransaction, risks, transaction, ZERO } from './support/payloads.ts';

function file(content: unknown): ReturnType<typeof transaction> {
  const parsed = payloadFromInspectJson(JSON.stringify(content));
  if (!parsed.ok) throw new Error(`${parsed.error.code}: ${parsed.error.message}`);
  return parsed.value;
}

describe('messages', () => {
  test.each<[string, string, string, boolean]>([
    ['a line of text', 'text', 'Log in as treasurer', true],
    ['several lines', 'text', 'Log in\r\n\tas treasurer\n', true],
    ['letters beyond ASCII, and pictures', 'text', 'Größe 株式会社 👍', true],
    ['an escape sequence', 'text', 'Log in\u001b[2K', false],
    ['a mark that turns the direction of writing', 'text', 'pay \u202eadA ot', false],
    ['an invisible space', 'text', 'pay\u200bAda', false],
    ['a line separator', 'text', 'pay\u2028Ada', false],
    ['printable bytes', 'hex', '0x4c6f6720696e0a', true],
    ['other bytes', 'hex', '0x0001', false],
    ['31 bytes of a hash', 'hex', `0x${'ab'.repeat(31)}`, false],
    ['UTF-8 as bytes, which could be anything else', 'hex', '0xc3a4', false],
  ])('%s', (_, encoding, message, readable) => {
    const expected = readable ? ['MESSAGE_SIG@0'] : ['MESSAGE_SIG@0', 'RAW_MESSAGE@0'];
    expect(risks(file({ kind: 'evm-message', encoding, message }))).toEqual(expected);
  });
});

describe('authorizations', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['for one chain', '1', FRIEND, ['EIP7702_AUTH@0']],
    ['for every chain', '0', FRIEND, ['NO_CHAIN_BINDING@0', 'EIP7702_AUTH@0']],
    ['that takes the code away', '1', ZERO, ['EIP7702_AUTH@0']],
  ])('%s', (_, chainId, address, expected) => {
    expect(risks(file({ kind: 'evm-authorization', chainId, address, nonce: '0' }))).toEqual(expected);
  });
});

describe('blobs', () => {
  const blobs = {
    type: 'eip4844',
    chainId: 1,
    nonce: 1,
    gas: 21_000n,
    to: FRIEND,
    maxFeePerGas: 10n ** 9n,
    maxPriorityFeePerGas: 1n,
    blobVersionedHashes: [`0x01${'22'.repeat(31)}`],
  } as const;

  test('are named, and their own fee counts', () => {
    const cheap = serializeTransaction({ ...blobs, maxFeePerBlobGas: 10n });
    expect(risks(transaction(cheap))).toEqual(['BLOB@0']);
    const dear = serializeTransaction({ ...blobs, maxFeePerBlobGas: 10n ** 13n });
    expect(risks(transaction(dear))).toEqual(['FEE_ABUSE@0', 'BLOB@0']);
    expect(risks(plainTransaction({ value: 1n }))).toEqual([]);
  });
});
