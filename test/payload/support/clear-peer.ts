/** Another project's renderer beside ours, and whether two renderings of a value say the same. */
import { decodeData, eip712 } from 'micro-eth-signer/abi.js';
import { type Address, checksumAddress } from '../../../protocol/payload/address.ts';
import type { ClearContext, ClearRow } from '../../../protocol/payload/clear-signing/text.ts';
import { chainWords, coinOf, tokenFacts } from '../../../protocol/payload/words/tokens.ts';

export interface PeerRow {
  readonly label: string;
  readonly value: string;
  readonly format: string;
}

export interface PeerText {
  readonly intent: string;
  readonly sentence: string | undefined;
  readonly rows: readonly PeerRow[];
}

export function clearContext(chainId: bigint): ClearContext {
  return { chainId, coin: coinOf(chainId), tokenOf: tokenFacts, shown: checksumAddress, chainWords };
}

interface PeerResult {
  readonly intent: string;
  readonly interpolatedIntent?: string;
  readonly fields: Readonly<Record<string, { readonly value: string; readonly format: string }>>;
}

const resolveToken = (request: { readonly chainId?: bigint | undefined; readonly address: string }): Promise<never> =>
  Promise.resolve(tokenFacts(request.chainId, request.address as Address) as never);

/** `undefined`: it has no words; a text: it refuses, and why. */
export async function peerCall(
  descriptor: object,
  chainId: bigint,
  to: string,
  data: string,
  value: bigint,
): Promise<PeerText | string | undefined> {
  const options = { chainId: Number(chainId), clearSig: { 'registry/one/one.json': descriptor }, resolveToken };
  try {
    const decoded = decodeData(to, data, value, options as never) as { clearSig?: Promise<PeerResult> } | undefined;
    return peerText(await decoded?.clearSig);
  } catch (error) {
    return error instanceof Error ? error.message : 'no error';
  }
}

export async function peerDocument(descriptor: object, document: object): Promise<PeerText | string | undefined> {
  const options = { clearSig: { 'registry/one/one.json': descriptor }, resolveToken };
  try {
    return peerText(await eip712(document as never, options));
  } catch (error) {
    return error instanceof Error ? error.message : 'no error';
  }
}

function peerText(result: PeerResult | undefined): PeerText | undefined {
  if (result === undefined) return undefined;
  const rows = Object.entries(result.fields).map(([label, { value, format }]) => ({ label, value, format }));
  return { intent: result.intent, sentence: result.interpolatedIntent, rows };
}

/** How a row of ours may differ from theirs; anything else is a mistake of one of the two. */
export type Deviation =
  | 'same'
  /** We add the raw number, checksums, commas, the token's address, the callee. */
  | 'more said'
  /** A number with bits above an address: they show the low part as an address, we the number. */
  | 'not an address'
  /** The descriptor names no token: they take the contract that is called. */
  | 'no token named'
  /** A number that the descriptor's list does not name: they keep its label, we name the path. */
  | 'not in the list'
  /** Seconds beyond every calendar: they show `Invalid Date`, we the number. */
  | 'no date'
  /** They take a token of the same address on mainnet for that of another chain. */
  | 'token of another chain'
  | 'UNEXPLAINED';

export function compared(ours: ClearRow, theirs: PeerRow, chainId: bigint): Deviation {
  if (ours.format !== theirs.format) {
    if (theirs.value === 'Invalid Date') return 'no date';
    if (theirs.format === 'enum' && ours.value === theirs.value) return 'not in the list';
    if (theirs.format === 'addressName') return 'not an address';
    return theirs.format === 'tokenAmount' && theirs.value.endsWith(' ???') ? 'no token named' : 'UNEXPLAINED';
  }
  if (ours.label !== theirs.label.replace(/ [0-9]+$/, '') && ours.label !== theirs.label) return 'UNEXPLAINED';
  if (chainId !== 1n && ours.value.endsWith('(decimals unknown)') && !theirs.value.endsWith(' ???')) {
    return 'token of another chain';
  }
  return sameValue(ours, theirs) ? (ours.value === theirs.value ? 'same' : 'more said') : 'UNEXPLAINED';
}

/** Ours without what we add: commas, raw numbers, quotation marks, checksums, the token of unknown units. */
function sameValue({ format, value }: ClearRow, theirs: PeerRow): boolean {
  const plain = value.replace(/ \([^()]*\)$/, '');
  switch (format) {
    case 'tokenAmount':
      if (theirs.value.endsWith(' ???')) return plain.split(' ')[0] === theirs.value.split(' ')[0];
      return plain.replaceAll(',', '').replace(/ native coin$/, ' ETH') === theirs.value;
    case 'amount':
      return plain.replaceAll(',', '').split(' ')[0] === theirs.value.split(' ')[0];
    case 'unit':
      return plain.replaceAll(',', '') === theirs.value.trim();
    case 'addressName':
      return value.replace(/, which stands for the sender$/, '').toLowerCase() === theirs.value.toLowerCase();
    case 'date':
      return Date.parse(plain.replace(' UTC', 'Z').replace(' ', 'T')) === Date.parse(theirs.value);
    case 'enum':
      return plain === theirs.value;
    case 'duration':
      return value.includes(`(${secondsOf(theirs.value)} seconds)`);
    case 'calldata':
      return value.startsWith(theirs.value.slice(0, 10)) || value.includes(`first ${theirs.value.slice(0, 10)}`);
    case 'nftName':
      return value.startsWith(`token number ${theirs.value} `);
    default:
      return (
        value.replace(/^"(.*)"$/, '$1').toLowerCase() === theirs.value.toLowerCase() || longBytes(value, theirs.value)
      );
  }
}

function secondsOf(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

/** Bytes that are too many for a row. */
function longBytes(ours: string, theirs: string): boolean {
  const length = /^([0-9]+) bytes, first (0x[0-9a-f]{8})$/.exec(ours);
  return length !== null && Number(length[1]) === (theirs.length - 2) / 2 && theirs.startsWith(length[2] ?? '-');
}
