import { readFileSync } from 'node:fs';
import { encodeFunctionData, type Hex, parseAbiItem } from 'viem';
import { describe, expect, test } from 'vitest';
import { PERMIT2_ADDRESS } from '../../protocol/payload/calldata/movements.ts';
import { PAYLOAD_CODES } from '../../protocol/payload/refusal.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { RISKS } from '../../protocol/payload/risk/codes.ts';
import { canonicalizeTypedData } from '../../protocol/payload/typed-data.ts';
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
  risks,
  SAFE,
  safeTx,
  TOKEN,
  transaction,
  transfer,
  vectors,
  ZERO,
} from './support/payloads.ts';

interface Shape {
  readonly unsigned: string;
  readonly digest: string;
}
interface Shapes {
  readonly modeA: { readonly typedData: unknown; readonly shownByCompromisedUI: unknown };
  readonly modeB_relayer: Shape;
  readonly modeB_ownerExecutor: Shape;
  readonly modeB_approveHash: Shape;
  readonly multiSendWrapped: { readonly typedData: unknown; readonly digest: string };
  readonly replay: { readonly execTransactionCalldata: string };
}

describe('the shapes of the Bybit attack, as run against real Safe contracts', () => {
  const shapes = vectors<Shapes>('bybit-shapes.json');
  const trojan = (path: string): readonly string[] => [
    `DELEGATECALL@${path}`,
    `DELEGATECALL_UNTRUSTED@${path}`,
    `SELECTOR_CONTEXT_MISMATCH@${path}`,
  ];

  function document(value: unknown) {
    const canonical = canonicalizeTypedData(JSON.stringify(value));
    if (!canonical.ok) throw new Error(canonical.error.message);
    return { kind: 'evm-typed-data', bytes: canonical.value } as const;
  }

  test('an owner signs the trojan, and what the changed page showed instead', () => {
    expect(risks(document(shapes.modeA.typedData))).toEqual(trojan('0'));
    expect(risks(document(shapes.modeA.shownByCompromisedUI))).toEqual([]);
  });

  test.each(['modeB_relayer', 'modeB_ownerExecutor'] as const)('%s: the danger is one level down', (name) => {
    const payload = transaction(shapes[name].unsigned);
    expect(hex(decoded(payload).digest)).toBe(shapes[name].digest);
    expect(risks(payload)).toEqual(trojan('0.0'));
  });

  test('approveHash: an opaque hash in 36 bytes', () => {
    const payload = transaction(shapes.modeB_approveHash.unsigned);
    expect(hex(decoded(payload).digest)).toBe(shapes.modeB_approveHash.digest);
    expect(risks(payload)).toEqual(['APPROVE_HASH@0']);
  });

  test('wrapped in the canonical MultiSend', () => {
    const payload = document(shapes.multiSendWrapped.typedData);
    expect(hex(decoded(payload).digest)).toBe(shapes.multiSendWrapped.digest);
    expect(risks(payload)).toEqual(['DELEGATECALL@0', 'BATCH@0', ...trojan('0.1')]);
  });

  test('the call data that was executed on mainnet', () => {
    expect(risks(calling(SAFE, shapes.replay.execTransactionCalldata))).toEqual(trojan('0.0'));
  });
});

function data(signature: string, args: readonly unknown[]): Hex {
  const item = parseAbiItem(`function ${signature}` as 'function f(uint256 a)');
  return encodeFunctionData({ abi: [item], args: args as [bigint] });
}

const HUGE = (1n << 256n) - 1n;

describe('each code', () => {
  test.each<[string, string, readonly unknown[], readonly string[]]>([
    ['a transfer', 'transfer(address,uint256)', [FRIEND, HUGE], []],
    ['a limited approval', 'approve(address,uint256)', [FRIEND, (1n << 128n) - 1n], []],
    ['an unlimited approval', 'approve(address,uint256)', [FRIEND, 1n << 128n], ['UNLIMITED_APPROVAL@0']],
    ['one of 96 bits', 'approve(address,uint256)', [FRIEND, (1n << 96n) - 1n], ['UNLIMITED_APPROVAL@0']],
    ['a raised allowance', 'increaseAllowance(address,uint256)', [FRIEND, HUGE], ['UNLIMITED_APPROVAL@0']],
    ['a lowered allowance', 'decreaseAllowance(address,uint256)', [FRIEND, HUGE], []],
    ['an operator for all NFTs', 'setApprovalForAll(address,bool)', [FRIEND, true], ['UNLIMITED_APPROVAL@0']],
    ['an operator removed', 'setApprovalForAll(address,bool)', [FRIEND, false], []],
    ['transferFrom', 'transferFrom(address,address,uint256)', [FRIEND, FRIEND, 1n], ['TRANSFER_FROM_OTHER@0']],
    ['an NFT', 'safeTransferFrom(address,address,uint256)', [FRIEND, FRIEND, 1n], ['TRANSFER_FROM_OTHER@0']],
    [
      'many NFTs',
      'safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)',
      [FRIEND, FRIEND, [1n], [2n], '0x'],
      ['TRANSFER_FROM_OTHER@0'],
    ],
    ['an owner', 'addOwnerWithThreshold(address,uint256)', [FRIEND, 1n], ['SAFE_SELF_CHANGE@0']],
    ['a swapped owner', 'swapOwner(address,address,address)', [FRIEND, TOKEN, SAFE], ['SAFE_SELF_CHANGE@0']],
    ['a removed owner', 'removeOwner(address,address,uint256)', [FRIEND, TOKEN, 1n], ['SAFE_SELF_CHANGE@0']],
    ['a threshold', 'changeThreshold(uint256)', [1n], ['SAFE_SELF_CHANGE@0']],
    ['a module', 'enableModule(address)', [FRIEND], ['SAFE_SELF_CHANGE@0']],
    ['a guard', 'setGuard(address)', [ZERO], ['SAFE_SELF_CHANGE@0']],
    ['a module guard', 'setModuleGuard(address)', [ZERO], ['SAFE_SELF_CHANGE@0']],
    ['a fallback handler', 'setFallbackHandler(address)', [FRIEND], ['SAFE_SELF_CHANGE@0']],
    ['a singleton', 'changeMasterCopy(address)', [FRIEND], ['SAFE_SELF_CHANGE@0']],
    ['a migration', 'migrateSingleton()', [], ['SAFE_MIGRATION@0']],
    ['a signed message', 'signMessage(bytes)', ['0x00'], ['APPROVE_HASH@0']],
    [
      'a role module',
      'execTransactionWithRole(address,uint256,bytes,uint8,bytes32,bool)',
      [FRIEND, 0n, '0x', 0, `0x${'00'.repeat(32)}`, true],
      ['MODULE_EXEC@0'],
    ],
    ['an upgrade', 'upgradeToAndCall(address,bytes)', [FRIEND, '0x'], ['UPGRADE@0']],
    ['a pool, as at Radiant', 'setLendingPoolImpl(address)', [FRIEND], ['UPGRADE@0']],
    ['an owner, as at Radiant', 'transferOwnership(address)', [FRIEND], ['OWNERSHIP@0']],
    ['an accepted owner', 'acceptOwnership()', [], ['OWNERSHIP@0']],
    ['a role', 'grantRole(bytes32,address)', [`0x${'00'.repeat(32)}`, FRIEND], ['OWNERSHIP@0']],
    ['a new proxy', 'createProxyWithNonce(address,bytes,uint256)', [FRIEND, '0x', 1n], ['CONTRACT_CREATE@0']],
    ['an unknown function', 'sweepETH(address)', [FRIEND], ['UNDECODED@0']],
  ])('%s', (_, signature, args, expected) => {
    expect(risks(calling(TOKEN, data(signature, args)))).toEqual(expected);
  });

  test('Permit2 allowances, at Permit2 and at a contract that pretends to be it', () => {
    const all = data('approve(address,address,uint160,uint48)', [TOKEN, FRIEND, 1n << 159n, 1]);
    const some = data('approve(address,address,uint160,uint48)', [TOKEN, FRIEND, 5n, 1]);
    expect(risks(calling(PERMIT2_ADDRESS, some))).toEqual([]);
    expect(risks(calling(PERMIT2_ADDRESS, all))).toEqual(['UNLIMITED_APPROVAL@0']);
    expect(risks(calling(TOKEN, all))).toEqual(['DOMAIN_MISMATCH@0', 'UNLIMITED_APPROVAL@0']);
    expect(decoded(calling(PERMIT2_ADDRESS, some)).root.movements).toMatchObject([{ kind: 'approve', asset: TOKEN }]);
    expect(decoded(calling(TOKEN, some)).root.movements).toEqual([]);
  });

  test('a plain transfer of ether raises nothing', () => {
    expect(risks(plainTransaction({ value: 10n ** 18n }))).toEqual([]);
    expect(risks(safeTx({ value: '5' }))).toEqual([]);
  });

  test('tokens of the wallet itself are not another account’s', () => {
    const payload = calling(TOKEN, data('transferFrom(address,address,uint256)', [FRIEND, SAFE, 1n]));
    expect(assess(decoded(payload), { wallet: FRIEND }).risks).toEqual([]);
    expect(assess(decoded(payload), { wallet: SAFE }).risks).toMatchObject([{ code: 'TRANSFER_FROM_OTHER' }]);
    const bySafe = safeTx({ to: TOKEN, data: data('transferFrom(address,address,uint256)', [SAFE, FRIEND, 1n]) });
    expect(risks(bySafe)).toEqual([]);
    const nft = safeTx({ to: TOKEN, data: data('safeTransferFrom(address,address,uint256)', [SAFE, FRIEND, 1n]) });
    expect(risks(nft)).toEqual(['TRANSFER_FROM_OTHER@0']);
  });

  test('any refund field alone is a refund, both as a document and as a call', () => {
    for (const change of [
      { gasPrice: 1n },
      { baseGas: 1n },
      { gasToken: TOKEN },
      { refundReceiver: FRIEND },
    ] as const) {
      expect(risks(calling(SAFE, execTransaction(change)))).toEqual(['SAFE_REFUND@0.0']);
      const message = Object.fromEntries(Object.entries(change).map(([key, value]) => [key, `${value}`]));
      expect(risks(safeTx(message))).toEqual(['SAFE_REFUND@0']);
    }
  });

  test('a Safe that calls itself with anything unknown changes itself', () => {
    expect(risks(safeTx({ to: SAFE, data: '0xdeadbeef' }))).toEqual(['UNDECODED@0', 'SAFE_SELF_CHANGE@0']);
    expect(risks(safeTx({ to: SAFE, data: data('changeThreshold(uint256)', [1n]) }))).toEqual(['SAFE_SELF_CHANGE@0']);
    expect(risks(safeTx({ to: SAFE }))).toEqual([]);
  });

  test('a token function as foreign code, to the account itself or to nobody', () => {
    expect(risks(safeTx({ to: SAFE, data: transfer() }))).toContain('SELECTOR_CONTEXT_MISMATCH@0');
    expect(risks(calling(ZERO, transfer()))).toContain('SELECTOR_CONTEXT_MISMATCH@0');
    expect(risks(calling(TOKEN, transfer()))).toEqual([]);
    const hidden = safeTx({ to: FOREIGN_CODE, operation: 1, data: transfer() });
    expect(decoded(hidden).root.movements).toEqual([]);
  });

  test('a delegatecall to a known batch contract is trusted only with a batch', () => {
    const batch = multiSend([{ value: 1n }]);
    expect(risks(safeTx({ to: MULTI_SEND, operation: 1, data: batch }))).toEqual(['DELEGATECALL@0', 'BATCH@0']);
    expect(risks(safeTx({ to: MULTI_SEND, operation: 1, data: '0x' }))).toContain('DELEGATECALL_UNTRUSTED@0');
    expect(risks(safeTx({ to: MULTI_SEND, operation: 1, data: transfer() }))).toContain('DELEGATECALL_UNTRUSTED@0');
    expect(risks(safeTx({ to: FOREIGN_CODE, operation: 1, data: batch }))).toContain('DELEGATECALL_UNTRUSTED@0');
  });

  test('an absurd fee per gas, and an absurd fee in total', () => {
    const gwei = 10n ** 9n;
    expect(risks(plainTransaction({ maxFeePerGas: 10_001n * gwei }))).toEqual(['FEE_ABUSE@0']);
    expect(risks(plainTransaction({ maxFeePerGas: 10_000n * gwei, gas: 100_000n }))).toEqual([]);
    expect(risks(plainTransaction({ maxFeePerGas: 100n * gwei, gas: 10_000_001n }))).toEqual(['FEE_ABUSE@0']);
  });

  test('an approval inside a batch of a Safe inside a transaction is found where it is', () => {
    const approve = encodeFunctionData({ abi: ABI, functionName: 'approve', args: [FRIEND, HUGE] });
    const batch = multiSend([
      { to: TOKEN, data: transfer() },
      { to: TOKEN, data: approve },
    ]);
    const payload = calling(SAFE, execTransaction({ to: MULTI_SEND, operation: 1, data: batch }));
    expect(risks(payload)).toEqual(['DELEGATECALL@0.0', 'BATCH@0.0', 'UNLIMITED_APPROVAL@0.0.1']);
  });
});

describe('docs/risks.md', () => {
  const document = readFileSync(new URL('../../docs/risks.md', import.meta.url), 'utf8');

  test('has a section for every code with its severity, and no other', () => {
    const sections = [...document.matchAll(/^### ([A-Z_0-9]+) \(([a-z]+)\)$/gm)].map(
      ([, code, severity]) => `${code} ${severity}`,
    );
    expect(new Set(sections)).toEqual(
      new Set(Object.entries(RISKS).map(([code, { severity }]) => `${code} ${severity}`)),
    );
    expect(sections).toHaveLength(Object.keys(RISKS).length);
  });

  test('says what the code says: why, and what to check', () => {
    for (const { why, check } of Object.values(RISKS)) {
      expect(document).toContain(`\n${why.charAt(0).toUpperCase()}${why.slice(1)}.\n`);
      expect(document).toContain(`\n- Check: ${check}.\n`);
    }
  });

  test('has a row for every refusal code, and no other', () => {
    const rows = [...document.matchAll(/^\| `([A-Z_0-9]+)` \| (.*) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
    expect(Object.fromEntries(rows)).toEqual(PAYLOAD_CODES);
  });
});
