/** First lines of a screen: what kind of thing would be signed, for which chain, with which number. */
import { equalBytes, toHex } from '../../common/bytes.ts';
import { ZERO_ADDRESS } from '../address.ts';
import type { Decoded } from '../payload.ts';
import type { SafeTx } from '../safe-tx.ts';
import { feeCap, type Transaction, totalFeeCap } from '../transaction.ts';
import type { TypedData } from '../typed-data/reading.ts';
import { readTypedData } from '../typed-data.ts';
import { decimalAmount, nativeAmount } from './amounts.ts';
import { counted } from './lines.ts';
import type { AddressBook } from './names.ts';
import { sanitise } from './sanitise.ts';
import { chainWords, coinOf } from './tokens.ts';
import { fieldLines, valueRows } from './values.ts';

export function headingLines(decoded: Decoded, book: AddressBook): readonly string[] {
  return [...kindLines(decoded, book), ...openedLines(decoded, book)];
}

/** What a call of `approveHash` below approves, as far as the calls do not say it: whose it is, its place, and its refund. */
function openedLines({ message, payload }: Decoded, book: AddressBook): readonly string[] {
  return (payload.preimages ?? []).flatMap((preimage) => {
    const { digest, safeTx } = readTypedData(preimage);
    // What a message is the hash of stands above already.
    if (safeTx === undefined || (message !== undefined && equalBytes(digest, message.bytes))) return [];
    const chain = safeTx.chainId === undefined ? 'ON EVERY CHAIN' : `on ${chainWords(safeTx.chainId)}`;
    return [
      `A hash below stands for a Safe transaction ${chain}, Safe nonce ${safeTx.nonce}`,
      `  of ${book.shown(safeTx.safe)}`,
      `  Gas refund: ${refundWords(safeTx, book)}`,
    ];
  });
}

function kindLines(decoded: Decoded, book: AddressBook): readonly string[] {
  const { authorization, message, safeTx, transaction, typedData } = decoded;
  if (transaction !== undefined) return transactionLines(transaction);
  if (safeTx !== undefined) return safeLines(safeTx, message !== undefined, book);
  if (authorization !== undefined) {
    const chain = authorization.chainId === 0n ? 'ON EVERY CHAIN' : `on ${chainWords(authorization.chainId)}`;
    return [
      `AUTHORIZATION (EIP-7702) to run foreign code as your wallet, ${chain}, account nonce ${authorization.nonce}`,
    ];
  }
  if (message !== undefined) {
    const what = message.encoding === 'text' ? 'TEXT' : 'BYTES';
    return [`MESSAGE of ${message.bytes.length} bytes, signed as ${what} (EIP-191, "personal_sign")`];
  }
  return typedData === undefined ? [] : documentLines(typedData, decoded.chainId, book);
}

/** Whole content of a message or document: everything that is signed, and nothing that is not. */
export function contentLines({ message, safeTx, typedData }: Decoded, book: AddressBook): readonly string[] {
  if (safeTx !== undefined) return [];
  if (message?.encoding === 'text') {
    return ['', 'THE TEXT (whatever is no plain ASCII stands as \\u{...})', ...quotedText(message.text ?? '')];
  }
  if (message !== undefined) return ['', 'THE BYTES', ...hexRows(message.bytes)];
  if (typedData === undefined) return [];
  return [
    '',
    'THE DOCUMENT, every field that is signed',
    ...valueRows('type', typedData.encodedType).map((line) => `  ${line}`),
    ...typedData.domainFields.flatMap((field) => fieldLines(field, book, 'domain.')).map((line) => `  ${line}`),
    ...typedData.messageFields.flatMap((field) => fieldLines(field, book)).map((line) => `  ${line}`),
  ];
}

function transactionLines(tx: Transaction): readonly string[] {
  const { accessList, authorizations, blobs, chainId, fees, gas, nonce, type } = tx;
  const gwei = decimalAmount(feeCap(fees), 9);
  const blob =
    blobs === undefined
      ? []
      : [`Blobs: ${counted(blobs.hashes.length, 'hash')}; what is in them is not signed and not seen`];
  const list =
    accessList.length > 0 ? [`Access list: ${counted(accessList.length, 'account')} (affects only the fee)`] : [];
  const lent =
    authorizations.length > 0 ? [`!! Carries ${counted(authorizations.length, 'authorization')} (EIP-7702)`] : [];
  return [
    `TRANSACTION of your wallet on ${chainWords(chainId)}, nonce ${nonce}, type ${type}`,
    `Fee: at most ${nativeAmount(totalFeeCap(tx), coinOf(chainId))}; gas limit ${gas} at up to ${gwei} gwei`,
    ...blob,
    ...list,
    ...lent,
  ];
}

/** Operation, nonce and refund are always there, whatever anybody's words for the call leave out. */
function safeLines(tx: SafeTx, asMessage: boolean, book: AddressBook): readonly string[] {
  const chain =
    tx.chainId === undefined ? 'ON EVERY CHAIN (old Safe without chain id)' : `on ${chainWords(tx.chainId)}`;
  const operation = tx.operation === 1 ? '1 = DELEGATECALL: the code called runs AS the Safe' : '0 = call';
  return [
    `SAFE TRANSACTION: your signature as an owner, ${chain}`,
    ...(asMessage ? ['Signed as the message that is its hash ("eth_sign" of a Safe).'] : []),
    `Safe: ${book.shown(tx.safe)}`,
    `Safe nonce ${tx.nonce}; operation ${operation}`,
    `Gas refund: ${refundWords(tx, book)}`,
  ];
}

function refundWords(tx: SafeTx, book: AddressBook): string {
  const { baseGas, gasPrice, gasToken, refundReceiver, safeTxGas } = tx;
  const none = gasPrice === 0n && baseGas === 0n && gasToken === ZERO_ADDRESS && refundReceiver === ZERO_ADDRESS;
  if (none) return `none; gas limit of the call ${safeTxGas}`;
  const token = gasToken === ZERO_ADDRESS ? 'wei' : `units of token ${book.shown(gasToken)}`;
  const receiver = refundReceiver === ZERO_ADDRESS ? 'whoever submits it' : book.shown(refundReceiver);
  return `!! SET: ${gasPrice} ${token} per gas, base gas ${baseGas}, to ${receiver}; gas limit of the call ${safeTxGas}`;
}

function documentLines(typedData: TypedData, chainId: bigint | undefined, book: AddressBook): readonly string[] {
  const chain = chainId === undefined ? 'no chain named' : `on ${chainWords(chainId)}`;
  const contract = typedData.domainFields.find(({ name }) => name === 'verifyingContract')?.value;
  const where = contract?.kind === 'address' ? book.shown(contract.value) : 'no contract named';
  return [
    `SIGNED DOCUMENT (EIP-712) "${sanitise(typedData.primaryType, 80)}", ${chain}`,
    `Accepted by: ${where}`,
    'Nothing is executed now. Whoever holds the signature can use it.',
  ];
}

const ROW = 96;

/** The lines of the text as they are, each behind a bar that the text itself cannot reach. */
function quotedText(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const clean = sanitise(line, Number.MAX_SAFE_INTEGER);
    const rows: string[] = [];
    for (let i = 0; i === 0 || i < clean.length; i += ROW)
      rows.push(`  ${i === 0 ? '|' : '+'} ${clean.slice(i, i + ROW)}`);
    return rows;
  });
}

function hexRows(bytes: Uint8Array): readonly string[] {
  const rows: string[] = [];
  for (let i = 0; i < bytes.length; i += 32) rows.push(`  ${i === 0 ? '0x' : '  '}${toHex(bytes.subarray(i, i + 32))}`);
  return rows.length === 0 ? ['  no bytes'] : rows;
}
