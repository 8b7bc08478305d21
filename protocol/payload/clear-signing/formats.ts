/**
 * The formats of ERC-7730, one value to one line. A value that does not fit its format throws a fault, and the caller
 * shows it raw instead. Every text that is not ours passes the sanitiser.
 */
import { toHex } from '../../common/bytes.ts';
import { type Address, addressOf, checksumAddress } from '../address.ts';
import { decimalAmount, nativeAmount, tokenAmount } from '../words/amounts.ts';
import { unitsWords } from '../words/money.ts';
import { quoted, sanitise } from '../words/sanitise.ts';
import { dateWords, spanWords } from '../words/times.ts';
import { fault } from './fault.ts';
import { isMap, type JsonMap, manyOf, mapOf, member, textOf } from './json-access.ts';
import { constantAt, type Path, parsePath, type Roots, SLICE, type Typed, valueAt } from './path.ts';
import type { ClearContext } from './text.ts';

/** One value on its way to a line. */
export interface Place {
  readonly typed: Typed;
  /** Which of the field's values it is: parameters with `[]` take their own value of the same number. */
  readonly item: number;
  readonly params: JsonMap;
  readonly roots: Roots;
  /** The group around the field. */
  readonly base: Path | undefined;
  readonly context: ClearContext;
}

/** Bytes shown in a row; the call itself shows more of them. */
const MAX_BYTES = 64;
const MAX_TEXT = 200;

export function formatted(format: string, place: Place): string {
  switch (format) {
    case 'tokenAmount':
      return tokenAmountLine(place);
    case 'amount':
      return nativeAmount(number(place.typed), place.context.coin);
    case 'addressName':
      return addressLine(place);
    case 'date':
      return dateLine(place);
    case 'duration':
      return durationLine(place);
    case 'enum':
      return enumLine(place);
    case 'unit':
      return unitLine(place);
    case 'nftName':
      return nftLine(place);
    case 'tokenTicker':
      return tickerLine(place);
    case 'chainId':
      return place.context.chainWords(number(place.typed));
    case 'calldata':
      return calldataLine(place);
    default:
      return raw(place.typed);
  }
}

/** Any value as it is; never fails. */
export function raw({ value }: Typed): string {
  switch (value.kind) {
    case 'number':
    case 'bool':
      return `${value.value}`;
    case 'address':
      return checksumAddress(value.value);
    case 'bytes':
      return bytesWords(value.value);
    case 'text':
      return quoted(value.value, MAX_TEXT);
    case 'list':
      return `${value.items.length} values, listed with the call`;
    case 'struct':
      return 'several values, listed with the call';
    default:
      return 'no value';
  }
}

function tokenAmountLine(place: Place): string {
  const { context, params } = place;
  const amount = number(place.typed);
  const token = optionalAddress(place, 'token');
  const chainId =
    params['chainId'] === undefined && params['chainIdPath'] === undefined ? context.chainId : fault('chain');
  if (token === undefined) return fault('no token');
  const native = manyOf(params['nativeCurrencyAddress']).map((entry) => constantAddress(entry, place));
  if (native.includes(token)) return nativeAmount(amount, context.coin);
  const facts = context.tokenOf(chainId, token);
  const threshold = params['threshold'];
  if (threshold !== undefined && amount >= constantNumber(threshold, place)) {
    const message = textOf(constant(params['message'], place)) ?? 'Unlimited';
    return `${sanitise(message, 40)} ${facts?.symbol ?? tokenWords(token)} (${unitsWords(amount)})`;
  }
  return facts === undefined ? `${amount} units of ${tokenWords(token)}` : tokenAmount(amount, facts);
}

function tokenWords(token: Address): string {
  return `token ${checksumAddress(token)} (decimals unknown)`;
}

function addressLine(place: Place): string {
  const address = addressFrom(place.typed);
  const senders = manyOf(place.params['senderAddress']).flatMap(manyOf);
  if (senders.some((entry) => constantAddress(entry, place) === address)) {
    return `${checksumAddress(address)}, which stands for the sender`;
  }
  return place.context.shown(address);
}

function dateLine({ typed, params }: Place): string {
  const value = number(typed);
  if (params['encoding'] === 'blockheight') return `block ${value}`;
  return `${dateWords(value) ?? fault('no date')} (${value})`;
}

function durationLine({ typed }: Place): string {
  const seconds = number(typed);
  return seconds < 0n ? fault('a negative time') : `${spanWords(seconds)} (${seconds} seconds)`;
}

function enumLine(place: Place): string {
  const { typed, params } = place;
  const reference = textOf(params['$ref']) ?? fault('no enum');
  const names = mapOf(constantAt(parsePath(reference), place.roots));
  const key = typed.value.kind === 'bool' ? `${typed.value.value}` : `${number(typed)}`;
  // Some descriptors spell booleans with a capital.
  const name = textOf(member(names, key)) ?? textOf(member(names, `${key.charAt(0).toUpperCase()}${key.slice(1)}`));
  return `${sanitise(name ?? fault('not in the enum'), 80)} (${key})`;
}

function unitLine(place: Place): string {
  const { params, typed } = place;
  const value = number(typed);
  const base = sanitise(textOf(constant(params['base'], place)) ?? '', 20).trim();
  const decimals = params['decimals'] === undefined ? 0 : Number(params['decimals']);
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 77) return fault('decimals');
  const amount = `${decimalAmount(value, decimals)} ${base}`.trim();
  return decimals === 0 && value < 1000n ? amount : `${amount} (${value})`;
}

function nftLine(place: Place): string {
  const collection = optionalAddress(place, 'collection') ?? fault('no collection');
  return `token number ${number(place.typed)} of ${place.context.shown(collection)}`;
}

function tickerLine(place: Place): string {
  const address = addressFrom(place.typed);
  const facts = place.context.tokenOf(place.context.chainId, address) ?? fault('token unknown');
  return `${facts.symbol}, token ${checksumAddress(address)}`;
}

/** What the bytes call is opened, where it can be, by the call tree and not by a descriptor. */
function calldataLine(place: Place): string {
  const { value } = place.typed;
  if (value.kind !== 'bytes') return fault('no bytes');
  const callee = optionalAddress(place, 'callee') ?? fault('no callee');
  if (value.value.length === 0) return `nothing is called on ${place.context.shown(callee)}`;
  return `${bytesWords(value.value)} to ${place.context.shown(callee)}`;
}

function bytesWords(bytes: Uint8Array): string {
  if (bytes.length <= MAX_BYTES) return `0x${toHex(bytes)}`;
  return `${bytes.length} bytes, first 0x${toHex(bytes.subarray(0, 4))}`;
}

function number({ type, value }: Typed): bigint {
  if (value.kind === 'bytes' && type === SLICE && value.value.length <= 32) return BigInt(`0x0${toHex(value.value)}`);
  return value.kind === 'number' ? value.value : fault('no number');
}

/** An address, 20 bytes of a slice, or a number with nothing above an address. */
function addressFrom({ value }: Typed): Address {
  if (value.kind === 'address') return value.value;
  if (value.kind === 'bytes' && value.value.length === 20) return addressOf(value.value);
  if (value.kind !== 'number' || value.value < 0n || value.value >> 160n !== 0n) return fault('no address');
  return `0x${value.value.toString(16).padStart(40, '0')}`;
}

/** A parameter that is either a constant (`token`) or a path (`tokenPath`). */
function optionalAddress(place: Place, name: string): Address | undefined {
  const { base, item, params, roots } = place;
  const path = textOf(params[`${name}Path`]);
  if (path !== undefined) {
    const parsed = parsePath(path, base);
    return parsed.root === '$'
      ? constantAddress(constantAt(parsed, roots), place)
      : addressFrom(valueAt(parsed, roots, item));
  }
  return params[name] === undefined ? undefined : constantAddress(params[name], place);
}

/** A literal, or a text that begins with `$.` and names a constant of the descriptor. */
function constant(value: unknown, { roots }: Pick<Place, 'roots'>): unknown {
  if (isMap(value)) return fault('a map parameter');
  return typeof value === 'string' && value.startsWith('$.') ? constantAt(parsePath(value), roots) : value;
}

function constantAddress(value: unknown, place: Pick<Place, 'roots'>): Address {
  const text = textOf(constant(value, place)) ?? '';
  return /^0x[0-9a-fA-F]{40}$/.test(text) ? `0x${text.slice(2).toLowerCase()}` : fault('no constant address');
}

function constantNumber(value: unknown, place: Pick<Place, 'roots'>): bigint {
  const found = constant(value, place);
  if (typeof found === 'number' && Number.isSafeInteger(found)) return BigInt(found);
  const text = textOf(found) ?? '';
  return /^(?:0x[0-9a-fA-F]{1,64}|[0-9]{1,78})$/.test(text) ? BigInt(text) : fault('no constant number');
}
