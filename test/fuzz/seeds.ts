/** Valid payloads of every kind, encoded by viem: what the fuzzer starts from. */
import {
  concatHex,
  encodeAbiParameters,
  encodePacked,
  type Hex,
  parseAbiParameters,
  serializeTransaction,
  size,
  type TransactionSerializable,
  toHex,
} from 'viem';
import { KNOWN_FUNCTIONS } from '../../protocol/payload/calldata/table.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import type { Payload } from '../../protocol/payload/payload.ts';
import type { Random } from './random.ts';
import { ACCOUNTS, address, solidityValue } from './values.ts';

const FUNCTIONS = [...KNOWN_FUNCTIONS.values()];
const MULTI_SEND_SELECTOR = '0x8d80ff0a';

export function seedPayload(random: Random): Payload {
  const shape = random.below(20);
  if (shape < 11) return transactionSeed(random);
  if (shape < 15) return fromJson({ kind: 'evm-typed-data', typedData: safeTxSeed(random) });
  if (shape < 17) return fromJson({ kind: 'evm-typed-data', typedData: documentSeed(random) });
  if (shape < 18) return fromJson({ kind: 'evm-authorization', ...authorizationSeed(random) });
  return fromJson({ kind: 'evm-message', ...messageSeed(random) });
}

/** Calldata of a function we know, or of none, nested up to three deep. */
export function callSeed(random: Random, depth = 0): Hex {
  if (random.chance(12)) return random.hex(random.below(80));
  if (random.chance(8)) return '0x';
  if (depth < 3 && random.chance(5)) return multiSendSeed(random, depth);
  const known = random.pick(FUNCTIONS);
  const list = known.canonical.slice(known.canonical.indexOf('(') + 1, -1);
  const selector: Hex = `0x${known.selector}`;
  if (list === '') return selector;
  const parameters = parseAbiParameters<string>(list);
  const inner = (source: Random): Hex => (depth < 3 ? callSeed(source, depth + 1) : '0x');
  const values = parameters.map((parameter) => solidityValue(random, parameter, inner));
  return concatHex([selector, encodeAbiParameters(parameters, values)]);
}

function multiSendSeed(random: Random, depth: number): Hex {
  const entries = Array.from({ length: 1 + random.below(4) }, () => {
    const data = callSeed(random, depth + 1);
    const operation = random.chance(4) ? 1 : 0;
    return encodePacked(
      ['uint8', 'address', 'uint256', 'uint256', 'bytes'],
      [operation, address(random), random.number(90), BigInt(size(data)), data],
    );
  });
  return concatHex([MULTI_SEND_SELECTOR, encodeAbiParameters([{ type: 'bytes' }], [concatHex(entries)])]);
}

function transactionSeed(random: Random): Payload {
  const type = random.pick(['legacy', 'eip2930', 'eip1559', 'eip1559', 'eip1559', 'eip4844', 'eip7702'] as const);
  const creates = random.chance(10) && (type === 'legacy' || type === 'eip2930' || type === 'eip1559');
  const tip = random.number(40);
  const common = {
    type,
    chainId: random.pick([1, 1, 10, 137, 42_161, 31_337]),
    nonce: random.below(1000),
    gas: random.number(30),
    value: random.number(90),
    data: callSeed(random),
    ...(creates ? {} : { to: address(random) }),
  };
  const accessList = Array.from({ length: random.below(3) }, () => ({
    address: address(random),
    storageKeys: Array.from({ length: random.below(3) }, () => random.hex(32)),
  }));
  const capped = { maxPriorityFeePerGas: tip, maxFeePerGas: tip + random.number(40), accessList };
  const fees = {
    legacy: { gasPrice: random.number(50) },
    eip2930: { gasPrice: random.number(50), accessList },
    eip1559: capped,
    eip4844: {
      ...capped,
      maxFeePerBlobGas: random.number(40),
      blobVersionedHashes: Array.from({ length: 1 + random.below(3) }, () => `0x01${random.hex(31).slice(2)}` as Hex),
    },
    eip7702: { ...capped, authorizationList: Array.from({ length: 1 + random.below(2) }, () => signedTuple(random)) },
  }[type];
  const serialized = serializeTransaction({ ...common, ...fees } as TransactionSerializable);
  return { kind: 'evm-transaction', bytes: Uint8Array.from(Buffer.from(serialized.slice(2), 'hex')) };
}

function signedTuple(random: Random): object {
  const half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
  const scalar = (): Hex => toHex((random.number(255) % half) + 1n, { size: 32 });
  return {
    chainId: random.pick([0, 1, 31_337]),
    address: address(random),
    nonce: random.below(50),
    r: scalar(),
    s: scalar(),
    yParity: random.below(2),
  };
}

function safeTxSeed(random: Random): object {
  const legacy = random.chance(4);
  const safe = address(random);
  const field = (name: string, type: string): object => ({ name, type });
  return {
    domain: { ...(legacy ? {} : { chainId: random.pick(['1', '31337']) }), verifyingContract: safe },
    message: {
      to: random.chance(4) ? safe : address(random),
      value: String(random.number(90)),
      data: callSeed(random),
      operation: random.chance(3) ? '1' : '0',
      safeTxGas: String(random.number(20)),
      baseGas: random.chance(4) ? String(random.number(20)) : '0',
      gasPrice: random.chance(4) ? String(random.number(40)) : '0',
      gasToken: random.chance(4) ? address(random) : ACCOUNTS[6],
      refundReceiver: random.chance(4) ? address(random) : ACCOUNTS[6],
      nonce: String(random.below(1000)),
    },
    primaryType: 'SafeTx',
    types: {
      EIP712Domain: [...(legacy ? [] : [field('chainId', 'uint256')]), field('verifyingContract', 'address')],
      SafeTx: SAFE_TX.map(([name, type]) => field(name, type)),
    },
  };
}

const SAFE_TX = [
  ['to', 'address'],
  ['value', 'uint256'],
  ['data', 'bytes'],
  ['operation', 'uint8'],
  ['safeTxGas', 'uint256'],
  ['baseGas', 'uint256'],
  ['gasPrice', 'uint256'],
  ['gasToken', 'address'],
  ['refundReceiver', 'address'],
  ['nonce', 'uint256'],
] as const;

const MEMBER_TYPES = [
  'address',
  'bool',
  'bytes',
  'string',
  'uint256',
  'uint64',
  'int128',
  'bytes32',
  'bytes4',
] as const;

/** A document of types that nobody pinned, two structs deep. */
function documentSeed(random: Random): object {
  const leaf = Array.from({ length: 1 + random.below(4) }, (_, i) => ({
    name: `f${i}`,
    type: `${random.pick(MEMBER_TYPES)}${random.chance(5) ? '[]' : ''}`,
  }));
  const root = [
    { name: 'who', type: 'address' },
    { name: 'inner', type: random.chance(3) ? 'Leaf[]' : 'Leaf' },
    { name: 'amount', type: 'uint256' },
  ];
  const leafValue = (): object => Object.fromEntries(leaf.map(({ name, type }) => [name, jsonValue(random, type)]));
  const inner = root[1]?.type === 'Leaf[]' ? Array.from({ length: random.below(3) }, leafValue) : leafValue();
  return {
    domain: { name: 'Fuzz', version: '1', chainId: '1', verifyingContract: address(random) },
    message: { who: address(random), inner, amount: String(random.number(256)) },
    primaryType: 'Root',
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'version', type: 'string' },
        { name: 'chainId', type: 'uint256' },
        { name: 'verifyingContract', type: 'address' },
      ],
      Root: root,
      Leaf: leaf,
    },
  };
}

function jsonValue(random: Random, type: string): unknown {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value;
  };
  return plain(solidityValue(random, { type }, (source) => source.hex(source.below(40))));
}

function authorizationSeed(random: Random): object {
  return { chainId: random.pick([0, 1, 31_337]), address: address(random), nonce: random.below(1000) };
}

function messageSeed(random: Random): object {
  if (random.chance(3)) return { encoding: 'hex', message: random.hex(random.below(60)) };
  return {
    encoding: 'text',
    message: random.pick(['hello', 'Sign in to example.org', 'Gr\u00fc\u00dfe', 'a\nb', '\u202e evil']),
  };
}

/** A form that the readers may refuse (an opaque message, a kind of tomorrow); the refusal is then what is fuzzed. */
function fromJson(form: Readonly<Record<string, unknown>>): Payload {
  const payload = payloadFromInspectJson(JSON.stringify(form));
  if (payload.ok) return payload.value;
  return { kind: 'evm-typed-data', bytes: new TextEncoder().encode(JSON.stringify(form)) };
}
