/** Why a call failed, in the words of a contract that anybody may have written. */
import { encodeErrorResult, type Hex, parseAbi } from 'viem';
import { describe, expect, test } from 'vitest';
import { fromHex } from '../../protocol/common/bytes.ts';
import { failureReason } from '../../protocol/simulation/reason.ts';

const ABI = parseAbi(['error Error(string)']);
type Failure = Parameters<typeof failureReason>[0];
const REVERT = { error: 'revert' } as Failure;

function said(text: string): string {
  const data: Hex = encodeErrorResult({ abi: ABI, errorName: 'Error', args: [text] });
  return failureReason(REVERT, fromHex(data.slice(2)) ?? new Uint8Array());
}

describe('the words of a contract', () => {
  test.each([
    ['GS013', '"GS013"'],
    ['x"; it succeeds; "', '"x\\"; it succeeds; \\""'],
    ['\u202e\x1b[2J', '"\\u{202e}\\u{1b}[2J"'],
  ])('%j cannot leave their quotation marks', (text, expected) => {
    expect(said(text)).toBe(expected);
  });

  test('are cut', () => {
    expect(said('a'.repeat(10_000)).length).toBeLessThanOrEqual(122);
  });
});
