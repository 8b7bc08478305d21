/**
 * The lines a key holder reads before deciding. From the top: what would be signed, what leaves and who may take what,
 * what is wrong or unusual with it, then every call by itself, and the digest. Printable ASCII only. Addresses are
 * always whole and checksummed, amounts always exact with the raw number beside.
 */
import { toHex } from '../../common/bytes.ts';
import type { Address } from '../address.ts';
import { clearDocument } from '../clear-signing/clear.ts';
import type { ClearContext } from '../clear-signing/text.ts';
import type { Assessment } from '../risk/assess.ts';
import { callLines, clearLines } from './call-lines.ts';
import { contentLines, headingLines } from './heading.ts';
import { indented } from './lines.ts';
import { meaningLines } from './meaning.ts';
import { AddressBook, type AddressNames, NO_NAMES } from './names.ts';
import { observedLines, riskLines } from './risk-lines.ts';
import { MAX_LINE, sanitise } from './sanitise.ts';
import { summaryLines } from './summary.ts';
import { chainWords, coinOf, tokenFacts } from './tokens.ts';

/** What a screen may say beside the payload itself. */
export interface Beside {
  /** Labels of the policies that this party has adopted. */
  readonly names?: AddressNames;
  /** Address of the wallet that would sign, if known. */
  readonly wallet?: Address | undefined;
}

export function describe(assessment: Assessment, beside: Beside = {}): readonly string[] {
  const { decoded, risks } = assessment;
  const book = new AddressBook(decoded.chainId, beside.names ?? NO_NAMES, beside.wallet);
  const clear = clearContext(decoded.chainId, book);
  const { calls, digest, safeTx, typedData } = decoded;
  const meaning = typedData?.meaning;
  const text = typedData === undefined || safeTx !== undefined ? undefined : clearDocument(typedData, clear);
  const lines = [
    ...headingLines(decoded, book),
    ...summaryLines(decoded, risks, book),
    ...(meaning === undefined || safeTx !== undefined ? [] : meaningLines(meaning, decoded.chainId, book)),
    '',
    ...riskLines(risks),
    ...observedLines(risks),
    ...contentLines(decoded, book),
    ...(text === undefined ? [] : indented(clearLines(text, 'document'), 2)),
    '',
    calls.length === 1 ? 'IF YOU APPROVE' : `IF YOU APPROVE, ${calls.length} calls in this order`,
    ...calls.flatMap((call) => callLines(call, { decoded, book, clear })),
    '',
    `Digest that will be signed: 0x${toHex(digest)}`,
  ];
  return lines.map((line) => sanitise(line, MAX_LINE));
}

function clearContext(chainId: bigint | undefined, book: AddressBook): ClearContext {
  return { chainId, coin: coinOf(chainId), tokenOf: tokenFacts, shown: (address) => book.shown(address), chainWords };
}
