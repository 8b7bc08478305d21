/**
 * What is said between a node and an external checker (docs/checker.md): the payload as people write it goes in, what
 * the checker computed of it comes out. Neither our digest nor anything else we computed is told to it.
 */
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { canonicalText, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { dictionary, literal, object, type Reader, read, text } from '../../protocol/common/schema.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';
import type { Address } from '../../protocol/payload/address.ts';
import type { Decoded, Payload } from '../../protocol/payload/payload.ts';
import type { SafeTx } from '../../protocol/payload/safe-tx.ts';
import type { Transaction } from '../../protocol/payload/transaction.ts';

export const REQUEST = 'keymoot.check.v1';
export const ANSWER = 'keymoot.checked.v1';

/** Bytes of an answer: room for the calldata of the largest payload as hex, and for the rest. */
export const MAX_ANSWER: number = 512 * 1024;

export interface Checked {
  /** `0x` and 64 lower-case hex digits. */
  readonly digest: string;
  readonly kind: string;
  /** By name; numbers in decimal, bytes and addresses as `0x` and lower-case hex. */
  readonly fields: ReadonlyMap<string, string>;
}

/** One line of JSON and its end. */
export function requestOf(decoded: Decoded, wallet: Address): Uint8Array {
  const request = { payload: inspectForm(decoded), request: REQUEST, wallet };
  return utf8(`${canonicalText(request)}\n`);
}

/** An answer, or why it is none. A refusal by the checker is `refused`. */
export function readAnswer(bytes: Uint8Array): Result<Checked | { readonly refused: string }, string> {
  let words: string;
  try {
    words = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return err('its answer is not UTF-8');
  }
  const parsed = parseStrictJson(words.trim(), { maxLength: MAX_ANSWER });
  const json = parsed.ok ? toJson(parsed.value, 'refuse') : parsed;
  if (!json.ok) return err(`its answer is not strict JSON: ${json.error.message}`);
  const answer = isRefusal(json.value) ? read(REFUSED, json.value) : read(CHECKED, json.value);
  return answer.ok ? ok(answer.value) : err(`its answer cannot be read: ${answer.error.field} ${answer.error.message}`);
}

/** What an answer must say. */
export function expected(decoded: Decoded): Checked {
  const { authorization, message, payload, safeTx, transaction, typedData } = decoded;
  const fields = new Map<string, string>();
  const add = (part: { readonly [name: string]: string }): void => {
    for (const [name, value] of Object.entries(part)) fields.set(name, value);
  };
  if (transaction !== undefined) add(transactionFields(transaction));
  if (typedData !== undefined) {
    const contract = typedData.domainFields.find(({ name }) => name === 'verifyingContract')?.value;
    add({
      chainId: decoded.chainId?.toString() ?? 'none',
      primaryType: typedData.primaryType,
      verifyingContract: contract?.kind === 'address' ? contract.value : 'none',
    });
    if (safeTx !== undefined) add(safeFields(safeTx));
  }
  if (message !== undefined) add({ encoding: message.encoding, length: String(message.bytes.length) });
  if (authorization !== undefined) {
    const { address, chainId, nonce } = authorization;
    add({ address, chainId: String(chainId), nonce: String(nonce) });
  }
  return { digest: `0x${toHex(decoded.digest)}`, kind: payload.kind, fields };
}

/** The first differences in a few words; empty if there is none. */
export function differences(theirs: Checked, ours: Checked): readonly string[] {
  const words: string[] = [];
  const compare = (name: string, their: string | undefined, our: string | undefined): void => {
    if (their !== our) words.push(`${name} is ${short(their)}, here ${short(our)}`);
  };
  compare('kind', theirs.kind, ours.kind);
  compare('digest', theirs.digest, ours.digest);
  const names = new Set([...ours.fields.keys(), ...theirs.fields.keys()]);
  for (const name of [...names].sort()) compare(name, theirs.fields.get(name), ours.fields.get(name));
  return words;
}

/** The payload in the form in which people write it down (docs/payloads of `inspect`). */
function inspectForm({ authorization, payload }: Decoded): Json {
  const { preimages = [] } = payload;
  const more = preimages.length === 0 ? {} : { preimages: preimages.map(documentOf) };
  return { ...formOf(payload, authorization), ...more };
}

function formOf({ bytes, kind }: Payload, authorization: Decoded['authorization']): { readonly [name: string]: Json } {
  switch (kind) {
    case 'evm-transaction':
      return { kind, unsigned: `0x${toHex(bytes)}` };
    case 'evm-typed-data':
      return { kind, typedData: documentOf(bytes) };
    case 'evm-message':
      return { kind, ...(documentOf(bytes) as { readonly [name: string]: Json }) };
    case 'evm-authorization': {
      const { address = '', chainId = 0n, nonce = 0n } = authorization ?? {};
      return { address, chainId: String(chainId), kind, nonce: String(nonce) };
    }
  }
}

/** What was decoded is canonical JSON. */
function documentOf(bytes: Uint8Array): Json {
  const document = parseCanonical(bytes);
  return document.ok ? document.value : {};
}

function transactionFields(tx: Transaction): { readonly [name: string]: string } {
  const { authorizations, blobs, fees } = tx;
  return {
    chainId: String(tx.chainId),
    data: `0x${toHex(tx.data)}`,
    gas: String(tx.gas),
    nonce: String(tx.nonce),
    to: tx.to ?? 'none',
    type: tx.type,
    value: String(tx.value),
    ...(fees.kind === 'price'
      ? { gasPrice: String(fees.gasPrice) }
      : { maxFeePerGas: String(fees.maxFeePerGas), maxPriorityFeePerGas: String(fees.maxPriorityFeePerGas) }),
    ...(blobs === undefined
      ? {}
      : {
          blobs: blobs.hashes.map((hash) => `0x${toHex(hash)}`).join(','),
          maxFeePerBlobGas: String(blobs.maxFeePerBlobGas),
        }),
    ...(tx.type === 'eip7702'
      ? { authorizations: authorizations.map((item) => `${item.chainId}/${item.address}/${item.nonce}`).join(',') }
      : {}),
  };
}

function safeFields(tx: SafeTx): { readonly [name: string]: string } {
  return {
    baseGas: String(tx.baseGas),
    data: `0x${toHex(tx.data)}`,
    gasPrice: String(tx.gasPrice),
    gasToken: tx.gasToken,
    nonce: String(tx.nonce),
    operation: String(tx.operation),
    refundReceiver: tx.refundReceiver,
    safeTxGas: String(tx.safeTxGas),
    to: tx.to,
    value: String(tx.value),
  };
}

const FIELD_NAME = /^[a-zA-Z]{1,40}$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

type CheckedDocument = Checked & { readonly response: string };

const CHECKED: Reader<CheckedDocument> = object<CheckedDocument>({
  digest: text({ max: 66, pattern: /^0x[0-9a-f]{64}$/ }),
  fields: dictionary(FIELD_NAME, text({ max: MAX_ANSWER, pattern: PRINTABLE }), 32),
  kind: text({ max: 40, pattern: PRINTABLE }),
  response: literal(ANSWER),
});

interface RefusedDocument {
  readonly refused: string;
  readonly response: string;
}

const REFUSED: Reader<RefusedDocument> = object<RefusedDocument>({
  refused: text({ max: 300, pattern: PRINTABLE }),
  response: literal(ANSWER),
});

function isRefusal(json: Json): boolean {
  return typeof json === 'object' && !Array.isArray(json) && Object.hasOwn(json, 'refused');
}

function short(value: string | undefined): string {
  if (value === undefined) return 'missing';
  return value.length <= 80 ? value : `${value.slice(0, 40)}...${value.slice(-16)}`;
}
