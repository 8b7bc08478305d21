import { type AbiFunction, parseAbiItem, toFunctionSelector, toFunctionSignature } from 'viem';
import { describe, expect, test } from 'vitest';
import { KNOWN_FUNCTIONS, TOKEN_SELECTORS } from '../../protocol/payload/calldata/table.ts';

describe('the function table', () => {
  test.each([...KNOWN_FUNCTIONS.values()].map((entry) => [entry.canonical, entry] as const))('%s', (_, entry) => {
    expect(toFunctionSelector(`function ${entry.canonical}`)).toBe(`0x${entry.selector}`);
    // Our own signature parser wrote `canonical`; a library's must write the same.
    const item = parseAbiItem(`function ${entry.canonical}`) as AbiFunction;
    expect(toFunctionSignature(item)).toBe(entry.canonical);
    expect(entry.parameters.every(({ name }) => /^[a-zA-Z0-9]+$/.test(name))).toBe(true);
  });

  test('no selector stands for two functions', () => {
    const signatures = [...KNOWN_FUNCTIONS.values()].map(({ canonical }) => canonical);
    expect(new Set(signatures).size).toBe(signatures.length);
    for (const [selector, entry] of KNOWN_FUNCTIONS) expect(selector).toBe(entry.selector);
    expect(KNOWN_FUNCTIONS.size).toBe(168);
  });

  test('what a risk check relies on is in the table under that very signature', () => {
    const expected: Readonly<Record<string, string>> = {
      a9059cbb: 'transfer(address,uint256)',
      '095ea7b3': 'approve(address,uint256)',
      '39509351': 'increaseAllowance(address,uint256)',
      a457c2d7: 'decreaseAllowance(address,uint256)',
      a22cb465: 'setApprovalForAll(address,bool)',
      '87517c45': 'approve(address,address,uint160,uint48)',
      '6a761202': 'execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)',
      '8d80ff0a': 'multiSend(bytes)',
    };
    for (const [selector, signature] of Object.entries(expected)) {
      expect(KNOWN_FUNCTIONS.get(selector)?.canonical).toBe(signature);
    }
    for (const selector of TOKEN_SELECTORS) expect(KNOWN_FUNCTIONS.has(selector)).toBe(true);
  });
});
