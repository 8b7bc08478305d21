/** Payloads whose bytes are wrong: cut, longer, spelled differently, of another type, with bits that nobody reads. */
import type { Hex } from 'viem';
import { encodeRlp, type RlpItem } from '../../../protocol/payload/rlp.ts';
import { type Case, type Cell, file, noText, payload, rlpAuthorization, safeCall, transaction } from './bad-cases.ts';
import {
  ascii,
  authorizationFile,
  changed,
  documentFile,
  documentOf,
  isDocument,
  isMessage,
  isTransaction,
  type Kind,
  messageFile,
  messageOf,
  sample,
  transactionBytes,
  transactionFields,
} from './bad-samples.ts';
import { bytes, execTransaction, FRIEND, multiSend, SAFE, TOKEN, transfer } from './payloads.ts';

export function truncated(kind: Kind): Cell {
  const { payload: good, file: text } = sample(kind);
  const lengths = Array.from({ length: good.bytes.length - 1 }, (_, i) => i + 1);
  const code = isDocument(kind) || isMessage(kind) ? noText(kind) : 'RLP_MALFORMED';
  const cut = lengths.map((n) => {
    return payload(kind, good.bytes.slice(0, n), isTransaction(kind) && n === 32 ? 'BARE_DIGEST' : code);
  });
  // As a file at every eighth length, since each is read twice more.
  const files = Array.from({ length: Math.floor((text.length - 1) / 8) }, (_, i) => text.slice(0, 8 * i + 8));
  if (!isTransaction(kind)) return [...cut, ...files.map((part) => file(part, 'INSPECT_JSON'))];
  return [
    ...cut,
    ...files.map((part) => file(part, part.length === 66 ? 'BARE_DIGEST' : 'RLP_MALFORMED')),
    file('0x0', 'INSPECT_JSON'),
  ];
}

export function trailing(kind: Kind): Cell {
  const { payload: good, file: text } = sample(kind);
  const more = (...extra: readonly number[]): Uint8Array => Uint8Array.from([...good.bytes, ...extra]);
  if (isTransaction(kind)) {
    const data: Hex = `${transfer()}00`;
    return [
      transaction(more(0), 'RLP_MALFORMED'),
      transaction(more(0x80), 'RLP_MALFORMED'),
      transaction(more(...good.bytes), 'RLP_MALFORMED'),
      transaction(transactionBytes(kind, transactionFields(kind, data)), 'ABI_NOT_CANONICAL'),
      file(`${text}0`, 'INSPECT_JSON'),
    ];
  }
  const after = file(`${text} {}`, 'INSPECT_JSON');
  if (kind === 'authorization') return [payload(kind, more(0), 'RLP_MALFORMED'), after];
  const space = isDocument(kind) ? 'TYPED_DATA_NOT_CANONICAL' : 'MESSAGE_MALFORMED';
  const cases = [payload(kind, more(0x0a), space), payload(kind, more(0x7b, 0x7d), noText(kind)), after];
  return kind === 'safe-tx' ? [...cases, ...safeCall(`${transfer()}00`, 'ABI_NOT_CANONICAL')] : cases;
}

export function notMinimal(kind: Kind): Cell {
  const { payload: good } = sample(kind);
  if (isTransaction(kind)) {
    const fields = transactionFields(kind);
    const plain = encodeRlp(Object.values(fields));
    const prefix = good.bytes.slice(0, good.bytes.length - plain.length);
    // The list of every sample has one byte of length.
    const longer = [...prefix, 0xf9, 0, ...plain.slice(1)];
    return [
      transaction(Uint8Array.from(longer), 'RLP_NOT_CANONICAL'),
      transaction(transactionBytes(kind, changed(fields, { nonce: Uint8Array.of(0, 7) })), 'TX_FIELD_RANGE'),
      transaction(transactionBytes(kind, changed(fields, { chainId: Uint8Array.of(0, 1) })), 'TX_FIELD_RANGE'),
      transaction(transactionBytes(kind, changed(fields, { value: Uint8Array.of(0) })), 'TX_FIELD_RANGE'),
    ];
  }
  if (kind === 'authorization') {
    return [
      payload(kind, rlpAuthorization([Uint8Array.of(0, 1), bytes(FRIEND), Uint8Array.of(7)]), 'TX_FIELD_RANGE'),
      payload(kind, Uint8Array.from([5, 0xf8, 23, ...good.bytes.slice(2)]), 'RLP_NOT_CANONICAL'),
      file(authorizationFile({ chainId: '01' }), 'INSPECT_JSON'),
    ];
  }
  const spaced = ascii(new TextDecoder().decode(good.bytes).replace(':', ': '));
  if (isMessage(kind)) {
    const escaped = ascii('{"encoding":"text","message":"\\u0041"}');
    const upper = ascii('{"encoding":"hex","message":"0xAB"}');
    return [spaced, escaped, upper].map((text) => payload(kind, text, 'MESSAGE_MALFORMED'));
  }
  const field = { 'safe-tx': 'value', permit: 'value', 'unknown-typed-data': 'amount' }[kind];
  return [
    payload(kind, spaced, 'TYPED_DATA_NOT_CANONICAL'),
    file(documentFile(documentOf(kind, { [field]: '05' })), 'TYPED_DATA_VALUE'),
    file(documentFile(documentOf(kind, { [field]: '0x05' })), 'TYPED_DATA_VALUE'),
  ];
}

export function wrongType(kind: Kind): Cell {
  if (isTransaction(kind)) {
    const fields = transactionFields(kind);
    const edited = (change: Readonly<Record<string, RlpItem>>, code: string): Case =>
      transaction(transactionBytes(kind, changed(fields, change)), code);
    return [
      edited({ nonce: [] }, 'RLP_MALFORMED'),
      edited({ data: [new Uint8Array(4)] }, 'RLP_MALFORMED'),
      edited({ to: bytes(FRIEND).slice(1) }, 'TX_ADDRESS'),
      edited({ to: [bytes(FRIEND)] }, 'TX_ADDRESS'),
      edited({ value: new Uint8Array(33).fill(1) }, 'TX_FIELD_RANGE'),
      edited({ gas: new Uint8Array(9).fill(1) }, 'TX_FIELD_RANGE'),
      ...(kind === 'legacy' ? [] : [edited({ accessList: Uint8Array.of(1) }, 'TX_ACCESS_LIST')]),
      file(JSON.stringify({ kind: 'evm-transaction', unsigned: 5 }), 'INSPECT_JSON'),
      file(JSON.stringify({ kind: 'evm-transaction', unsigned: [] }), 'INSPECT_JSON'),
    ];
  }
  if (kind === 'authorization') {
    return [
      payload(kind, rlpAuthorization([[], bytes(FRIEND), Uint8Array.of(7)]), 'RLP_MALFORMED'),
      payload(
        kind,
        rlpAuthorization([Uint8Array.of(1), bytes(FRIEND).slice(1), Uint8Array.of(7)]),
        'AUTHORIZATION_MALFORMED',
      ),
      file(authorizationFile({ chainId: true }), 'INSPECT_JSON'),
      file(authorizationFile({ chainId: 1.5 }), 'INSPECT_JSON'),
      file(authorizationFile({ nonce: -1 }), 'INSPECT_JSON'),
      file(authorizationFile({ nonce: 2 ** 53 }), 'INSPECT_JSON'),
      file(authorizationFile({ address: 'friend.eth' }), 'INSPECT_JSON'),
      file(authorizationFile({ address: FRIEND.replace('2', '\u0662') }), 'INSPECT_JSON'),
    ];
  }
  if (isMessage(kind)) {
    return [5, null, true, ['hello'], {}].flatMap((message) => {
      const { encoding } = messageOf(kind);
      return [
        payload(kind, ascii(JSON.stringify({ encoding, message })), 'MESSAGE_MALFORMED'),
        file(messageFile({ encoding, message }), 'MESSAGE_MALFORMED'),
      ];
    });
  }
  const [number, address] = {
    'safe-tx': ['value', 'to'],
    permit: ['value', 'spender'],
    'unknown-typed-data': ['amount', 'to'],
  }[kind];
  const wrong = (field: string | undefined, value: unknown): Case =>
    file(documentFile(documentOf(kind, { [field ?? '']: value })), 'TYPED_DATA_VALUE');
  return [
    ...[true, null, 0.5, '', [], {}, '-1', `${1n << 256n}`, 2 ** 53].map((value) => wrong(number, value)),
    ...[5, null, '', '0x12', FRIEND.replace('2', '\u0662')].map((value) => wrong(address, value)),
    file(documentFile([]), 'TYPED_DATA_SHAPE'),
    file(documentFile(documentOf(kind, { more: '1' })), 'TYPED_DATA_SHAPE'),
  ];
}

export function dirtyBits(kind: Kind): Cell {
  // A byte in front of the address, where the chain does not look.
  const data: Hex = `0x${transfer().slice(2, 10)}ff${transfer().slice(12)}`;
  if (isTransaction(kind)) {
    // 0x0101, which the chain runs as 1.
    const dirty: Hex = `0x${execTransaction({})
      .slice(2)
      .replace(/^(.{8}.{192})(.{60})(....)/, '$1$20101')}`;
    return [
      transaction(transactionBytes(kind, transactionFields(kind, data)), 'ABI_NOT_CANONICAL'),
      transaction(transactionBytes(kind, transactionFields(kind, dirty, SAFE)), 'OPERATION_INVALID'),
    ];
  }
  if (kind === 'safe-tx') {
    const two = documentOf(kind, { operation: 2 });
    return [...safeCall(data, 'ABI_NOT_CANONICAL'), file(documentFile(two), 'OPERATION_INVALID')];
  }
  if (kind === 'unknown-typed-data') {
    return [
      file(documentFile(documentOf(kind, { small: 256 })), 'TYPED_DATA_VALUE'),
      file(documentFile(documentOf(kind, { four: '0x0102030405' })), 'TYPED_DATA_VALUE'),
      file(documentFile(documentOf(kind, { to: `0x01${FRIEND.slice(2)}` })), 'TYPED_DATA_VALUE'),
    ];
  }
  if (kind === 'permit')
    return [file(documentFile(documentOf(kind, { spender: `0x01${FRIEND.slice(2)}` })), 'TYPED_DATA_VALUE')];
  return 'it has no fields of a fixed width';
}

export function decoyOffset(kind: Kind): Cell {
  const good = multiSend([{ to: TOKEN, data: transfer() }]);
  const words = good.slice(10);
  const decoys: readonly Hex[] = [
    // A gap that a reader by position takes for the batch.
    `0x${good.slice(2, 10)}${'40'.padStart(64, '0')}${'00'.repeat(32)}${words.slice(64)}`,
    `0x${good.slice(2, 10)}${'00'.repeat(32)}${words.slice(64)}`,
    `0x${good.slice(2, 10)}${'ff'.repeat(32)}${words.slice(64)}`,
    `0x${good.slice(2, 10)}${'20'.padStart(64, '0')}${'ff'.repeat(32)}${words.slice(128)}`,
  ];
  if (isTransaction(kind)) {
    return decoys.map((data) =>
      transaction(transactionBytes(kind, transactionFields(kind, data)), 'ABI_NOT_CANONICAL'),
    );
  }
  return kind === 'safe-tx' ? decoys.flatMap((data) => safeCall(data, 'ABI_NOT_CANONICAL')) : 'it has no offsets';
}
