/** Whose account a call runs as, on the screen: batches by delegatecall, and calls that somebody hands on. */
import { encodeFunctionData, type Hex, parseAbi } from 'viem';
import { expect, describe as group, test } from 'vitest';
import { checksumAddress } from '../../protocol/payload/address.ts';
import type { Payload } from '../../protocol/payload/payload.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { describe } from '../../protocol/payload/words/describe.ts';
import {
  calling,
  decoded,
  FOREIGN_CODE,
  FRIEND,
  MULTI_SEND,
  multiSend,
  risks,
  SAFE,
  safeTx,
  TOKEN,
  transfer,
} from './support/payloads.ts';

function screen(payload: Payload): string {
  return describe(assess(decoded(payload))).join('\n');
}

const LOUD = '!! DELEGATECALL: the code at that address runs AS this account and can do anything with it,';

group('a batch by delegatecall', () => {
  const batch = multiSend([
    { to: TOKEN, data: transfer() },
    { to: FRIEND, value: 1n },
  ]);

  test('of a canonical contract is said to be what it is, and keeps its risk', () => {
    const payload = safeTx({ to: MULTI_SEND, operation: 1, data: batch });
    const text = screen(payload);
    expect(text).not.toContain(LOUD);
    expect(text).toContain('DELEGATECALL to the canonical Safe MultiSend 1.4.1: it makes the 2 calls below');
    expect(risks(payload)).toEqual(['DELEGATECALL@0', 'BATCH@0']);
  });

  test('is loud for each foreign code inside it', () => {
    const inner = multiSend([{ to: FOREIGN_CODE, data: transfer(), operation: 1 }]);
    const text = screen(safeTx({ to: MULTI_SEND, operation: 1, data: inner }));
    expect(text).toContain('it makes the 1 call below');
    expect(text.split(LOUD)).toHaveLength(2);
  });

  test.each<[string, Payload]>([
    ['at any other address', safeTx({ to: FOREIGN_CODE, operation: 1, data: batch })],
    [
      'for a Safe that is not bound to a chain',
      safeTx({ to: MULTI_SEND, operation: 1, data: batch }, { verifyingContract: SAFE }),
    ],
    [
      'on a chain that is not known',
      safeTx({ to: MULTI_SEND, operation: 1, data: batch }, { chainId: 77, verifyingContract: SAFE }),
    ],
    [
      'on a network of somebody',
      safeTx({ to: MULTI_SEND, operation: 1, data: batch }, { chainId: 31337, verifyingContract: SAFE }),
    ],
    ['with another function', safeTx({ to: MULTI_SEND, operation: 1, data: transfer() })],
    ['with none that can be read', safeTx({ to: MULTI_SEND, operation: 1, data: '0x12345678' })],
  ])('is loud %s', (_, payload) => {
    expect(screen(payload)).toContain(LOUD);
  });
});

group('a call that is handed on', () => {
  const abi = parseAbi([
    'function execTransactionWithRole(address,uint256,bytes,uint8,bytes32,bool)',
    'function execTransactionFromModule(address,uint256,bytes,uint8)',
    'function executeNextTx(address,uint256,bytes,uint8)',
    'function propose(address[],uint256[],bytes[],string)',
    'function schedule(address,uint256,bytes,bytes32,bytes32,uint256)',
  ]);
  const word: Hex = `0x${'00'.repeat(32)}`;
  const role = encodeFunctionData({
    abi,
    functionName: 'execTransactionWithRole',
    args: [TOKEN, 0n, transfer(), 0, word, true],
  });
  const next = encodeFunctionData({ abi, functionName: 'executeNextTx', args: [TOKEN, 0n, transfer(), 0] });
  const proposal = encodeFunctionData({ abi, functionName: 'propose', args: [[TOKEN], [0n], [transfer()], 'Pay'] });
  const notNamed = `${checksumAddress(FRIEND)} or an account it acts for (not in these bytes)`;

  test.each<[string, Hex]>([
    ['a role module', role],
    ['a delay module', next],
    ['a governor', proposal],
  ])('by %s: who pays is not known, and that is said', (_, data) => {
    const text = screen(calling(FRIEND, data));
    expect(text).toContain(`    from ${notNamed}\n`);
    expect(text).toContain(`${notNamed} calls\n`);
  });

  test('by a Safe or a timelock: it is the one that pays', () => {
    const module = encodeFunctionData({
      abi,
      functionName: 'execTransactionFromModule',
      args: [TOKEN, 0n, transfer(), 0],
    });
    const later = encodeFunctionData({ abi, functionName: 'schedule', args: [TOKEN, 0n, transfer(), word, word, 1n] });
    for (const data of [module, later]) {
      const text = screen(calling(FRIEND, data));
      expect(text).toContain(`    from ${checksumAddress(FRIEND)}\n`);
      expect(text).not.toContain('acts for');
    }
  });
});
