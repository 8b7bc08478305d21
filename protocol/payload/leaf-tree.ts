/**
 * The canonical leaf tree: everything a party understood of a payload, as one byte string, so that consents can name
 * what was understood and not only what was hashed. Version 2. Labels, notes and risk codes are not part of it.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex, utf8 } from '../common/bytes.ts';
import { canonicalBytes, canonicalText, type Json } from '../common/canonical-json.ts';
import type { Authorization } from './authorization.ts';
import { type AbiValue, isText } from './calldata/abi.ts';
import type { Call, DecodedCall, SafeGas } from './calldata/call.ts';
import type { Message } from './message.ts';
import type { Decoded } from './payload.ts';
import type { SafeTx } from './safe-tx.ts';
import type { Transaction } from './transaction.ts';
import type { TypedData } from './typed-data/reading.ts';

const TAG = 'keymoot/payload/leaf-tree/v2';

/** 32 bytes: SHA-256 over the tag, a zero byte and the canonical JSON of `leafTree`. */
export function leafTreeDigest(decoded: Decoded): Uint8Array {
  return sha256(utf8(`${TAG}\0${canonicalText(leafTree(decoded))}`));
}

/**
 * Version 2: `{version, kind, envelope, calls}`, the calls flat in order of execution with their paths. Bytes longer
 * than a word appear as their length and SHA-256, so the tree grows with the number of calls and not with their data.
 */
export function leafTree(decoded: Decoded): Json {
  const { transaction, safeTx, typedData, message, authorization } = decoded;
  return {
    version: '2',
    kind: decoded.payload.kind,
    envelope: {
      ...(transaction === undefined ? {} : { transaction: transactionJson(transaction) }),
      ...(safeTx === undefined ? {} : { safeTx: safeTxJson(safeTx) }),
      ...(typedData === undefined || safeTx !== undefined ? {} : { typedData: typedDataJson(typedData) }),
      ...(message === undefined ? {} : { message: messageJson(message) }),
      ...(authorization === undefined ? {} : { authorization: authorizationJson(authorization) }),
    },
    calls: decoded.calls.map(callJson),
  };
}

function transactionJson(tx: Transaction): Json {
  const { fees } = tx;
  return {
    type: tx.type,
    chainId: `${tx.chainId}`,
    nonce: `${tx.nonce}`,
    gas: `${tx.gas}`,
    ...(fees.kind === 'price'
      ? { gasPrice: `${fees.gasPrice}` }
      : { maxFeePerGas: `${fees.maxFeePerGas}`, maxPriorityFeePerGas: `${fees.maxPriorityFeePerGas}` }),
    accessList: tx.accessList.map((entry) => ({ address: entry.address, storageKeys: entry.storageKeys.map(toHex) })),
    ...(tx.blobs === undefined
      ? {}
      : { blobHashes: tx.blobs.hashes.map(toHex), maxFeePerBlobGas: `${tx.blobs.maxFeePerBlobGas}` }),
    ...(tx.authorizations.length === 0
      ? {}
      : {
          authorizations: tx.authorizations.map((signed) => ({ ...authorizationJson(signed), by: signed.authority })),
        }),
  };
}

/** The document itself may be long; the digest of its values stands for it. */
function typedDataJson({ primaryType, encodedType, domain, message }: TypedData): Json {
  return { primaryType, encodedType, content: bytesJson(sha256(canonicalBytes({ domain, message }))) };
}

function messageJson({ encoding, bytes }: Message): Json {
  return { encoding, content: bytesJson(bytes) };
}

function authorizationJson({ address, chainId, nonce }: Authorization): { readonly [key: string]: Json } {
  return { address, chainId: `${chainId}`, nonce: `${nonce}` };
}

function safeTxJson(tx: SafeTx): Json {
  return {
    safe: tx.safe,
    domain: tx.domain,
    ...(tx.chainId === undefined ? {} : { chainId: `${tx.chainId}` }),
    nonce: `${tx.nonce}`,
  };
}

function callJson(call: Call): Json {
  return {
    path: call.path,
    operation: call.operation,
    from: call.from,
    ...(call.to === undefined ? {} : { to: call.to }),
    value: `${call.value}`,
    data: bytesJson(call.data),
    ...(call.selector === undefined ? {} : { selector: call.selector }),
    ...(call.call === undefined ? {} : { call: functionJson(call.call) }),
    ...(call.digest === undefined ? {} : { digest: toHex(call.digest) }),
    ...(call.safeGas === undefined ? {} : { safeGas: safeGasJson(call.safeGas) }),
    ...(call.closed === undefined ? {} : { closed: true }),
    movements: call.movements.map(({ kind, asset, amount, counterparty, owner, tokenId }) => ({
      kind,
      asset,
      amount: `${amount}`,
      counterparty,
      owner,
      ...(tokenId === undefined ? {} : { tokenId: `${tokenId}` }),
    })),
    ...(call.controlChange === undefined
      ? {}
      : { controlChange: { area: call.controlChange.area, account: call.controlChange.account } }),
  };
}

function functionJson(call: DecodedCall): Json {
  return { function: call.signature, args: call.args.map(({ value }) => valueJson(value)) };
}

function safeGasJson(gas: SafeGas): Json {
  return {
    safeTxGas: `${gas.safeTxGas}`,
    baseGas: `${gas.baseGas}`,
    gasPrice: `${gas.gasPrice}`,
    gasToken: gas.gasToken,
    refundReceiver: gas.refundReceiver,
  };
}

function valueJson(value: AbiValue): Json {
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (isText(value)) return { text: value.text };
  return value instanceof Uint8Array ? bytesJson(value) : value.map(valueJson);
}

function bytesJson(bytes: Uint8Array): Json {
  return bytes.length <= 32 ? toHex(bytes) : { length: `${bytes.length}`, sha256: toHex(sha256(bytes)) };
}
