/** Every wrapper that the table knows is opened down to the calls that it makes, or stays visibly closed. */
import { concat, encodeAbiParameters, encodeFunctionData, type Hex, parseAbiItem, parseAbiParameters } from 'viem';
import { describe, expect, test } from 'vitest';
import type { Call } from '../../protocol/payload/calldata/call.ts';
import { KNOWN_FUNCTIONS } from '../../protocol/payload/calldata/table.ts';
import {
  calling,
  decoded,
  execTransaction,
  FOREIGN_CODE,
  FRIEND,
  MULTI_SEND,
  multiSend,
  refusal,
  risks,
  SAFE,
  safeTx,
  TOKEN,
  transfer,
  ZERO,
} from './support/payloads.ts';

const WORD0: Hex = `0x${'00'.repeat(32)}`;
const PAY = transfer(FRIEND, 7n);
const CONTRACT = '0x4444444444444444444444444444444444444444';

/** Calldata of the function of our table with this selector. */
function data(selector: string, args: readonly unknown[]): Hex {
  const canonical = KNOWN_FUNCTIONS.get(selector)?.canonical ?? '';
  const item = parseAbiItem(`function ${canonical}` as 'function f(uint256 a)');
  return encodeFunctionData({ abi: [item], args: args as [bigint] });
}

/** `path operation from to value function`, everything below the outermost call. */
function inside(payload: ReturnType<typeof calling>): readonly string[] {
  const names = new Map<string, string>([
    ['wallet', 'wallet'],
    [SAFE, 'safe'],
    [TOKEN, 'token'],
    [FRIEND, 'friend'],
    [CONTRACT, 'contract'],
    [FOREIGN_CODE, 'foreign'],
    [MULTI_SEND, 'multisend'],
    [ZERO, 'zero'],
  ]);
  const name = (account: string | undefined): string => names.get(account ?? '') ?? account ?? 'none';
  const line = ({ path, operation, from, to, value, call, data: bytes }: Call): string => {
    const what = call?.name ?? (bytes.length === 0 ? '-' : '?');
    return `${path} ${operation} ${name(from)} ${name(to)} ${value} ${what}`;
  };
  return decoded(payload).calls.slice(1).map(line);
}

/** The two calls that most tests wrap: a payment in tokens and one in ether. */
const TARGETS = [TOKEN, FRIEND];
const VALUES = [0n, 3n];
const PAYLOADS = [PAY, '0x'];

describe('batches', () => {
  const byContract = ['0.0 call contract token 0 transfer', '0.1 call contract friend 3 -'];
  const withoutValue = ['0.0 call contract token 0 transfer', '0.1 call contract friend 0 -'];

  test.each<[string, string, readonly unknown[], readonly string[], readonly string[]]>([
    ['multicall', 'ac9650d8', [[PAY, PAY]], selfCalls(), ['BATCH@0']],
    ['multicall with a deadline', '5ae401dc', [9n, [PAY, PAY]], selfCalls(), ['BATCH@0']],
    ['multicall with a block hash', '1f0464d1', [WORD0, [PAY, PAY]], selfCalls(), ['BATCH@0']],
    ['batch', 'd2423b51', [[PAY, PAY], true], selfCalls(), ['BATCH@0']],
    ['aggregate', '252dba42', [TARGETS.map((to, i) => [to, PAYLOADS[i]])], withoutValue, ['BATCH@0']],
    ['aggregate3', '82ad56cb', [TARGETS.map((to, i) => [to, true, PAYLOADS[i]])], withoutValue, ['BATCH@0']],
    [
      'aggregate3Value',
      '174dea71',
      [TARGETS.map((to, i) => [to, true, VALUES[i], PAYLOADS[i]])],
      byContract,
      ['BATCH@0'],
    ],
    ['tryAggregate', 'bce38bd7', [true, TARGETS.map((to, i) => [to, PAYLOADS[i]])], withoutValue, ['BATCH@0']],
    ['tryBlockAndAggregate', '399542e9', [true, TARGETS.map((to, i) => [to, PAYLOADS[i]])], withoutValue, ['BATCH@0']],
    ['blockAndAggregate', 'c3077fa9', [TARGETS.map((to, i) => [to, PAYLOADS[i]])], withoutValue, ['BATCH@0']],
    ['executeBatch of lists', '47e1da2a', [TARGETS, VALUES, PAYLOADS], byContract, ['BATCH@0']],
    ['executeBatch of lists without values', '47e1da2a', [TARGETS, [], PAYLOADS], withoutValue, ['BATCH@0']],
    ['executeBatch_y6U', '00004680', [TARGETS, VALUES, PAYLOADS], byContract, ['BATCH@0']],
    ['executeBatch of two lists', '18dfb3c7', [TARGETS, PAYLOADS], withoutValue, ['BATCH@0']],
    [
      'executeBatch of tuples',
      '34fcd5be',
      [TARGETS.map((to, i) => [to, VALUES[i], PAYLOADS[i]])],
      byContract,
      ['BATCH@0'],
    ],
  ])('%s', (_, selector, args, calls, codes) => {
    const payload = calling(CONTRACT, data(selector, args));
    expect(inside(payload)).toEqual(calls);
    expect(risks(payload)).toEqual(codes);
  });

  function selfCalls(): readonly string[] {
    return ['0.0 call wallet contract 0 transfer', '0.1 call wallet contract 0 transfer'];
  }

  test('lists of different lengths stay closed', () => {
    for (const [selector, args] of [
      ['47e1da2a', [TARGETS, [1n], PAYLOADS]],
      ['47e1da2a', [TARGETS, VALUES, [PAY]]],
      ['18dfb3c7', [[TOKEN], PAYLOADS]],
    ] as const) {
      const payload = calling(CONTRACT, data(selector, args));
      expect(inside(payload)).toEqual([]);
      expect(risks(payload)).toEqual(['BATCH@0', 'UNDECODED@0']);
    }
  });

  test('calls to itself, by a contract whose code another account has borrowed', () => {
    const payload = safeTx({ to: CONTRACT, operation: 1, data: data('ac9650d8', [[PAY]]) });
    expect(inside(payload)).toEqual(['0.0 delegatecall safe safe 0 transfer']);
    expect(risks(payload)).toContain('SELECTOR_CONTEXT_MISMATCH@0.0');
  });
});

describe('smart accounts', () => {
  test('one call, by operation, by foreign code', () => {
    expect(inside(calling(CONTRACT, data('b61d27f6', [TOKEN, 2n, PAY])))).toEqual([
      '0.0 call contract token 2 transfer',
    ]);
    const operation = data('51945447', [TOKEN, 2n, PAY, 1]);
    expect(inside(calling(CONTRACT, operation))).toEqual(['0.0 delegatecall contract token 2 transfer']);
    expect(risks(calling(CONTRACT, operation))).toContain('SELECTOR_CONTEXT_MISMATCH@0.0');
    const proxy = data('1cff79cd', [FOREIGN_CODE, PAY]);
    expect(inside(calling(CONTRACT, proxy))).toEqual(['0.0 delegatecall contract foreign 0 transfer']);
    expect(risks(calling(CONTRACT, proxy))).toContain('DELEGATECALL_UNTRUSTED@0.0');
    expect(risks(calling(CONTRACT, data('b61d27f6', [CONTRACT, 0n, '0xdeadbeef'])))).toEqual([
      'UNDECODED@0.0',
      'SAFE_SELF_CHANGE@0.0',
    ]);
  });

  const packed = (to: string, value: bigint, call: Hex): Hex =>
    concat([to as Hex, `0x${value.toString(16).padStart(64, '0')}`, call]);
  const batch = (calls: readonly (readonly [string, bigint, string])[]): Hex =>
    encodeAbiParameters(parseAbiParameters('(address,uint256,bytes)[]'), [calls as never]);
  const mode = (text: string): Hex => `0x${text.padEnd(64, '0')}`;
  const execute = (text: string, execution: Hex): ReturnType<typeof calling> =>
    calling(CONTRACT, data('e9ae5c53', [mode(text), execution]));

  test.each<[string, string]>([
    ['single', '0000'],
    ['single, failures allowed', '0001'],
    ['static', 'fe00'],
  ])('ERC-7579 %s', (_, text) => {
    const payload = execute(text, packed(TOKEN, 5n, PAY));
    expect(inside(payload)).toEqual(['0.0 call contract token 5 transfer']);
    expect(risks(payload)).toEqual([]);
  });

  test('ERC-7579 batch and delegatecall', () => {
    const both = batch([
      [TOKEN, 0n, PAY],
      [FRIEND, 3n, '0x'],
    ]);
    for (const text of ['0100', '0101', '01000000000078210001']) {
      expect(inside(execute(text, both))).toEqual([
        '0.0 call contract token 0 transfer',
        '0.1 call contract friend 3 -',
      ]);
      expect(risks(execute(text, both))).toEqual(['BATCH@0']);
    }
    const foreign = execute('ff00', concat([FOREIGN_CODE, PAY]));
    expect(inside(foreign)).toEqual(['0.0 delegatecall contract foreign 0 transfer']);
    expect(risks(foreign)).toEqual(['DELEGATECALL@0.0', 'DELEGATECALL_UNTRUSTED@0.0', 'SELECTOR_CONTEXT_MISMATCH@0.0']);
  });

  test('ERC-7821 with data that authorises the batch: opened, and still closed', () => {
    const encoded = encodeAbiParameters(parseAbiParameters('(address,uint256,bytes)[], bytes'), [
      [[TOKEN, 0n, PAY]] as never,
      '0xaabb',
    ]);
    const payload = execute('01000000000078210001', encoded);
    expect(inside(payload)).toEqual(['0.0 call contract token 0 transfer']);
    expect(risks(payload)).toEqual(['UNDECODED@0']);
    expect(decoded(payload).root.closed).toBe(true);
  });

  test.each<[string, string, Hex]>([
    ['another call type', '0200', packed(TOKEN, 5n, PAY)],
    ['another exec type', '0002', packed(TOKEN, 5n, PAY)],
    ['a bit in the unused bytes', '000000000001', packed(TOKEN, 5n, PAY)],
    ['a mode selector', '00000000000012345678', packed(TOKEN, 5n, PAY)],
    ['a mode payload', `0000${'0'.repeat(58)}01`, packed(TOKEN, 5n, PAY)],
    ['a batch of batches', '01000000000078210002', batch([[TOKEN, 0n, PAY]])],
    ['data too short for a single call', '0000', '0x1234'],
    ['data too short for a delegatecall', 'ff00', '0x1234'],
    ['the zero address, which some accounts take for themselves', '0100', batch([[ZERO, 0n, PAY]])],
  ])('%s stays closed', (_, text, execution) => {
    expect(inside(execute(text, execution))).toEqual([]);
    expect(risks(execute(text, execution))).toEqual(['UNDECODED@0']);
  });

  test('a batch that is not canonical is refused', () => {
    expect(refusal(execute('0100', `${batch([[TOKEN, 0n, PAY]])}00`))).toBe('ABI_NOT_CANONICAL');
    expect(refusal(execute('0100', '0x'))).toBe('ABI_NOT_CANONICAL');
  });

  test('operations of an entry point: their calls are opened, the rest is said not to be read', () => {
    const call = data('b61d27f6', [TOKEN, 0n, data('095ea7b3', [FOREIGN_CODE, 1n << 255n])]);
    const old = [SAFE, 0n, '0x', call, 1n, 2n, 3n, 4n, 5n, '0x', '0xaa'];
    const packedForm = [SAFE, 0n, '0x', call, WORD0, 3n, WORD0, '0x', '0xaa'];
    for (const [selector, operation] of [
      ['1fad948c', old],
      ['765e827f', packedForm],
    ] as const) {
      const payload = calling(CONTRACT, data(selector, [[operation], FRIEND]));
      expect(inside(payload)).toEqual(['0.0 call contract safe 0 execute', '0.0.0 call safe token 0 approve']);
      expect(risks(payload)).toEqual(['USER_OPERATION@0', 'UNDECODED@0', 'UNLIMITED_APPROVAL@0.0.0']);
    }
  });

  test('aggregated operations, routers and markets: known by name, never read', () => {
    for (const [selector, code] of [
      ['4b1d7cf5', 'USER_OPERATION'],
      ['24856bc3', 'ROUTER'],
      ['3593564c', 'ROUTER'],
      ['fb0f3ee1', 'ORDER_SIG'],
      ['00000000', 'ORDER_SIG'],
      ['a8174404', 'ORDER_SIG'],
    ] as const) {
      const payload = calling(CONTRACT, `0x${selector}1234`);
      expect(risks(payload)).toEqual([`${code}@0`, 'UNDECODED@0']);
      expect(decoded(payload).root).toMatchObject({ closed: true, call: { args: [] } });
    }
  });
});

describe('timelocks and governors', () => {
  const upgrade = data('3659cfe6', [FOREIGN_CODE]);
  const upgraded = ['TIMELOCK@0', 'UPGRADE@0.0'];

  test.each<[string, string, readonly unknown[]]>([
    ['schedule', '01d5062a', [TOKEN, 0n, upgrade, WORD0, WORD0, 3600n]],
    ['execute', '134008d3', [TOKEN, 0n, upgrade, WORD0, WORD0]],
    ['queueTransaction with calldata', '3a66f901', [TOKEN, 0n, '', upgrade, 9n]],
    ['queueTransaction with a signature', '3a66f901', [TOKEN, 0n, 'upgradeTo(address)', `0x${upgrade.slice(10)}`, 9n]],
    ['executeTransaction', '0825f38f', [TOKEN, 0n, 'upgradeTo(address)', `0x${upgrade.slice(10)}`, 9n]],
  ])('%s', (_, selector, args) => {
    const payload = calling(CONTRACT, data(selector, args));
    expect(inside(payload)).toEqual(['0.0 call contract token 0 upgradeTo']);
    expect(risks(payload)).toEqual(upgraded);
  });

  test.each<[string, string, readonly unknown[]]>([
    ['scheduleBatch', '8f2a0bb0', [[TOKEN], [0n], [upgrade], WORD0, WORD0, 3600n]],
    ['executeBatch', 'e38335e5', [[TOKEN], [0n], [upgrade], WORD0, WORD0]],
    ['propose', '7d5e81e2', [[TOKEN], [0n], [upgrade], 'Routine \u202eeniltuor']],
    ['queue', '160cbed7', [[TOKEN], [0n], [upgrade], WORD0]],
    ['execute of a governor', '2656227d', [[TOKEN], [0n], [upgrade], WORD0]],
    [
      'propose with signatures',
      'da95691a',
      [[TOKEN], [0n], ['upgradeTo(address)'], [`0x${upgrade.slice(10)}`], 'Routine'],
    ],
  ])('%s', (_, selector, args) => {
    const payload = calling(CONTRACT, data(selector, args));
    expect(inside(payload)).toEqual(['0.0 call contract token 0 upgradeTo']);
    expect(risks(payload)).toEqual(['TIMELOCK@0', 'BATCH@0', 'UPGRADE@0.0']);
  });

  test('a function name with characters that nobody would show stays closed', () => {
    for (const name of ['upgradeTo(address) ', 'upgrade\u200bTo(address)', '\u0000']) {
      const payload = calling(CONTRACT, data('3a66f901', [TOKEN, 0n, name, '0x', 9n]));
      expect(inside(payload)).toEqual([]);
      expect(risks(payload)).toEqual(['TIMELOCK@0', 'UNDECODED@0']);
    }
    const lengths = data('da95691a', [[TOKEN], [0n], [], ['0x'], '']);
    expect(risks(calling(CONTRACT, lengths))).toContain('UNDECODED@0');
  });

  test('text that is not UTF-8 is refused', () => {
    const good = data('3a66f901', [TOKEN, 0n, 'ab', '0x', 9n]);
    expect(refusal(calling(CONTRACT, good.replace('6162', 'c328')))).toBe('ABI_NOT_CANONICAL');
  });
});

describe('modules, set-ups and upgrades', () => {
  test.each<[string, string, readonly unknown[]]>([
    ['a module', '468721a7', [TOKEN, 1n, PAY, 0]],
    ['a module that returns data', '5229073f', [TOKEN, 1n, PAY, 0]],
    ['a role', 'c6fe8747', [TOKEN, 1n, PAY, 0, WORD0, true]],
    ['a role that returns data', '2b99e506', [TOKEN, 1n, PAY, 0, WORD0, true]],
    ['an old role', '6928e74b', [TOKEN, 1n, PAY, 0, 1, true]],
  ])('%s', (_, selector, args) => {
    const payload = calling(CONTRACT, data(selector, args));
    expect(inside(payload)).toEqual(['0.0 call contract token 1 transfer']);
    expect(risks(payload)).toEqual(['MODULE_EXEC@0']);
  });

  test('a delayed module and one for operations say so besides', () => {
    expect(risks(calling(CONTRACT, data('ee072baf', [TOKEN, 1n, PAY, 0])))).toEqual(['MODULE_EXEC@0', 'TIMELOCK@0']);
    expect(risks(calling(CONTRACT, data('7bb37428', [TOKEN, 1n, PAY, 1])))).toEqual([
      'MODULE_EXEC@0',
      'USER_OPERATION@0',
      'DELEGATECALL@0.0',
      'DELEGATECALL_UNTRUSTED@0.0',
      'SELECTOR_CONTEXT_MISMATCH@0.0',
    ]);
  });

  test('the code that a new Safe runs first', () => {
    const setup = (to: string, call: Hex): Hex => data('b63e800d', [[FRIEND], 1n, to, call, ZERO, ZERO, 0n, ZERO]);
    expect(inside(calling(CONTRACT, setup(FOREIGN_CODE, PAY)))).toEqual([
      '0.0 delegatecall contract foreign 0 transfer',
    ]);
    expect(inside(calling(CONTRACT, setup(ZERO, '0x')))).toEqual([]);
  });

  test('the code that an upgrade runs, as the proxy that is upgraded', () => {
    const direct = calling(CONTRACT, data('4f1ef286', [FOREIGN_CODE, '0x8129fc1c']));
    expect(inside(direct)).toEqual(['0.0 delegatecall contract foreign 0 ?']);
    const byAdmin = calling(CONTRACT, data('9623609d', [SAFE, FOREIGN_CODE, '0x8129fc1c']));
    expect(inside(byAdmin)).toEqual(['0.0 delegatecall safe foreign 0 ?']);
    expect(inside(calling(CONTRACT, data('4f1ef286', [FOREIGN_CODE, '0x'])))).toEqual([]);
  });

  test('the allowance module: what it lets others take and what it takes', () => {
    const once = decoded(calling(CONTRACT, data('beaeb388', [FRIEND, TOKEN, 5n, 0, 0]))).root;
    expect(once.movements).toEqual([
      { kind: 'approve', asset: TOKEN, amount: 5n, counterparty: FRIEND, owner: 'wallet' },
    ]);
    expect(decoded(calling(CONTRACT, data('beaeb388', [FRIEND, TOKEN, 5n, 60, 0]))).root.movements).toEqual([]);
    const args = [SAFE, ZERO, FRIEND, 5n, ZERO, 0n, FRIEND, '0x'];
    expect(decoded(calling(CONTRACT, data('4515641a', args))).root.movements).toEqual([
      { kind: 'transferFrom', asset: 'native', amount: 5n, counterparty: FRIEND, owner: SAFE },
    ]);
    const paid = args.with(5, 1n);
    expect(decoded(calling(CONTRACT, data('4515641a', paid))).root.movements).toEqual([]);
  });
});

describe('nesting', () => {
  test('every kind of wrapper inside every other ends in the same payment', () => {
    const wrap: readonly ((inner: Hex) => Hex)[] = [
      (inner) => data('b61d27f6', [TOKEN, 0n, inner]),
      (inner) => data('82ad56cb', [[[TOKEN, true, inner]]]),
      (inner) => data('ac9650d8', [[inner]]),
      (inner) => data('01d5062a', [TOKEN, 0n, inner, WORD0, WORD0, 1n]),
      (inner) => execTransaction({ to: TOKEN, data: inner }),
      (inner) => multiSend([{ to: TOKEN, data: inner }]),
      (inner) => data('e9ae5c53', [WORD0, concat([TOKEN, WORD0, inner])]),
      (inner) => data('34fcd5be', [[[TOKEN, 0n, inner]]]),
    ];
    for (const outer of wrap) {
      for (const middle of wrap) {
        const calls = decoded(calling(CONTRACT, outer(middle(PAY)))).calls;
        expect(calls.map(({ path }) => path)).toEqual(['0', '0.0', '0.0.0']);
        expect(calls[2]?.call?.name).toBe('transfer');
      }
    }
    const all = wrap.reduce<Hex>((inner, step) => step(inner), PAY);
    expect(decoded(calling(CONTRACT, all)).leaves.map(({ call }) => call?.name)).toEqual(['transfer']);
    expect(refusal(calling(CONTRACT, data('ac9650d8', [[all]])))).toBe('DEPTH_LIMIT');
  });

  test('a payload nested in itself a thousand times is refused at once', () => {
    let bomb: Hex = PAY;
    while (bomb.length < 400_000) bomb = data('ac9650d8', [[bomb, bomb]]);
    expect(['DEPTH_LIMIT', 'LEAF_LIMIT']).toContain(refusal(calling(CONTRACT, bomb)));
    let deep: Hex = PAY;
    for (let i = 0; i < 1000; i++) deep = data('b61d27f6', [TOKEN, 0n, deep]);
    expect(refusal(calling(CONTRACT, deep))).toBe('DEPTH_LIMIT');
  });

  test('megabytes wrapped in each other are refused before the second reading', () => {
    let deep: Hex = `0x${'aa'.repeat(2_500_000)}`;
    for (let i = 0; i < 6; i++) deep = data('b61d27f6', [TOKEN, 0n, deep]);
    expect(refusal(calling(CONTRACT, deep))).toBe('DEPTH_LIMIT');
  });

  test('a token function under a delegatecall is found wherever it hides', () => {
    const trojan = { to: FOREIGN_CODE, operation: 1, data: PAY } as const;
    const hidden = execTransaction(trojan);
    for (const outer of [
      data('b61d27f6', [SAFE, 0n, hidden]),
      data('82ad56cb', [[[SAFE, true, hidden]]]),
      data('8f2a0bb0', [[SAFE], [0n], [hidden], WORD0, WORD0, 1n]),
      data('1cff79cd', [FOREIGN_CODE, PAY]),
      multiSend([{ to: SAFE, data: execTransaction({ to: MULTI_SEND, operation: 1, data: multiSend([trojan]) }) }]),
    ]) {
      const codes = risks(calling(CONTRACT, outer)).map((code) => code.replace(/@.*/, ''));
      expect(codes).toContain('DELEGATECALL_UNTRUSTED');
      expect(codes).toContain('SELECTOR_CONTEXT_MISMATCH');
    }
  });
});
