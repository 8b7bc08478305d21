/** Why a call failed, in words that are safe to show. The text comes from a contract, so from anybody. */
import type { EVMError } from '@ethereumjs/evm';
import { toHex } from '../common/bytes.ts';
import { quoted, sanitise } from '../payload/words/sanitise.ts';
import { numberIn } from './words.ts';

const ERROR = '08c379a0';
const PANIC = '4e487b71';
/** Characters of a contract's own sentence. */
const MAX_SENTENCE = 120;
const MAX_TEXT_BYTES = 480;

export function failureReason(error: EVMError, returned: Uint8Array): string {
  if (error.error !== 'revert') return sanitise(error.error, MAX_SENTENCE);
  if (returned.length < 4) return 'without a reason';
  const selector = toHex(returned.subarray(0, 4));
  const text = selector === ERROR ? errorText(returned.subarray(4)) : undefined;
  if (text !== undefined) return quoted(text, MAX_SENTENCE);
  if (selector === PANIC && returned.length === 36) return `panic 0x${numberIn(returned.subarray(4)).toString(16)}`;
  return `error 0x${selector} with ${returned.length - 4} bytes`;
}

/** The one string of `Error(string)`, as compilers write it. */
function errorText(body: Uint8Array): string | undefined {
  if (body.length < 64 || numberIn(body.subarray(0, 32)) !== 32n) return undefined;
  const length = numberIn(body.subarray(32, 64));
  if (length > BigInt(body.length - 64)) return undefined;
  return new TextDecoder().decode(body.subarray(64, 64 + Math.min(Number(length), MAX_TEXT_BYTES)));
}
