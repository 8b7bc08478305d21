/**
 * The external checker as a look: a program by other people, in another language, reads the payload, too. It is the
 * answer to a bug that all nodes share; so whatever goes wrong with it denies, and no policy can accept that.
 */
import { toHex } from '../../protocol/common/bytes.ts';
import type { Address } from '../../protocol/payload/address.ts';
import { type Decoded, decode } from '../../protocol/payload/payload.ts';
import type { Observation } from '../../protocol/payload/risk/observed.ts';
import { encodeTransaction } from '../../protocol/payload/transaction.ts';
import type { Look, Sight } from '../observe/look.ts';
import { runCommand } from './process.ts';
import { differences, expected, MAX_ANSWER, readAnswer, requestOf } from './protocol.ts';
import type { CheckerSettings } from './settings.ts';

export function checkerLook(settings: CheckerSettings): Look {
  return {
    name: 'external checker',
    silence: silent('no answer in time'),
    look: async ({ decoded, wallet }, signal) => await check(settings, decoded, wallet, signal),
  };
}

async function check(
  { command, seconds }: CheckerSettings,
  decoded: Decoded,
  wallet: Address,
  signal: AbortSignal,
): Promise<Sight> {
  const [program = '', ...args] = command;
  const limits = { deadline: seconds * 1000, maxOutput: MAX_ANSWER };
  const output = await runCommand([program, ...args], requestOf(decoded, wallet), limits, signal);
  const answer = output.ok ? readAnswer(output.value) : output;
  if (!answer.ok) return sight(silent(answer.error));
  if ('refused' in answer.value) return sight(disagrees(`it refuses: ${answer.value.refused}`));
  const [first, ...more] = differences(answer.value, expected(decoded));
  if (first === undefined)
    return { risks: [], lines: [`external checker: the same digest 0x${toHex(decoded.digest)}`] };
  const rest = more.length === 0 ? '' : `, and ${more.length} more`;
  return sight(disagrees(`${first}${more[0] === undefined ? '' : `; ${more[0]}`}${more.length > 1 ? rest : ''}`));
}

/** Whether a checker is fit for use: it must agree on a harmless transaction. `undefined`, or what is wrong. */
export async function tryChecker(settings: CheckerSettings): Promise<string | undefined> {
  const wallet: Address = `0x${'00'.repeat(19)}01`;
  const bytes = encodeTransaction({
    type: 'eip1559',
    chainId: 1n,
    nonce: 7n,
    gas: 21_000n,
    fees: { kind: 'cap', maxFeePerGas: 30n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n },
    to: `0x${'11'.repeat(20)}`,
    value: 1n,
    data: new Uint8Array(),
    accessList: [],
    blobs: undefined,
    authorizations: [],
  });
  const decoded = decode({ kind: 'evm-transaction', bytes });
  if (!decoded.ok) return decoded.error.message;
  const { risks } = await check(settings, decoded.value, wallet, new AbortController().signal);
  return risks[0]?.detail;
}

function sight(risk: Observation): Sight {
  return { risks: [risk], lines: [] };
}

function silent(why: string): Observation {
  return { code: 'CHECKER_SILENT', path: '0', detail: `external checker: ${why}` };
}

function disagrees(how: string): Observation {
  return { code: 'CHECKER_DISAGREES', path: '0', detail: `external checker: ${how}` };
}
