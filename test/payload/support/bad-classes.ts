/** Every way in which a payload can be bad, for every kind: what is made from the good one, and what is said about it. */
import { concatHex, encodeAbiParameters, type Hex, parseAbiParameters, toFunctionSelector } from 'viem';
import { type Cell, file, payload, rlpAuthorization, transaction, transactionInput } from './bad-cases.ts';
import {
  AUTHORIZATION,
  ascii,
  authorizationFile,
  changed,
  documentFile,
  documentOf,
  documentPayload,
  isDocument,
  isMessage,
  isTransaction,
  type Kind,
  messageBytes,
  messageFile,
  messageOf,
  sample,
  transactionBytes,
  transactionFields,
} from './bad-samples.ts';
import { decoyOffset, dirtyBits, notMinimal, trailing, truncated, wrongType } from './bad-shapes.ts';
import { bytes, execTransaction, FRIEND, hex, SAFE, TOKEN } from './payloads.ts';

export const CLASSES = {
  truncated,
  trailing,
  'not minimal': notMinimal,
  'wrong type': wrongType,
  'dirty bits': dirtyBits,
  'decoy offset': decoyOffset,
  'nested in itself': nested,
  '10 MB': tenMegabytes,
  'invalid UTF-8': invalidUtf8,
  'bidi and escape sequences': bidi,
  'chain id 0': chainZero,
  'chain id absent': chainAbsent,
  'wrong chain': wrongChain,
  'unknown type': unknownType,
  'already signed': alreadySigned,
  empty,
} as const satisfies Readonly<Record<string, (kind: Kind) => Cell>>;

/** `levels` Safe transactions, each in the one before. */
function matryoshka(levels: number): Hex {
  return levels === 0 ? '0x' : execTransaction({ to: SAFE, data: matryoshka(levels - 1) });
}

function nested(kind: Kind): Cell {
  if (isTransaction(kind)) {
    const of = (levels: number): Uint8Array =>
      transactionBytes(kind, transactionFields(kind, matryoshka(levels), SAFE));
    return [
      { ...transactionInput(of(8)), outcome: { reads: [] } },
      transaction(of(9), 'DEPTH_LIMIT'),
      transaction(of(40), 'DEPTH_LIMIT'),
      transaction(
        Uint8Array.from([...(kind === 'legacy' ? [] : [2]), ...new Uint8Array(3000).fill(0xc1), 0xc0]),
        'RLP_MALFORMED',
      ),
    ];
  }
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  if (kind === 'authorization') {
    return [
      payload(kind, Uint8Array.from([5, ...new Uint8Array(3000).fill(0xc1), 0xc0]), 'RLP_MALFORMED'),
      file(`{"kind":"evm-authorization","chainId":${deep}}`, 'INSPECT_JSON'),
    ];
  }
  if (isMessage(kind)) {
    return [
      payload(kind, ascii(`{"encoding":"text","message":${deep}}`), 'MESSAGE_MALFORMED'),
      file(deep, 'INSPECT_JSON'),
    ];
  }
  const cases = [
    payload(kind, ascii(deep), 'TYPED_DATA_JSON'),
    file(documentFile(1).replace('1', deep), 'INSPECT_JSON'),
  ];
  if (kind === 'safe-tx') {
    const of = (levels: number): unknown => documentOf(kind, { to: SAFE, data: matryoshka(levels) });
    const reads = { payload: documentPayload(of(8)), file: documentFile(of(8)), outcome: { reads: [] } };
    return [
      ...cases,
      reads,
      { payload: documentPayload(of(9)), file: documentFile(of(9)), outcome: { refused: 'DEPTH_LIMIT' } },
    ];
  }
  const document = documentOf(kind);
  const types = { ...document.types, [document.primaryType]: [{ name: 'self', type: document.primaryType }] };
  return [...cases, file(documentFile({ ...document, types, message: { self: {} } }), 'TYPED_DATA_TYPES')];
}

const HUGE = 10 * 1024 * 1024;
const ZEROS = new Uint8Array(HUGE);
const DIGITS = `0x${'0'.repeat(HUGE)}`;

function tenMegabytes(kind: Kind): Cell {
  return [
    payload(kind, ZEROS, 'PAYLOAD_TOO_LARGE'),
    file(isTransaction(kind) ? DIGITS : `"${DIGITS}"`, 'FILE_TOO_LARGE'),
  ];
}

function invalidUtf8(kind: Kind): Cell {
  const { payload: good, file: text } = sample(kind);
  const broken = ascii(text);
  broken[10] = 0xff;
  const unreadable = file(broken, 'TEXT_NOT_UTF8');
  if (isTransaction(kind)) {
    return [
      transaction(transactionBytes(kind, transactionFields(kind, queued('0xff'))), 'ABI_NOT_CANONICAL'),
      unreadable,
    ];
  }
  if (kind === 'authorization') return [unreadable];
  const code = isDocument(kind) ? 'TYPED_DATA_NOT_CANONICAL' : 'MESSAGE_MALFORMED';
  const last = new TextDecoder().decode(good.bytes).lastIndexOf(isDocument(kind) ? '"name":"' : 'message":"');
  // Inside of a string, where JSON allows any character.
  const inside = good.bytes.slice();
  inside[last + 9] = 0xff;
  return isDocument(kind)
    ? [payload(kind, inside, 'TYPED_DATA_TYPES'), unreadable]
    : [payload(kind, inside, code), payload(kind, Uint8Array.of(0xff, 0xfe), code), unreadable];
}

/** A call of a timelock that names a function as text. */
function queued(text: Hex): Hex {
  const selector = toFunctionSelector('queueTransaction(address,uint256,string,bytes,uint256)');
  const types = parseAbiParameters('address, uint256, bytes, bytes, uint256');
  return concatHex([selector, encodeAbiParameters(types, [FRIEND, 0n, text, '0x', 0n])]);
}

const TRICK = 'a\u202e\u2066\u0000\u001b[2J\r\u200b\u{e0041}z';

function bidi(kind: Kind): Cell {
  const { file: text } = sample(kind);
  if (isTransaction(kind)) {
    const unsigned = transactionBytes(kind, transactionFields(kind, queued(hex(ascii(TRICK)) as Hex)));
    return [
      { ...transactionInput(unsigned), outcome: { reads: ['UNDECODED'] } },
      file(`${text}\u202e`, 'INSPECT_JSON'),
      file(`\u001b[2J${text}`, 'INSPECT_JSON'),
    ];
  }
  if (kind === 'authorization')
    return [
      file(authorizationFile({ [TRICK]: 1 }), 'INSPECT_JSON'),
      file(authorizationFile({ address: TRICK }), 'INSPECT_JSON'),
    ];
  if (isMessage(kind)) {
    const { encoding } = messageOf(kind);
    const content = { encoding, message: kind === 'hex-message' ? hex(ascii(TRICK)) : TRICK };
    const reads = {
      payload: { kind: 'evm-message', bytes: messageBytes(content) },
      file: messageFile(content),
    } as const;
    return [
      { ...reads, outcome: { reads: ['RAW_MESSAGE'] } },
      file(messageFile({ encoding: TRICK, message: '' }), 'MESSAGE_MALFORMED'),
    ];
  }
  const more = file(documentFile(documentOf(kind, { [TRICK]: '1' })), 'TYPED_DATA_SHAPE');
  const type = file(documentFile({ ...documentOf(kind), primaryType: TRICK }), 'TYPED_DATA_TYPES');
  if (kind === 'safe-tx') return [more, type];
  const domain = { name: TRICK, version: '1', chainId: 1, verifyingContract: TOKEN };
  const document = documentOf(kind, kind === 'permit' ? {} : { note: TRICK }, domain);
  return [{ payload: documentPayload(document), file: documentFile(document), outcome: { reads: [] } }, more, type];
}

function chainZero(kind: Kind): Cell {
  if (isTransaction(kind)) {
    return [
      transaction(
        transactionBytes(kind, changed(transactionFields(kind), { chainId: new Uint8Array(0) })),
        'TX_NO_CHAIN_ID',
      ),
    ];
  }
  if (kind === 'authorization') {
    const everywhere = rlpAuthorization([new Uint8Array(0), bytes(FRIEND), Uint8Array.of(7)]);
    const input = {
      payload: { kind: 'evm-authorization', bytes: everywhere },
      file: authorizationFile({ chainId: 0 }),
    } as const;
    return [{ ...input, outcome: { reads: ['NO_CHAIN_BINDING', 'EIP7702_AUTH'] } }];
  }
  if (isMessage(kind)) return NO_CHAIN;
  const { domain } = documentOf(kind);
  return [file(documentFile(documentOf(kind, {}, { ...domain, chainId: 0 })), 'TYPED_DATA_DOMAIN')];
}

const NO_CHAIN = 'it names no chain';

function chainAbsent(kind: Kind): Cell {
  if (kind === 'legacy') {
    const six = changed(transactionFields(kind), { chainId: undefined, r: undefined, s: undefined });
    return [transaction(transactionBytes(kind, six), 'TX_NO_CHAIN_ID')];
  }
  if (isTransaction(kind)) {
    return [
      transaction(transactionBytes(kind, changed(transactionFields(kind), { chainId: undefined })), 'TX_FIELD_COUNT'),
    ];
  }
  if (kind === 'authorization') {
    return [
      payload(kind, rlpAuthorization([bytes(FRIEND), Uint8Array.of(7)]), 'AUTHORIZATION_MALFORMED'),
      file(authorizationFile({ chainId: undefined }), 'INSPECT_JSON'),
    ];
  }
  if (isMessage(kind)) return NO_CHAIN;
  const { chainId: _, ...domain } = documentOf(kind).domain as { readonly chainId: unknown };
  const document = documentOf(kind, {}, domain);
  return [
    { payload: documentPayload(document), file: documentFile(document), outcome: { reads: ['NO_CHAIN_BINDING'] } },
  ];
}

/** All samples are for chain 1. */
export const OTHER_CHAIN = 137;

function wrongChain(kind: Kind): Cell {
  return isMessage(kind) ? NO_CHAIN : [{ file: sample(kind).file, outcome: { denied: 'WRONG_CHAIN' } }];
}

function unknownType(kind: Kind): Cell {
  const { payload: good } = sample(kind);
  const other = file(sample(kind).file.replace(/"evm-[a-z-]+"/, '"evm-other"'), 'UNSUPPORTED_KIND');
  if (isTransaction(kind)) {
    const body = kind === 'legacy' ? good.bytes : good.bytes.slice(1);
    const types = Array.from({ length: 0xc0 }, (_, type) => type).filter((type) => type === 0 || type > 4);
    return types.map((type) => transaction(Uint8Array.from([type, ...body]), 'TX_TYPE_UNSUPPORTED'));
  }
  if (kind === 'authorization') {
    const types = Array.from({ length: 256 }, (_, type) => type).filter((type) => type !== 5);
    const body = good.bytes.slice(1);
    return [other, ...types.map((type) => payload(kind, Uint8Array.from([type, ...body]), 'AUTHORIZATION_MALFORMED'))];
  }
  if (isMessage(kind)) {
    return ['utf8', 'base64', 'Text', ''].flatMap((encoding) => [
      payload(kind, messageBytes({ encoding, message: 'ab' }), 'MESSAGE_MALFORMED'),
      file(messageFile({ encoding, message: 'ab' }), 'MESSAGE_MALFORMED'),
    ]);
  }
  const document = documentOf(kind);
  const unheard = { ...document, primaryType: 'Unheard' };
  const inner = { ...document, types: { ...document.types, [document.primaryType]: [{ name: 'a', type: 'uint257' }] } };
  return [other, file(documentFile(unheard), 'TYPED_DATA_TYPES'), file(documentFile(inner), 'TYPED_DATA_TYPES')];
}

function alreadySigned(kind: Kind): Cell {
  const scalar = new Uint8Array(32).fill(0x11);
  if (isTransaction(kind)) {
    const signature = kind === 'legacy' ? { chainId: Uint8Array.of(37) } : { parity: Uint8Array.of(1) };
    const signed = changed(transactionFields(kind), { ...signature, r: scalar, s: scalar });
    return [transaction(transactionBytes(kind, signed), 'TX_ALREADY_SIGNED')];
  }
  const { payload: good, file: text } = sample(kind);
  const extra = file(text.replace(/}$/, ',"signature":"0x11"}'), 'INSPECT_JSON');
  if (kind === 'authorization') {
    const { nonce } = AUTHORIZATION;
    const signed = [Uint8Array.of(1), bytes(FRIEND), Uint8Array.of(Number(nonce)), Uint8Array.of(1), scalar, scalar];
    return [payload(kind, rlpAuthorization(signed), 'TX_ALREADY_SIGNED'), extra];
  }
  const beside = ascii(new TextDecoder().decode(good.bytes).replace(/}$/, ',"signature":"0x11"}'));
  return [payload(kind, beside, isDocument(kind) ? 'TYPED_DATA_SHAPE' : 'MESSAGE_MALFORMED'), extra];
}

function empty(kind: Kind): Cell {
  const { payload: good } = sample(kind);
  const none = payload(kind, new Uint8Array(0), 'PAYLOAD_EMPTY');
  const bare = file(JSON.stringify({ kind: good.kind }), 'INSPECT_JSON');
  const cases = [none, bare, file('', 'PAYLOAD_EMPTY'), file(' \n', 'PAYLOAD_EMPTY'), file('{}', 'INSPECT_JSON')];
  if (isTransaction(kind)) {
    const nothing = kind === 'legacy' ? [0xc0] : [...good.bytes.slice(0, 1), 0xc0];
    return [...cases, transaction(Uint8Array.from(nothing), 'TX_FIELD_COUNT'), file('0x', 'PAYLOAD_EMPTY')];
  }
  if (kind === 'authorization') return [...cases, payload(kind, Uint8Array.of(5, 0xc0), 'AUTHORIZATION_MALFORMED')];
  if (isMessage(kind)) return [...cases, payload(kind, ascii('{}'), 'MESSAGE_MALFORMED')];
  return [...cases, payload(kind, ascii('{}'), 'TYPED_DATA_SHAPE'), file(documentFile({}), 'TYPED_DATA_SHAPE')];
}
