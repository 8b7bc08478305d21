/** Byte-exact encodings (docs/protocol.md a.3, a.7). Writers throw `BugError` on a value out of range. */
import { concat } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';

function unsigned(value: number, bytes: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * bytes)) throw outOfRange(value, bytes);
  const out = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) out[i] = value >>> (8 * (bytes - 1 - i));
  return out;
}

function outOfRange(value: number | bigint, bytes: number): BugError {
  return new BugError('BUG_INTEGER_RANGE', `${value} does not fit ${8 * bytes} unsigned bits.`);
}

export function u8(value: number): Uint8Array {
  return unsigned(value, 1);
}

export function u16(value: number): Uint8Array {
  return unsigned(value, 2);
}

export function u32(value: number): Uint8Array {
  return unsigned(value, 4);
}

export function u64(value: number | bigint): Uint8Array {
  const wide = typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value) : -1n;
  if (BigInt.asUintN(64, wide) !== wide) throw outOfRange(value, 8);
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, wide);
  return out;
}

export function readU32(bytes: Uint8Array): number {
  if (bytes.length !== 4) throw new BugError('BUG_INTEGER_RANGE', 'A u32 is read from 4 bytes.');
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, false);
}

type Parts<L extends readonly number[]> = { readonly [K in keyof L]: Uint8Array };

/** Cuts `bytes` into consecutive parts of these lengths; `undefined` unless the lengths add up exactly. */
export function split<const L extends readonly number[]>(bytes: Uint8Array, lengths: L): Parts<L> | undefined {
  if (lengths.reduce((sum, length) => sum + length, 0) !== bytes.length) return undefined;
  let offset = 0;
  const parts: readonly Uint8Array[] = lengths.map((length) => {
    offset += length;
    return bytes.subarray(offset - length, offset);
  });
  return parts as Parts<L>;
}

/** `bytes` cut into equal parts; its length must be a multiple. */
export function chunks(bytes: Uint8Array, length: number): readonly Uint8Array[] {
  if (bytes.length % length !== 0)
    throw new BugError('BUG_CHUNKS', `${bytes.length} bytes are no multiple of ${length}.`);
  return Array.from({ length: bytes.length / length }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

/** BIP32 path, non-hardened: u8 count, then u32 each below 2^31. `00` for every kind but SIGN. */
export function encodePath(path: readonly number[]): Uint8Array {
  if (path.some((step) => step >= 2 ** 31)) throw new BugError('BUG_PATH', 'A path step is below 2^31.');
  return concat(u8(path.length), ...path.map(u32));
}

/** u8 count, then u8 indices, strictly ascending. */
export function encodeSignerSet(signers: readonly number[]): Uint8Array {
  if (!strictlyAscending(signers)) throw new BugError('BUG_SIGNER_SET', 'A signer set is strictly ascending from 1.');
  return concat(u8(signers.length), ...signers.map(u8));
}

export interface Consent {
  /** pid for KEYGEN, RESHARE, REMOVE, IMPORT; index for SIGN, EXPORT. */
  readonly party: number;
  /** Digest of the consent's body, 32 bytes. */
  readonly digest: Uint8Array;
}

/** One field: u8 party and 32-byte body digest of each consenter, ascending; empty for SELFTEST. */
export function encodeConsents(consents: readonly Consent[]): Uint8Array {
  const sorted = [...consents].sort((a, b) => a.party - b.party);
  if (!strictlyAscending(sorted.map((consent) => consent.party))) {
    throw new BugError('BUG_CONSENTS', 'One consent a party, numbered from 1.');
  }
  return concat(...sorted.flatMap((consent) => [u8(consent.party), fixed(consent.digest, 32)]));
}

/** One row of the P-list: a participant of KEYGEN, RESHARE, REMOVE or IMPORT. */
export interface PartyRow {
  /** Ed25519 key, 32 bytes. */
  readonly identityKey: Uint8Array;
  readonly dealer: boolean;
  /** Index of this identity key in the parent epoch, dealer or not; 0 if none. */
  readonly oldIndex: number;
  /** Index in the new epoch; 0 if it holds no share of it. */
  readonly newIndex: number;
}

/** P-list, one field: identityKey, u8 dealer, u8 oldIndex, u8 newIndex for each pid, ascending. Rows must be sorted. */
export function encodePartyList(rows: readonly PartyRow[]): Uint8Array {
  return concat(
    ...rows.flatMap((row) => [fixed(row.identityKey, 32), u8(row.dealer ? 1 : 0), u8(row.oldIndex), u8(row.newIndex)]),
  );
}

/** `bytes`, after a check of its length. */
export function fixed(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new BugError('BUG_FIELD_LENGTH', `${length} bytes expected, not ${bytes.length}.`);
  return bytes;
}

/** Numbers 1..255, each above the one before. */
export function strictlyAscending(values: readonly number[]): boolean {
  return values.every(
    (value, i) => Number.isInteger(value) && value >= 1 && value <= 255 && value > (values[i - 1] ?? 0),
  );
}
