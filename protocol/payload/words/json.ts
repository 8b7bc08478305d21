/** A decoded payload as JSON for scripts. Unlike the leaf tree nobody signs this form, so it may grow. */
import { toHex } from '../../common/bytes.ts';
import type { Json } from '../../common/canonical-json.ts';
import type { Authorization } from '../authorization.ts';
import { type AbiValue, isText } from '../calldata/abi.ts';
import type { Call } from '../calldata/call.ts';
import { leafTreeDigest } from '../leaf-tree.ts';
import type { Message } from '../message.ts';
import type { Decoded } from '../payload.ts';
import type { SafeTx } from '../safe-tx.ts';
import type { Transaction } from '../transaction.ts';
import type { TypedData } from '../typed-data/reading.ts';

/** Whole numbers are decimal strings, bytes `0x` hex, addresses lower case. */
export function decodedJson(decoded: Decoded): Json {
  const { chainId, transaction, safeTx, typedData, message, authorization } = decoded;
  return {
    ...(chainId === undefined ? {} : { chainId: `${chainId}` }),
    ...(transaction === undefined ? {} : { transaction: transactionJson(transaction) }),
    ...(safeTx === undefined ? {} : { safeTx: safeTxJson(safeTx) }),
    ...(typedData === undefined ? {} : { typedData: typedDataJson(typedData) }),
    ...(message === undefined ? {} : { message: messageJson(message) }),
    ...(authorization === undefined ? {} : { authorization: authorizationJson(authorization) }),
    calls: decoded.calls.map(callJson),
    leaves: decoded.leaves.map(({ path }) => path),
    leafTreeDigest: hex(leafTreeDigest(decoded)),
  };
}

function transactionJson(tx: Transaction): Json {
  const { fees } = tx;
  return {
    type: tx.type,
    nonce: `${tx.nonce}`,
    gas: `${tx.gas}`,
    ...(fees.kind === 'price'
      ? { gasPrice: `${fees.gasPrice}` }
      : { maxFeePerGas: `${fees.maxFeePerGas}`, maxPriorityFeePerGas: `${fees.maxPriorityFeePerGas}` }),
    ...(tx.to === undefined ? {} : { to: tx.to }),
    value: `${tx.value}`,
    data: hex(tx.data),
    accessList: tx.accessList.map(({ address, storageKeys }) => ({ address, storageKeys: storageKeys.map(hex) })),
    ...(tx.blobs === undefined
      ? {}
      : { blobVersionedHashes: tx.blobs.hashes.map(hex), maxFeePerBlobGas: `${tx.blobs.maxFeePerBlobGas}` }),
    ...(tx.authorizations.length === 0
      ? {}
      : {
          authorizationList: tx.authorizations.map((signed) => ({
            ...authorizationJson(signed),
            authority: signed.authority,
          })),
        }),
  };
}

function authorizationJson({ address, chainId, nonce }: Authorization): { readonly [key: string]: Json } {
  return { chainId: `${chainId}`, address, nonce: `${nonce}` };
}

function messageJson({ encoding, text, bytes }: Message): Json {
  return { encoding, message: text ?? hex(bytes) };
}

function typedDataJson({ primaryType, encodedType, domain, message, meaning }: TypedData): Json {
  return {
    primaryType,
    encodedType,
    domain,
    message,
    ...(meaning === undefined ? {} : { known: meaning.known }),
  };
}

function safeTxJson(tx: SafeTx): Json {
  return {
    safe: tx.safe,
    domain: tx.domain,
    to: tx.to,
    value: `${tx.value}`,
    data: hex(tx.data),
    operation: `${tx.operation}`,
    safeTxGas: `${tx.safeTxGas}`,
    baseGas: `${tx.baseGas}`,
    gasPrice: `${tx.gasPrice}`,
    gasToken: tx.gasToken,
    refundReceiver: tx.refundReceiver,
    nonce: `${tx.nonce}`,
  };
}

function callJson(call: Call): Json {
  const { path, operation, from, to, value, data, selector, movements, controlChange } = call;
  return {
    path,
    operation,
    from,
    ...(to === undefined ? {} : { to }),
    value: `${value}`,
    data: hex(data),
    ...(selector === undefined ? {} : { selector: `0x${selector}` }),
    ...(call.call === undefined
      ? {}
      : {
          function: call.call.signature,
          args: call.call.args.map((argument) => ({
            name: argument.name,
            type: argument.type,
            value: valueJson(argument.value),
          })),
        }),
    movements: movements.map(({ amount, tokenId, ...movement }) => ({
      ...movement,
      amount: `${amount}`,
      ...(tokenId === undefined ? {} : { tokenId: `${tokenId}` }),
    })),
    ...(call.closed === undefined ? {} : { closed: true }),
    ...(call.digest === undefined ? {} : { digest: hex(call.digest) }),
    ...(controlChange === undefined ? {} : { controlChange: { ...controlChange } }),
  };
}

function valueJson(value: AbiValue): Json {
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (isText(value)) return value.text;
  return value instanceof Uint8Array ? hex(value) : value.map(valueJson);
}

function hex(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`;
}
