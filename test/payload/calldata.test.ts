import { encodeFunctionData, type Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import type { Call } from '../../protocol/payload/calldata/call.ts';
import { DECODE_LIMITS } from '../../protocol/payload/limits.ts';
import { decode } from '../../protocol/payload/payload.ts';
import {
  ABI,
  calling,
  decoded,
  execTransaction,
  FOREIGN_CODE,
  FRIEND,
  hex,
  MULTI_SEND,
  multiSend,
  plainTransaction,
  refusal,
  risks,
  SAFE,
  SIGNATURE,
  safeTx,
  TOKEN,
  transfer,
  word,
} from './support/payloads.ts';

/** Replaces the 32-byte word number `index` of the arguments. */
function withWord(data: string, index: number, value: string): string {
  const at = 10 + index * 64;
  return `${data.slice(0, at)}${value}${data.slice(at + 64)}`;
}

describe('the operation word', () => {
  const OPERATION = 3;
  const inner = execTransaction({ to: FOREIGN_CODE, data: transfer() });

  test.each([
    `${'0'.repeat(60)}0101`,
    `${'f'.repeat(62)}01`,
    `8${'0'.repeat(61)}01`,
    word(2n),
    word(256n),
    word(257n),
    `01${'0'.repeat(62)}`,
    `${'f'.repeat(64)}`,
  ])('0x%s is refused', (operation) => {
    expect(refusal(calling(SAFE, withWord(inner, OPERATION, operation)))).toBe('OPERATION_INVALID');
  });

  test('exactly 0 and exactly 1 are a call and a delegatecall', () => {
    for (const [value, operation] of [
      [0n, 'call'],
      [1n, 'delegatecall'],
    ] as const) {
      const result = decoded(calling(SAFE, withWord(inner, OPERATION, word(value))));
      expect(result.root.children[0]?.operation).toBe(operation);
    }
  });

  test('the same for a module and for a byte of a batch', () => {
    const module = encodeFunctionData({
      abi: ABI,
      functionName: 'execTransactionFromModule',
      args: [FRIEND, 1n, '0x', 0],
    });
    expect(refusal(calling(SAFE, withWord(module, OPERATION, word(257n))))).toBe('OPERATION_INVALID');
    expect(decoded(calling(SAFE, module)).root.children[0]).toMatchObject({ from: SAFE, to: FRIEND, value: 1n });
    for (const operation of [2, 0x10, 0xff]) {
      expect(refusal(calling(MULTI_SEND, multiSend([{ operation }])))).toBe('OPERATION_INVALID');
    }
  });
});

describe('arguments have one encoding', () => {
  const plain = transfer();

  test.each<[string, string]>([
    ['trailing bytes', `${plain}00`],
    ['a trailing word', `${plain}${word(0n)}`],
    ['a missing byte', plain.slice(0, -2)],
    ['a missing word', plain.slice(0, -64)],
    ['no arguments', plain.slice(0, 10)],
    ['dirty bits above an address', withWord(plain, 0, `01${word(BigInt(FRIEND)).slice(2)}`)],
    ['one dirty bit beside an address', withWord(plain, 0, word(BigInt(FRIEND) | (1n << 160n)))],
    ['another function with the same selector', `0xa9059cbb${'61'}${'00'.repeat(31)}`],
  ])('transfer with %s is refused', (_, data) => {
    expect(refusal(calling(TOKEN, data))).toBe('ABI_NOT_CANONICAL');
  });

  test('a bool is 0 or 1', () => {
    const grant = encodeFunctionData({ abi: ABI, functionName: 'setApprovalForAll', args: [FRIEND, true] });
    expect(refusal(calling(TOKEN, grant))).toBeUndefined();
    for (const value of [2n, 256n, 1n << 255n]) {
      expect(refusal(calling(TOKEN, withWord(grant, 1, word(value))))).toBe('ABI_NOT_CANONICAL');
    }
  });

  test('decoy data: an offset that skips what a positional reader would show', () => {
    // Harmless bytes stand where data belongs, the offset points behind them to a hidden call.
    const harmless = transfer(FRIEND, 1n).slice(2);
    const hidden = transfer(FOREIGN_CODE, 10n ** 24n).slice(2);
    const tail = (body: string): string => `${word(BigInt(body.length / 2))}${body.padEnd(192, '0')}`;
    const signatures = `${word(65n)}${SIGNATURE.padEnd(192, '0')}`;
    const head = [word(BigInt(TOKEN)), word(0n), word(320n + 128n), word(0n), ...Array<string>(5).fill(word(0n))];
    const offset = word(320n + 256n);
    const data = `0x6a761202${head.join('')}${offset}${tail(harmless)}${tail(hidden)}${signatures}`;
    expect(refusal(calling(SAFE, data))).toBe('ABI_NOT_CANONICAL');
  });

  test('offsets that overlap, go backwards or leave the data', () => {
    const call = execTransaction({ data: '0xaabb' });
    for (const [index, offset] of [
      [2, 0n],
      [2, 32n],
      [2, 321n],
      [9, 320n],
      [2, 1n << 32n],
      [2, (1n << 256n) - 32n],
      [9, 1n << 255n],
    ] as const) {
      expect(refusal(calling(SAFE, withWord(call, index, word(offset))))).toBe('ABI_NOT_CANONICAL');
    }
  });

  test('lengths that leave the data and padding that is not zero', () => {
    const call = execTransaction({ data: '0xaabb' });
    for (const length of [1n, 33n, 1n << 40n, (1n << 256n) - 1n]) {
      expect(refusal(calling(SAFE, withWord(call, 10, word(length))))).toBe('ABI_NOT_CANONICAL');
    }
    expect(refusal(calling(SAFE, withWord(call, 11, `aabb01${'0'.repeat(58)}`)))).toBe('ABI_NOT_CANONICAL');
    expect(refusal(calling(SAFE, withWord(call, 11, `aabb${'0'.repeat(59)}1`)))).toBe('ABI_NOT_CANONICAL');
  });

  test('lists: dirty items, wrong counts and a count that promises gigabytes', () => {
    const setup = encodeFunctionData({
      abi: ABI,
      functionName: 'setup',
      args: [[FRIEND, TOKEN], 2n, FRIEND, '0x', FRIEND, FRIEND, 0n, FRIEND],
    });
    const result = decoded(calling(SAFE, setup));
    expect(result.root.call?.args[0]).toEqual({ name: 'owners', type: 'address[]', value: [FRIEND, TOKEN] });
    for (const count of [1n, 3n, 1n << 31n, 1n << 200n]) {
      expect(refusal(calling(SAFE, withWord(setup, 8, word(count))))).toBe('ABI_NOT_CANONICAL');
    }
    expect(refusal(calling(SAFE, withWord(setup, 9, `${'0'.repeat(23)}1${FRIEND.slice(2)}`)))).toBe(
      'ABI_NOT_CANONICAL',
    );
  });

  test('a diamond cut: tuples in a list', () => {
    const abi = [
      {
        type: 'function',
        name: 'diamondCut',
        stateMutability: 'nonpayable',
        outputs: [],
        inputs: [
          {
            name: 'cut',
            type: 'tuple[]',
            components: [
              { name: 'facet', type: 'address' },
              { name: 'action', type: 'uint8' },
              { name: 'selectors', type: 'bytes4[]' },
            ],
          },
          { name: 'init', type: 'address' },
          { name: 'data', type: 'bytes' },
        ],
      },
    ] as const;
    const facets = [
      { facet: FRIEND, action: 0, selectors: ['0x01020304', '0xa9059cbb'] },
      { facet: TOKEN, action: 2, selectors: [] },
    ] as const;
    const data = encodeFunctionData({ abi, functionName: 'diamondCut', args: [facets, FRIEND, '0xff'] });
    const { root } = decoded(calling(SAFE, data));
    expect(root.call?.args[0]?.value).toEqual([
      [FRIEND, 0n, [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(0xa9, 0x05, 0x9c, 0xbb)]],
      [TOKEN, 2n, []],
    ]);
    // What the diamond then runs as itself is opened, too.
    expect(risks(calling(SAFE, data))).toEqual([
      'UPGRADE@0',
      'DELEGATECALL@0.0',
      'DELEGATECALL_UNTRUSTED@0.0',
      'UNDECODED@0.0',
    ]);
    // Bytes behind a bytes4, which the chain ignores and another reader might show.
    const selector = data.indexOf(`01020304${'00'.repeat(28)}`);
    const dirty = `${data.slice(0, selector + 8)}01${data.slice(selector + 10)}`;
    expect(refusal(calling(SAFE, dirty))).toBe('ABI_NOT_CANONICAL');
  });
});

describe('Safe signature blocks', () => {
  const preapproved = `${word(BigInt(FRIEND))}${word(0n)}01`;
  const ethSign = `${SIGNATURE.slice(0, -2)}1f`;

  test('none, one, and several entries of each kind', () => {
    for (const signatures of ['', SIGNATURE, `${preapproved}${SIGNATURE}`, `${ethSign}${SIGNATURE}`]) {
      expect(refusal(calling(SAFE, execTransaction({ signatures: `0x${signatures}` })))).toBeUndefined();
    }
  });

  test.each<[string, string]>([
    ['junk behind the entries', `${SIGNATURE}00`],
    ['64 bytes', SIGNATURE.slice(0, -2)],
    ['a whole entry of zeros behind the entries', `${SIGNATURE}${'00'.repeat(65)}`],
    ['a whole entry of noise', `${SIGNATURE}${'ee'.repeat(65)}`],
    ['a contract signature', `${word(BigInt(FRIEND))}${word(65n)}00${word(0n)}`.padEnd(260, '0')],
    ['a pre-approval with dirty bits', `${word(BigInt(FRIEND) | (1n << 200n))}${word(0n)}01`],
    ['a pre-approval that carries data', `${word(BigInt(FRIEND))}${word(7n)}01`],
    ['r = 0', `${word(0n)}${word(5n)}1b`],
    ['s above the order', `${word(5n)}${'ff'.repeat(32)}1b`],
  ])('%s is refused', (_, signatures) => {
    expect(refusal(calling(SAFE, execTransaction({ signatures: `0x${signatures}` })))).toBe('SAFE_SIGNATURES');
  });
});

describe('batches', () => {
  function packed(body: string): string {
    return encodeFunctionData({ abi: ABI, functionName: 'multiSend', args: [`0x${body}`] });
  }
  const entry = `00${FRIEND.slice(2)}${word(1n)}${word(2n)}aabb`;

  test.each<[string, string, string]>([
    ['a cut header', entry.slice(0, 100), 'MULTISEND_MALFORMED'],
    ['a byte behind the last entry', `${entry}00`, 'MULTISEND_MALFORMED'],
    ['32 bytes behind the last entry, which the chain skips', `${entry}${word(0n)}`, 'MULTISEND_MALFORMED'],
    ['data shorter than promised', entry.slice(0, -2), 'MULTISEND_MALFORMED'],
    ['a length of 2^255', `00${FRIEND.slice(2)}${word(1n)}${word(1n << 255n)}`, 'MULTISEND_MALFORMED'],
  ])('%s is refused', (_, body, code) => {
    expect(refusal(calling(MULTI_SEND, packed(body)))).toBe(code);
  });

  test('an empty batch does nothing and is its own leaf', () => {
    expect(decoded(calling(MULTI_SEND, packed(''))).leaves.map(({ path }) => path)).toEqual(['0']);
  });

  test('entries act as the account that runs the batch', () => {
    const batch = multiSend([{ to: TOKEN, data: transfer() }, { value: 9n }]);
    const bySafe = decoded(safeTx({ to: MULTI_SEND, data: batch, operation: 1 }));
    expect(bySafe.leaves.map(({ path, from, to }) => [path, from, to])).toEqual([
      ['0.0', SAFE, TOKEN],
      ['0.1', SAFE, FRIEND],
    ]);
    expect(bySafe.leaves.flatMap(({ movements }) => movements)).toEqual([
      { kind: 'transfer', asset: TOKEN, amount: 5n, counterparty: FRIEND, owner: SAFE },
      { kind: 'transfer', asset: 'native', amount: 9n, counterparty: FRIEND, owner: SAFE },
    ]);
    // Called instead of delegated to, the batch contract itself is the account.
    expect(decoded(calling(MULTI_SEND, batch)).leaves[0]?.from).toBe(MULTI_SEND);
  });

  test('the zero address means the Safe itself since 1.5.0, and nobody before', () => {
    const zero = `0x${'00'.repeat(20)}`;
    const data = encodeFunctionData({ abi: ABI, functionName: 'addOwnerWithThreshold', args: [FRIEND, 1n] });
    const batch = multiSend([{ to: zero, data }]);
    for (const [contract, target] of [
      ['0x218543288004cd07832472d464648173c77d7eb7', SAFE],
      ['0xa83c336b20401af773b6219ba5027174338d1836', SAFE],
      [MULTI_SEND, zero],
    ]) {
      const payload = safeTx({ to: contract, data: batch, operation: 1 });
      expect(decoded(payload).leaves[0]?.to).toBe(target);
      expect(risks(payload)).toContain('SAFE_SELF_CHANGE@0.0');
    }
  });
});

describe('recursion', () => {
  test('a Safe that makes a Safe run a batch that hides a delegatecall', () => {
    const batch = multiSend([{ value: 1n }, { to: FOREIGN_CODE, operation: 1, data: transfer() }]);
    const middle = execTransaction({ to: MULTI_SEND, data: batch, operation: 1 });
    const payload = calling(FRIEND, execTransaction({ to: SAFE, data: middle }));
    const shape = (call: Call): unknown => [call.path, call.operation, call.from, call.children.map(shape)];
    expect(shape(decoded(payload).root)).toEqual([
      '0',
      'call',
      'wallet',
      [
        [
          '0.0',
          'call',
          FRIEND,
          [
            [
              '0.0.0',
              'delegatecall',
              SAFE,
              [
                ['0.0.0.0', 'call', SAFE, []],
                ['0.0.0.1', 'delegatecall', SAFE, []],
              ],
            ],
          ],
        ],
      ],
    ]);
    expect(risks(payload)).toEqual([
      'DELEGATECALL@0.0.0',
      'BATCH@0.0.0',
      'DELEGATECALL@0.0.0.1',
      'DELEGATECALL_UNTRUSTED@0.0.0.1',
      'SELECTOR_CONTEXT_MISMATCH@0.0.0.1',
    ]);
  });

  function nested(levels: number): Hex {
    let data: Hex = '0x';
    for (let i = 0; i < levels; i++) data = execTransaction({ to: SAFE, data });
    return data;
  }

  test('eight levels open, nine are refused', () => {
    expect(decoded(calling(SAFE, nested(8))).leaves[0]?.path).toBe('0.0.0.0.0.0.0.0.0');
    expect(refusal(calling(SAFE, nested(9)))).toBe('DEPTH_LIMIT');
  });

  test('the number of calls is capped', () => {
    const many = multiSend(Array.from({ length: 200 }, () => ({ value: 1n })));
    const payload = calling(MULTI_SEND, many);
    expect(decoded(payload).leaves).toHaveLength(200);
    const limited = decode(payload, { ...DECODE_LIMITS, maxCalls: 200 });
    expect(limited.ok ? undefined : limited.error.code).toBe('LEAF_LIMIT');
    const nestedMany = decode(
      calling(
        MULTI_SEND,
        multiSend([
          { to: MULTI_SEND, data: many },
          { to: MULTI_SEND, data: many },
        ]),
      ),
      {
        ...DECODE_LIMITS,
        maxCalls: 300,
      },
    );
    expect(nestedMany.ok ? undefined : nestedMany.error.code).toBe('LEAF_LIMIT');
  });

  test('unknown functions and short data stay closed', () => {
    for (const data of ['0xdeadbeef', '0xdeadbeef00', '0x01', '0x010203']) {
      const { root } = decoded(calling(TOKEN, data));
      expect(root.call).toBeUndefined();
      expect(hex(root.data)).toBe(data);
      expect(risks(calling(TOKEN, data))).toEqual(['UNDECODED@0']);
    }
  });

  test('a wrapper that carries money is a leaf too', () => {
    const data = execTransaction({ value: 4n });
    const result = decoded(calling(SAFE, data, 6n));
    expect(result.leaves.map(({ path, movements }) => [path, movements[0]?.amount])).toEqual([
      ['0', 6n],
      ['0.0', 4n],
    ]);
    expect(decoded(calling(SAFE, data)).leaves.map(({ path }) => path)).toEqual(['0.0']);
  });

  test('init code is not read as a call', () => {
    const payload = plainTransaction({ to: null, data: execTransaction({ operation: 1 }) });
    expect(decoded(payload).root.children).toEqual([]);
    expect(risks(payload)).toEqual(['CONTRACT_CREATE@0']);
  });
});
