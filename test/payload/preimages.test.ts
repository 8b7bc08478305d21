/** Hashes inside payloads, opened by what they are the hash of. */
import { encodeFunctionData, parseAbi } from 'viem';
import { describe, expect, test } from 'vitest';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { checksumAddress } from '../../protocol/payload/address.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import { isIntact, type Payload } from '../../protocol/payload/payload.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { describe as describeLines } from '../../protocol/payload/words/describe.ts';
import {
  calling,
  decoded,
  execTransaction,
  FOREIGN_CODE,
  FRIEND,
  hex,
  MULTI_SEND,
  multiSend,
  plainTransaction,
  refusal,
  SAFE,
  safeTx,
  safeTxDocument,
  TOKEN,
  transfer,
} from './support/payloads.ts';

const ABI = parseAbi(['function approveHash(bytes32 hashToApprove)']);

/** A Safe transaction that would hand the Safe over. */
const INNER = safeTx({ to: FOREIGN_CODE, data: transfer(), operation: 1, nonce: 71 });
const INNER_HASH = hex(decoded(INNER).digest) as `0x${string}`;
const OTHER = safeTx({ nonce: 72 });

function approving(hash: `0x${string}` = INNER_HASH): `0x${string}` {
  return encodeFunctionData({ abi: ABI, functionName: 'approveHash', args: [hash] });
}

function hashMessage(hash: string = INNER_HASH): Payload {
  return { kind: 'evm-message', bytes: new TextEncoder().encode(canonicalText({ encoding: 'hex', message: hash })) };
}

function withPreimages(payload: Payload, ...preimages: readonly Payload[]): Payload {
  return { ...payload, preimages: preimages.map(({ bytes }) => bytes) };
}

function tree(payload: Payload): readonly unknown[] {
  return decoded(payload).calls.map(({ path, operation, from, to }) => [path, operation, from, to]);
}

describe('a message of 32 bytes', () => {
  test('is opened by the Safe transaction it is the hash of', () => {
    const payload = withPreimages(hashMessage(), INNER);
    expect(tree(payload)).toEqual([
      ['0', 'authorize', 'wallet', SAFE],
      ['0.0', 'delegatecall', SAFE, FOREIGN_CODE],
    ]);
    const result = decoded(payload);
    expect(result.safeTx).toMatchObject({ safe: SAFE, operation: 1, nonce: 71n });
    expect(result.chainId).toBe(1n);
    expect(isIntact(result)).toBe(true);
    expect(hex(result.digest)).not.toBe(INNER_HASH);
  });

  test('is refused without it, with another, with one more, and with one twice', () => {
    expect(refusal(hashMessage())).toBe('OPAQUE_MESSAGE');
    expect(refusal(withPreimages(hashMessage(), OTHER))).toBe('PREIMAGE_MISMATCH');
    expect(refusal(withPreimages(hashMessage(), INNER, OTHER))).toBe('PREIMAGE_UNUSED');
    expect(refusal(withPreimages(hashMessage(), INNER, INNER))).toBe('PREIMAGE_UNUSED');
    expect(refusal(withPreimages(hashMessage(), ...Array.from({ length: 17 }, () => INNER)))).toBe('PREIMAGE_UNUSED');
  });

  test('a longer message takes no preimage', () => {
    const long: Payload = {
      kind: 'evm-message',
      bytes: new TextEncoder().encode(canonicalText({ encoding: 'hex', message: `${INNER_HASH}00` })),
    };
    expect(refusal(withPreimages(long, INNER))).toBe('PREIMAGE_UNUSED');
  });
});

describe('approveHash', () => {
  test('the screen says whose transaction it approves, in which place', () => {
    const screen = (payload: Payload): string => describeLines(assess(decoded(payload))).join('\n');
    const safe = checksumAddress(SAFE);
    const lines = `Safe nonce 71\n  of ${safe}\n  Gas refund: none`;
    const place = `A hash below stands for a Safe transaction on chain 1 (Ethereum), ${lines}`;
    expect(screen(withPreimages(calling(SAFE, approving()), INNER))).toContain(place);
    const nested = safeTx({ to: SAFE, data: approving(), nonce: 5 });
    const message = withPreimages(hashMessage(hex(decoded(withPreimages(nested, INNER)).digest)), nested, INNER);
    expect(screen(message)).toContain(place);
    expect(screen(message)).toContain('Safe nonce 5; operation 0 = call');
    expect(screen(message).match(/A hash below/g)?.length).toBe(1);
  });

  test('is opened, wherever it is called', () => {
    expect(tree(withPreimages(calling(SAFE, approving()), INNER))).toEqual([
      ['0', 'call', 'wallet', SAFE],
      ['0.0', 'delegatecall', SAFE, FOREIGN_CODE],
    ]);
    const batch = multiSend([
      { to: TOKEN, data: transfer() },
      { to: SAFE, data: approving() },
    ]);
    expect(tree(withPreimages(calling(MULTI_SEND, batch), INNER)).slice(1)).toEqual([
      ['0.0', 'call', MULTI_SEND, TOKEN],
      ['0.1', 'call', MULTI_SEND, SAFE],
      ['0.1.0', 'delegatecall', SAFE, FOREIGN_CODE],
    ]);
  });

  test('one Safe owns another: the hash is approved by a Safe transaction', () => {
    const outer = safeTx({ to: SAFE, data: approving() }, { chainId: 1, verifyingContract: FRIEND });
    expect(tree(withPreimages(outer, INNER))).toEqual([
      ['0', 'call', FRIEND, SAFE],
      ['0.0', 'delegatecall', SAFE, FOREIGN_CODE],
    ]);
    const executed = calling(FRIEND, execTransaction({ to: SAFE, data: approving() }));
    expect(tree(withPreimages(executed, INNER)).map((row) => (row as readonly unknown[])[0])).toEqual([
      '0',
      '0.0',
      '0.0.0',
    ]);
  });

  test('a preimage may hold a hash, too, that another opens', () => {
    const middle = safeTx({ to: SAFE, data: approving() }, { chainId: 1, verifyingContract: FRIEND });
    const outer = hashMessage(hex(decoded(middle).digest));
    expect(tree(withPreimages(outer, middle, INNER))).toEqual([
      ['0', 'authorize', 'wallet', FRIEND],
      ['0.0', 'call', FRIEND, SAFE],
      ['0.0.0', 'delegatecall', SAFE, FOREIGN_CODE],
    ]);
    expect(refusal(withPreimages(outer, middle))).toBeUndefined();
    expect(refusal(withPreimages(outer, INNER))).toBe('PREIMAGE_MISMATCH');
  });

  test('what does not belong to it is refused', () => {
    const call = calling(SAFE, approving());
    expect(refusal(withPreimages(call, OTHER))).toBe('PREIMAGE_UNUSED');
    expect(refusal(withPreimages(call, INNER, OTHER))).toBe('PREIMAGE_UNUSED');
    expect(refusal(withPreimages(plainTransaction(), INNER))).toBe('PREIMAGE_UNUSED');
    // Sent to another account the same bytes approve nothing of this Safe.
    expect(refusal(withPreimages(calling(FRIEND, approving()), INNER))).toBe('PREIMAGE_MISMATCH');
    const elsewhere = plainTransaction({ chainId: 10, to: SAFE, data: approving() });
    expect(refusal(withPreimages(elsewhere, INNER))).toBe('PREIMAGE_MISMATCH');
    const asCode = safeTx({ to: SAFE, data: approving(), operation: 1 });
    expect(refusal(withPreimages(asCode, INNER))).toBe('PREIMAGE_UNUSED');
    const other = decoded(safeTx()).payload;
    expect(refusal(withPreimages(other, INNER))).toBe('PREIMAGE_UNUSED');
  });

  test('a Safe of before 1.3 binds no chain, so its transaction opens a hash on any', () => {
    const legacy = safeTx({}, { verifyingContract: SAFE });
    const call = plainTransaction({
      chainId: 10,
      to: SAFE,
      data: approving(hex(decoded(legacy).digest) as `0x${string}`),
    });
    expect(refusal(withPreimages(call, legacy))).toBeUndefined();
  });
});

describe('a preimage', () => {
  test('is read as strictly as a payload', () => {
    const cut: Payload = { kind: 'evm-typed-data', bytes: INNER.bytes.slice(0, -1) };
    expect(refusal(withPreimages(hashMessage(), cut))).toBe('TYPED_DATA_JSON');
    const spaced = new TextEncoder().encode(JSON.stringify(JSON.parse(new TextDecoder().decode(INNER.bytes)), null, 1));
    expect(refusal(withPreimages(hashMessage(), { ...INNER, bytes: spaced }))).toBe('TYPED_DATA_NOT_CANONICAL');
    expect(refusal(withPreimages(hashMessage(), plainTransaction()))).toBe('TYPED_DATA_JSON');
    const huge: Payload = { kind: 'evm-typed-data', bytes: new Uint8Array(4 * 1024 * 1024) };
    expect(refusal(withPreimages(hashMessage(), huge))).toBe('PAYLOAD_TOO_LARGE');
  });

  test('changes what was understood, not what is signed', () => {
    const plain = decoded(calling(SAFE, approving()));
    const opened = decoded(withPreimages(calling(SAFE, approving()), INNER));
    expect(hex(opened.digest)).toBe(hex(plain.digest));
    expect(hex(leafTreeDigest(opened))).not.toBe(hex(leafTreeDigest(plain)));
  });

  test('comes along in a file', () => {
    const document = JSON.parse(new TextDecoder().decode(INNER.bytes)) as object;
    const file = { kind: 'evm-message', encoding: 'hex', message: INNER_HASH.toUpperCase().replace('0X', '0x') };
    const read = payloadFromInspectJson(JSON.stringify({ ...file, preimages: [document] }));
    if (!read.ok) throw new Error(read.error.message);
    expect(read.value).toEqual(withPreimages(hashMessage(), INNER));
    expect(refusal(read.value)).toBeUndefined();
    for (const preimages of [
      [],
      {},
      'x',
      [INNER_HASH],
      [safeTxDocument(), 5],
      Array.from({ length: 17 }, () => safeTxDocument()),
    ]) {
      expect(payloadFromInspectJson(JSON.stringify({ ...file, preimages })).ok).toBe(false);
    }
  });
});
