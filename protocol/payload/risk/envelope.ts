/** Findings about what is around the calls: fees, blobs, what kind of signature this is and where it is valid. */
import { checksumAddress, ZERO_ADDRESS } from '../address.ts';
import type { Message } from '../message.ts';
import type { Decoded } from '../payload.ts';
import { feeCap, type Transaction, totalFeeCap } from '../transaction.ts';
import type { Findings, Raise } from './raise.ts';

/** 10,000 gwei per gas, in wei: far above every congestion seen on a public chain. */
export const ABSURD_FEE_PER_GAS: bigint = 10_000n * 10n ** 9n;
/** One whole native coin as the worst-case fee of one transaction, in wei; blobs included. */
export const ABSURD_TOTAL_FEE: bigint = 10n ** 18n;

export function assessEnvelope(decoded: Decoded, findings: Findings): void {
  const { transaction, message, authorization, safeTx } = decoded;
  const raise = findings.at('0');
  if (transaction !== undefined) assessTransaction(transaction, findings);
  if (safeTx?.domain === 'legacy') raise('NO_CHAIN_BINDING');
  if (message !== undefined) {
    raise('MESSAGE_SIG', `${message.bytes.length} bytes`);
    if (safeTx !== undefined) raise('RAW_MESSAGE', 'the hash of a Safe transaction');
    else if (!isReadable(message)) raise('RAW_MESSAGE', 'bytes that are no plain text');
  }
  if (authorization?.chainId === 0n) raise('NO_CHAIN_BINDING');
  for (const { path, operation, controlChange, to = ZERO_ADDRESS } of decoded.calls) {
    if (operation !== 'authorize' || controlChange?.area !== 'code') continue;
    const ends = to === ZERO_ADDRESS ? ' (takes the code away)' : '';
    findings.at(path)('EIP7702_AUTH', `code of ${checksumAddress(to)}${ends}`);
  }
}

function assessTransaction(tx: Transaction, findings: Findings): void {
  const raise = findings.at('0');
  assessFees(feeCap(tx.fees), totalFeeCap(tx), raise);
  if (tx.blobs !== undefined) {
    const { hashes, maxFeePerBlobGas } = tx.blobs;
    raise('BLOB', `${hashes.length} blobs, up to ${maxFeePerBlobGas} wei per blob gas`);
  }
  // payload.ts hangs the authorizations below the outermost call, before everything else.
  for (const [i, { chainId }] of tx.authorizations.entries()) {
    if (chainId === 0n) findings.at(`0.${i}`)('NO_CHAIN_BINDING');
  }
}

/** @param cap wei per gas @param total wei, at the worst */
export function assessFees(cap: bigint, total: bigint, raise: Raise): void {
  if (cap > ABSURD_FEE_PER_GAS) raise('FEE_ABUSE', `up to ${cap} wei per gas`);
  else if (total > ABSURD_TOTAL_FEE) raise('FEE_ABUSE', `up to ${total} wei in total`);
}

/**
 * Text that a screen shows as it is: no control characters besides line ends and tabs, and none of the marks that are
 * invisible or turn the direction of writing. Bytes count as text only where they are printable ASCII.
 */
function isReadable({ text, bytes }: Message): boolean {
  if (text === undefined) return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || LINES.has(byte));
  return !UNSHOWN.test(text.replaceAll(/[\t\n\r]/g, ''));
}

const LINES: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d]);
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
