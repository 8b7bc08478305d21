import { describe, expect, test } from 'vitest';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { leafTree, leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import {
  calling,
  decoded,
  execTransaction,
  FRIEND,
  hex,
  MULTI_SEND,
  multiSend,
  plainTransaction,
  SAFE,
  safeTx,
  TOKEN,
  transfer,
} from './support/payloads.ts';

const digest = (payload: Parameters<typeof decoded>[0]): string => hex(leafTreeDigest(decoded(payload)));

function file(value: object): Parameters<typeof decoded>[0] {
  const payload = payloadFromInspectJson(JSON.stringify(value));
  if (!payload.ok) throw new Error(payload.error.message);
  return payload.value;
}

function message(encoding: string, text: string): Parameters<typeof decoded>[0] {
  return file({ kind: 'evm-message', encoding, message: text });
}

function authorization(fields: object): Parameters<typeof decoded>[0] {
  return file({ kind: 'evm-authorization', address: TOKEN, ...fields });
}

describe('the leaf tree', () => {
  test('is fixed: other versions of this software must come to the same bytes', () => {
    expect(digest(plainTransaction({ value: 1n }))).toMatchInlineSnapshot(
      `"0x075fdc531af37ef660b02f5d7cc10907acc7714cd092d5dcada9588704f1f77f"`,
    );
    expect(digest(calling(TOKEN, transfer()))).toMatchInlineSnapshot(
      `"0x3189e11b6555b6b9eb9dd8f45d63b0af65882ecd44dd05456537ba2fa165242d"`,
    );
    expect(digest(safeTx({ to: MULTI_SEND, operation: 1, data: multiSend([{ value: 1n }]) }))).toMatchInlineSnapshot(
      `"0xee4e95662cf60555e5dd96e8d5b24fc79f4b3b0d1788244e7a3b86310f97fe70"`,
    );
    expect(canonicalText(leafTree(decoded(calling(TOKEN, transfer()))))).toMatchInlineSnapshot(
      `"{"calls":[{"call":{"args":["0x2222222222222222222222222222222222222222","5"],"function":"transfer(address,uint256)"},"data":{"length":"68","sha256":"5bf07d9cfa7e53915381922558a3b5e9e9b7e0a61e2935553db4e0e91e5a9d52"},"from":"wallet","movements":[{"amount":"5","asset":"0x1111111111111111111111111111111111111111","counterparty":"0x2222222222222222222222222222222222222222","kind":"transfer","owner":"wallet"}],"operation":"call","path":"0","selector":"a9059cbb","to":"0x1111111111111111111111111111111111111111","value":"0"}],"envelope":{"transaction":{"accessList":[],"chainId":"1","gas":"100000","maxFeePerGas":"30000000000","maxPriorityFeePerGas":"1000000000","nonce":"7","type":"eip1559"}},"kind":"evm-transaction","version":"2"}"`,
    );
  });

  test('differs whenever anything that was understood differs', () => {
    const payloads = [
      plainTransaction(),
      plainTransaction({ nonce: 8 }),
      plainTransaction({ gas: 100_001n }),
      plainTransaction({ chainId: 2 }),
      plainTransaction({ value: 1n }),
      plainTransaction({ to: TOKEN }),
      plainTransaction({ data: '0x00' }),
      plainTransaction({ accessList: [{ address: FRIEND, storageKeys: [] }] }),
      calling(TOKEN, transfer(FRIEND, 1n)),
      calling(TOKEN, transfer(FRIEND, 2n)),
      calling(SAFE, execTransaction({})),
      calling(SAFE, execTransaction({ operation: 1 })),
      calling(SAFE, execTransaction({ gasPrice: 1n })),
      calling(SAFE, execTransaction({ signatures: '0x' })),
      calling(SAFE, execTransaction({ data: transfer() })),
      safeTx(),
      safeTx({ nonce: 4 }),
      safeTx({ operation: 1 }),
      safeTx({}, { verifyingContract: SAFE }),
      safeTx({}, { chainId: 2, verifyingContract: SAFE }),
      message('text', 'a'),
      message('text', 'b'),
      message('text', '0x61'),
      message('hex', '0x61'),
      authorization({ chainId: '1', nonce: '1' }),
      authorization({ chainId: '0', nonce: '1' }),
      authorization({ chainId: '1', nonce: '2' }),
      authorization({ chainId: '1', nonce: '1', address: FRIEND }),
    ];
    expect(new Set(payloads.map(digest)).size).toBe(payloads.length);
  });

  test('grows with the number of calls, not with their data', () => {
    const long = canonicalText(leafTree(decoded(calling(TOKEN, `0xdeadbeef${'ab'.repeat(100_000)}`))));
    expect(long.length).toBeLessThan(1000);
  });
});
