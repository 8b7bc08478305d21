/**
 * What is wrong about the decode of a payload. Beside our two decoders a third library has its say about everything
 * that was accepted: @ethereumjs/tx for transactions, micro-eth-signer for documents and messages. Both are here only.
 */
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { createTx, type TypedTxData } from '@ethereumjs/tx';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { eip191Signer, recoverAddressTyped } from 'micro-eth-signer';
import { leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import { type Decoded, decode, type Payload } from '../../protocol/payload/payload.ts';
import { PAYLOAD_CODES, type PayloadProblem } from '../../protocol/payload/refusal.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import type { Transaction } from '../../protocol/payload/transaction.ts';
import { describe } from '../../protocol/payload/words/describe.ts';
import { decodedJson } from '../../protocol/payload/words/json.ts';

export interface Outcome {
  /** `accepted KIND` or the code of the refusal with its detail: what the campaign looks for news in. */
  readonly signature: string;
  readonly accepted: boolean;
  readonly code: string;
  /** Empty when all is well. */
  readonly complaints: readonly string[];
}

/** `thorough`: also what costs as much as the decode: the tree again, the screen, a signature check by the third library. */
export function outcomeOf(payload: Payload, thorough: boolean): Outcome {
  const result = decode(payload);
  if (!result.ok) return refused(result.error);
  const decoded = result.value;
  const { root } = decoded;
  const shape = decoded.calls.length > 1 ? `${decoded.calls.length > 4 ? 'many' : decoded.calls.length}` : '1';
  return {
    signature: `accepted ${payload.kind} ${decoded.transaction?.type ?? ''} ${root.operation} ${root.call?.name ?? ''} ${shape}`,
    accepted: true,
    code: '',
    complaints: complaintsAbout(payload, decoded, thorough),
  };
}

/** A refusal is safe; one that came only by accident is not what we rely on. */
const ACCIDENTAL: ReadonlySet<string> = new Set(['DECODER_FAILED', 'DECODERS_DISAGREE', 'REENCODE_MISMATCH']);

function refused({ code, message }: PayloadProblem): Outcome {
  const complaints: string[] = [];
  if (!Object.hasOwn(PAYLOAD_CODES, code)) complaints.push(`unknown code ${code}`);
  if (!/^[\x20-\x7e]+$/.test(message)) complaints.push(`unprintable message of ${code}`);
  if (ACCIDENTAL.has(code)) complaints.push(`refused only by accident: ${message}`);
  return { signature: `${code} ${message.replace(/[0-9]+/g, '#')}`, accepted: false, code, complaints };
}

function complaintsAbout(payload: Payload, decoded: Decoded, thorough: boolean): readonly string[] {
  const always: Checks = {
    'keeps other bytes': () => Buffer.from(payload.bytes).equals(decoded.payload.bytes),
    'the third library computes another digest': () => thirdOpinion(decoded, thorough),
  };
  const checks = thorough ? { ...always, ...thoroughChecks(decoded) } : always;
  return Object.entries(checks).flatMap(([complaint, passes]) => {
    try {
      return passes() ? [] : [complaint];
    } catch (error) {
      return [`${complaint}: ${error instanceof Error ? error.message : 'it throws'}`];
    }
  });
}

type Checks = Readonly<Record<string, () => boolean>>;

function thoroughChecks(decoded: Decoded): Checks {
  return {
    'decodes differently the second time': () => {
      const again = decode(decoded.payload);
      return again.ok && equal(leafTreeDigest(again.value), leafTreeDigest(decoded));
    },
    'has an unprintable screen': () => /^[\x20-\x7e]*$/.test(describe(assess(decoded)).join('')),
    'has no JSON': () => JSON.stringify(decodedJson(decoded)).length > 10,
  };
}

function thirdOpinion(decoded: Decoded, thorough: boolean): boolean {
  if (decoded.transaction !== undefined) return transactionDigest(decoded.transaction, decoded.digest);
  if (!thorough) return true;
  const text = new TextDecoder().decode(decoded.payload.bytes);
  if (decoded.payload.kind === 'evm-typed-data') return signsDocument(text, decoded.digest);
  if (decoded.payload.kind === 'evm-message') return signsMessage(text, decoded.digest);
  return true;
}

/** It wants a commitment scheme before it touches a blob transaction, and never calls it for one without blobs. */
const NO_BLOBS = {} as NonNullable<Common['customCrypto']['kzg']>;
const COMMONS = new Map<bigint, Common>();

/** From nothing but the fields that we understood, the third library must come to the digest of the bytes. */
function transactionDigest(tx: Transaction, digest: Uint8Array): boolean {
  // It counts nonces and gas in its own ranges; ours are those of the chain.
  if (tx.nonce >= 2n ** 64n - 1n || !isAffordable(tx)) return true;
  const common =
    COMMONS.get(tx.chainId) ??
    new Common({
      chain: { ...Mainnet, chainId: Number(tx.chainId) },
      hardfork: Hardfork.Prague,
      customCrypto: { kzg: NO_BLOBS },
    });
  COMMONS.set(tx.chainId, common);
  const { fees } = tx;
  const type = { legacy: 0, eip2930: 1, eip1559: 2, eip4844: 3, eip7702: 4 }[tx.type];
  const data = {
    type,
    nonce: tx.nonce,
    gasLimit: tx.gas,
    value: tx.value,
    data: tx.data,
    ...(tx.to === undefined ? {} : { to: tx.to }),
    ...(fees.kind === 'price' ? { gasPrice: fees.gasPrice } : { ...fees, kind: undefined }),
    ...(type === 0 ? {} : { chainId: tx.chainId, accessList: tx.accessList.map(accessEntry) }),
    ...(type === 3 || type === 4 ? extras(tx) : {}),
  };
  return equal(
    createTx(data as TypedTxData, { common, allowUnlimitedInitCodeSize: true }).getHashedMessageToSign(),
    digest,
  );
}

function isAffordable(tx: Transaction): boolean {
  const cap = tx.fees.kind === 'price' ? tx.fees.gasPrice : tx.fees.maxFeePerGas;
  return cap * tx.gas < 2n ** 256n;
}

function accessEntry(entry: Transaction['accessList'][number]): unknown {
  return { address: entry.address, storageKeys: entry.storageKeys.map(hex) };
}

/** Fields of blob and set-code transactions, as the third library names them. */
function extras({ authorizations, blobs }: Transaction): object {
  if (blobs !== undefined) {
    return { maxFeePerBlobGas: blobs.maxFeePerBlobGas, blobVersionedHashes: blobs.hashes.map(hex) };
  }
  return {
    authorizationList: authorizations.map(({ address, chainId, nonce, r, s, yParity }) => ({
      address,
      chainId: quantity(chainId),
      nonce: quantity(nonce),
      r: quantity(r),
      s: quantity(s),
      yParity: quantity(BigInt(yParity)),
    })),
  };
}

/** As RLP has it: no leading zeros, nothing at all for zero. */
function quantity(value: bigint): string {
  const text = value.toString(16);
  return value === 0n ? '0x' : `0x${text.length % 2 === 0 ? text : `0${text}`}`;
}

const KEY = Uint8Array.from({ length: 32 }, () => 7);
const ACCOUNT = addressOf();

function addressOf(): string {
  return eip191Signer.recoverAddress(eip191Signer.sign('who', KEY), 'who').toLowerCase();
}

/** Our digest, signed: the third library must recover the signer from the document. */
function signsDocument(text: string, digest: Uint8Array): boolean {
  const document = JSON.parse(text) as Parameters<typeof recoverAddressTyped>[1];
  return recoverAddressTyped(signature(digest), numbers(document) as typeof document).toLowerCase() === ACCOUNT;
}

function signsMessage(text: string, digest: Uint8Array): boolean {
  const { encoding, message } = JSON.parse(text) as { readonly encoding: string; readonly message: string };
  const content = encoding === 'hex' ? Uint8Array.from(Buffer.from(message.slice(2), 'hex')) : message;
  return eip191Signer.getHash(content) === hex(digest).slice(2) || eip191Signer.getHash(content) === hex(digest);
}

function signature(digest: Uint8Array): string {
  const bytes = secp256k1.sign(digest, KEY, { prehash: false, format: 'recovered', lowS: true });
  return `0x${Buffer.from(bytes.subarray(1)).toString('hex')}${(27 + (bytes[0] ?? 0)).toString(16)}`;
}

type Types = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;

/** It wants bigints where our canonical text has decimal strings. */
function numbers(document: unknown): unknown {
  const { types, primaryType, domain, message } = document as {
    readonly types: Types;
    readonly primaryType: string;
    readonly domain: object;
    readonly message: object;
  };
  const convert = (type: string, value: unknown): unknown => {
    const item = /^(.*)\[[0-9]*\]$/.exec(type)?.[1];
    if (item !== undefined) return (value as readonly unknown[]).map((each) => convert(item, each));
    const fields = types[type];
    if (fields !== undefined) {
      const struct = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(fields.map(({ name, type: inner }) => [name, convert(inner, struct[name])]));
    }
    return /^u?int/.test(type) ? BigInt(value as string) : value;
  };
  return { types, primaryType, domain: convert('EIP712Domain', domain), message: convert(primaryType, message) };
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}
