/** What transactions of a wallet do on a real node, foretold; gas and balances to the last unit. */
import {
  concat,
  encodeFunctionData,
  encodePacked,
  type Hex,
  parseAbi,
  parseEther,
  serializeTransaction,
  toHex,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoChain, startChain } from '../../coordinator/demo/chain.ts';
import { createSafe, deploySafeContracts, SAFE_ADDRESSES } from '../../coordinator/demo/safe.ts';
import { safeCall } from '../../coordinator/demo/safe-tx.ts';
import { Rpc } from '../../participant/simulation/rpc.ts';
import { openRpcSource } from '../../participant/simulation/rpc-source.ts';
import { crossCheck } from '../../participant/simulation/trace.ts';
import { fromHex } from '../../protocol/common/bytes.ts';
import { type Decoded, decode } from '../../protocol/payload/payload.ts';
import type { SimulationReport } from '../../protocol/simulation/report.ts';
import { problemRisks, simulationRisks } from '../../protocol/simulation/risks.ts';
import { simulate } from '../../protocol/simulation/simulate.ts';
import { SIMULATION_LIMITS } from '../../protocol/simulation/source.ts';
import { testOwner } from '../demo/support.ts';
import { must } from '../support/must.ts';
import {
  BATCH_1_3_0,
  CODES,
  decodedSafeTx,
  decodedTransaction,
  deployBatch130,
  deployToken,
  lower,
  TOKEN_ABI,
} from './support/world.ts';

const STRANGER = testOwner().address;
let chain: DemoChain;
let wallet: PrivateKeyAccount;
let token: `0x${string}`;

beforeAll(async () => {
  chain = await startChain();
  wallet = testOwner();
  token = await deployToken(chain);
  await chain.fund(wallet.address, parseEther('100'));
  const give = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transfer', args: [wallet.address, 1_000_000n] });
  await chain.relay({ to: token, data: give });
});

afterAll(async () => {
  await chain.stop();
});

async function simulated(decoded: Decoded, account = wallet.address): Promise<SimulationReport> {
  const rpc = new Rpc(chain.rpc);
  const source = await openRpcSource(rpc);
  const context = { wallet: lower(account) };
  const report = must(await simulate(decoded, context, source));
  return { ...report, crossCheck: await crossCheck(rpc, source, decoded, context, report) };
}

function codesOf(report: SimulationReport, decoded: Decoded): readonly string[] {
  return simulationRisks(report, decoded, lower(wallet.address)).map(({ code }) => code);
}

describe('foretold and then done', () => {
  test('a plain transfer', async () => {
    const { decoded, send } = await decodedTransaction(chain, wallet, { to: STRANGER, value: parseEther('1') });
    const report = await simulated(decoded);
    expect(report).toMatchObject({ outcome: { kind: 'succeeds' }, gasUsed: 21_000n, crossCheck: { kind: 'agrees' } });
    expect(report.moved).toEqual([{ from: lower(wallet.address), to: lower(STRANGER), amount: parseEther('1') }]);
    const change = report.balances.find(({ account }) => account === lower(wallet.address));
    expect((change?.before ?? 0n) - (change?.after ?? 0n)).toBe(parseEther('1') + report.fee);
    expect(codesOf(report, decoded)).toEqual([]);
    const receipt = await send();
    expect(receipt.gasUsed).toBe(report.gasUsed);
  });

  test('an ERC-20 transfer', async () => {
    const data = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transfer', args: [STRANGER, 250n] });
    const { decoded, send } = await decodedTransaction(chain, wallet, { to: token, data });
    const report = await simulated(decoded);
    expect(report.tokens).toEqual([
      {
        standard: 'erc20',
        token: lower(token),
        from: lower(wallet.address),
        to: lower(STRANGER),
        amount: 250n,
        id: undefined,
      },
    ]);
    expect(report.crossCheck.kind).toBe('agrees');
    expect(codesOf(report, decoded)).toEqual([]);
    expect((await send()).gasUsed).toBe(report.gasUsed);
  });

  test('an approval', async () => {
    const data = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'approve', args: [STRANGER, 77n] });
    const { decoded, send } = await decodedTransaction(chain, wallet, { to: token, data });
    const report = await simulated(decoded);
    expect(report.approvals).toEqual([
      { kind: 'amount', token: lower(token), owner: lower(wallet.address), spender: lower(STRANGER), amount: 77n },
    ]);
    expect(codesOf(report, decoded)).toEqual([]);
    expect((await send()).gasUsed).toBe(report.gasUsed);
  });

  test('a contract creation', async () => {
    const { decoded, send } = await decodedTransaction(chain, wallet, { data: CODES.FORWARDER });
    const report = await simulated(decoded);
    expect(report.created).toMatchObject([{ creator: lower(wallet.address), size: 27 }]);
    expect(report.crossCheck.kind).toBe('agrees');
    expect(codesOf(report, decoded)).toEqual(['SIM_CREATES']);
    const receipt = await send();
    expect(receipt.gasUsed).toBe(report.gasUsed);
    expect(receipt.contractAddress?.toLowerCase()).toBe(report.created[0]?.address);
  });

  test('tokens that a contract takes by an old allowance: no call names that', async () => {
    const forwarder = await chain.deploy(CODES.FORWARDER);
    const approve = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'approve', args: [forwarder, 500n] });
    await (await decodedTransaction(chain, wallet, { to: token, data: approve })).send();
    const take = [wallet.address, STRANGER, 500n] as const;
    const inner = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transferFrom', args: take });
    const data = concat([`0x${token.slice(2).toLowerCase().padStart(64, '0')}`, inner]);
    const { decoded, send } = await decodedTransaction(chain, wallet, { to: forwarder, data });
    const report = await simulated(decoded);
    expect(report.tokens).toMatchObject([{ amount: 500n, from: lower(wallet.address), to: lower(STRANGER) }]);
    expect(codesOf(report, decoded)).toEqual(['SIM_UNEXPECTED_MOVEMENT']);
    expect(report.crossCheck.kind).toBe('agrees');
    expect((await send()).gasUsed).toBe(report.gasUsed);
  });
});

describe('what fails', () => {
  test('a revert, with a reason that is not fit for a screen', async () => {
    const refuser = await chain.deploy(CODES.REFUSER);
    const reason = toHex(`no \u001b[2J\u202e ${'x'.repeat(500)}`);
    const words = [32n, BigInt(reason.length / 2 - 1)].map((word) => toHex(word, { size: 32 }));
    const data = concat(['0x12345678', '0x08c379a0', ...words, reason]);
    const { decoded, send } = await decodedTransaction(chain, wallet, { to: refuser, data });
    const report = await simulated(decoded);
    expect(report.outcome.kind).toBe('reverts');
    expect(report.crossCheck.kind).toBe('agrees');
    const risks = simulationRisks(report, decoded, lower(wallet.address));
    expect(risks.map(({ code }) => code)).toEqual(['SIM_REVERTS']);
    expect(risks[0]?.detail).toMatch(/^simulation on block \d+: "no \\u\{1b\}\[2J\\u\{202e\} x+\.\.\."$/);
    const receipt = await send();
    expect([receipt.status, receipt.gasUsed]).toEqual(['reverted', report.gasUsed]);
  });

  test('too little money, and a used nonce', async () => {
    const poor = testOwner();
    const { decoded } = await decodedTransaction(chain, poor, { to: STRANGER, value: 1n });
    const report = await simulated(decoded, poor.address);
    expect(report).toMatchObject({
      outcome: { kind: 'impossible', otherwise: 'succeeds' },
      crossCheck: { kind: 'agrees' },
    });
    expect(report.moved).toHaveLength(1);
    expect(simulationRisks(report, decoded, lower(poor.address)).map(({ code }) => code)).toEqual(['SIM_REVERTS']);
    const used = await decodedTransaction(chain, wallet, { to: STRANGER, value: 1n, nonce: 0 });
    expect(await simulated(used.decoded)).toMatchObject({
      outcome: { kind: 'impossible', otherwise: 'succeeds' },
      crossCheck: { kind: 'agrees' },
    });
    // Impossible and wrong besides: both sides must come to the same.
    const wrong = await decodedTransaction(chain, wallet, { to: token, data: '0x12345678', nonce: 0 });
    expect(await simulated(wrong.decoded)).toMatchObject({
      outcome: { kind: 'impossible', otherwise: 'reverts' },
      crossCheck: { kind: 'agrees' },
    });
    const starved = await decodedTransaction(chain, wallet, { to: STRANGER, gas: 20_000n });
    expect((await simulated(starved.decoded)).outcome).toMatchObject({
      kind: 'impossible',
      reason: 'its gas limit is 20000, and it costs 21000 gas to begin',
    });
    const later = await decodedTransaction(chain, wallet, { to: STRANGER, nonce: 1_000 });
    expect((await simulated(later.decoded)).notes.join()).toContain('others come before this');
  });

  test('an endless loop uses its gas and no more', async () => {
    const loop = await chain.deploy(CODES.LOOP);
    const { decoded } = await decodedTransaction(chain, wallet, { to: loop, gas: 300_000n });
    const report = await simulated(decoded);
    expect(report).toMatchObject({ outcome: { kind: 'reverts', reason: 'out of gas' }, gasUsed: 300_000n });
  });

  test('memory without end is bounded by its price', async () => {
    const bomb = await chain.deploy(CODES.BOMB);
    const { decoded } = await decodedTransaction(chain, wallet, { to: bomb, gas: 30_000_000n });
    const report = await simulated(decoded);
    expect(report.outcome).toMatchObject({ kind: 'reverts', reason: 'out of gas' });
    expect(report.notes.join()).toContain(`run with ${SIMULATION_LIMITS.maxGas} gas`);
  });

  test('more of everything than a simulation may ask for', async () => {
    const { decoded } = await decodedTransaction(chain, wallet, { to: token, data: '0x12345678' });
    const source = await openRpcSource(new Rpc(chain.rpc));
    for (const few of [{ maxAccounts: 1 }, { maxCalls: 0 }]) {
      const result = await simulate(decoded, { wallet: lower(wallet.address) }, source, {
        ...SIMULATION_LIMITS,
        ...few,
      });
      expect(result).toMatchObject({ ok: false, error: { code: 'SIM_LIMIT' } });
    }
    const balance = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'balanceOf', args: [STRANGER] });
    const reading = await decodedTransaction(chain, wallet, { to: token, data: balance });
    const limits = { ...SIMULATION_LIMITS, maxWords: 0 };
    const result = await simulate(reading.decoded, { wallet: lower(wallet.address) }, source, limits);
    expect(result).toMatchObject({ ok: false, error: { code: 'SIM_LIMIT' } });
  });
});

describe('batches of a Safe', () => {
  beforeAll(async () => {
    await deploySafeContracts(chain);
    await deployBatch130(chain);
  });

  test.each(['1.3.0', '1.4.1'] as const)('MultiSendCallOnly %s: both movements, no foreign code', async (version) => {
    const safe = await createSafe(chain, { owners: [wallet.address], threshold: 1, balance: 10n });
    const give = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transfer', args: [safe, 40n] });
    await (await decodedTransaction(chain, wallet, { to: token, data: give })).send();
    const inner = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transfer', args: [STRANGER, 40n] });
    const entry = (to: Hex, value: bigint, data: Hex): Hex =>
      encodePacked(
        ['uint8', 'address', 'uint256', 'uint256', 'bytes'],
        [0, to, value, BigInt(data.length / 2 - 1), data],
      );
    const transactions = concat([entry(STRANGER, 3n, '0x'), entry(token, 0n, inner)]);
    const data = encodeFunctionData({
      abi: parseAbi(['function multiSend(bytes transactions) payable']),
      args: [transactions],
    });
    const to = version === '1.4.1' ? SAFE_ADDRESSES.MultiSendCallOnly : BATCH_1_3_0;
    const tx = { ...safeCall({ to, value: 0n, data, nonce: 0n }), operation: 1 } as const;
    const decoded = decodedSafeTx(chain, safe, tx);
    const report = await simulated(decoded);
    expect(report.outcome.kind).toBe('succeeds');
    expect(report.moved).toEqual([{ from: lower(safe), to: lower(STRANGER), amount: 3n }]);
    expect(report.tokens).toMatchObject([{ from: lower(safe), to: lower(STRANGER), amount: 40n }]);
    expect(report.delegatecalls.filter(({ isForeign }) => isForeign)).toEqual([]);
    expect(report.crossCheck.kind).toBe('agrees');
    expect(codesOf(report, decoded)).toEqual([]);
  });
});

describe('other kinds', () => {
  test('an authorization hands an account over: its code is a word of control', async () => {
    const delegate = await chain.deploy(CODES.FORWARDER);
    const other = testOwner();
    const authorization = await other.signAuthorization({
      contractAddress: delegate,
      chainId: chain.chainId,
      nonce: 0,
    });
    const unsigned = serializeTransaction({
      type: 'eip7702',
      chainId: chain.chainId,
      nonce: await chain.nonce(wallet.address),
      gas: 200_000n,
      maxFeePerGas: 20_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
      to: STRANGER,
      value: 1n,
      authorizationList: [authorization],
    });
    const decoded = must(decode({ kind: 'evm-transaction', bytes: fromHex(unsigned.slice(2)) ?? new Uint8Array(0) }));
    const report = await simulated(decoded);
    expect(report.control).toMatchObject([
      { account: lower(other.address), area: 'code', before: 0n, after: BigInt(delegate) },
    ]);
    expect(codesOf(report, decoded)).toEqual(['SIM_CONTROL_CHANGE']);
    expect(report.crossCheck.kind).toBe('none');
  });

  test('a message runs nothing, and that is no risk', async () => {
    const bytes = new TextEncoder().encode('{"encoding":"text","message":"hello"}');
    const decoded = must(decode({ kind: 'evm-message', bytes }));
    const source = await openRpcSource(new Rpc(chain.rpc));
    const result = await simulate(decoded, { wallet: undefined }, source);
    expect(result).toMatchObject({ ok: false, error: { code: 'SIM_NOTHING_TO_RUN' } });
    if (!result.ok) expect(problemRisks(result.error)).toEqual([]);
  });

  test('a transaction needs its wallet, and state of its own chain', async () => {
    const { decoded } = await decodedTransaction(chain, wallet, { to: STRANGER });
    const source = await openRpcSource(new Rpc(chain.rpc));
    const without = await simulate(decoded, { wallet: undefined }, source);
    expect(without).toMatchObject({ ok: false, error: { code: 'SIM_NEEDS_WALLET' } });
    const elsewhere = await simulate(decoded, { wallet: lower(wallet.address) }, { ...source, chainId: 1n });
    expect(elsewhere).toMatchObject({ ok: false, error: { code: 'SIM_WRONG_CHAIN' } });
    if (!elsewhere.ok) expect(problemRisks(elsewhere.error)).toMatchObject([{ code: 'SIM_UNAVAILABLE' }]);
  });
});

test('a long batch does not hide its last row', async () => {
  const sink = testOwner().address;
  const safe = await createSafe(chain, { owners: [wallet.address], threshold: 1, balance: 1_000n });
  const forwarder = await chain.deploy(CODES.FORWARDER);
  const pay = (to: Hex, value: bigint, data: Hex = '0x'): Hex =>
    encodePacked(
      ['uint8', 'address', 'uint256', 'uint256', 'bytes'],
      [0, to, value, BigInt(data.length / 2 - 1), data],
    );
  // Three hundred payments that the decode names, then a call that takes what an old allowance lets it take.
  const approve = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'approve', args: [forwarder, 9n] });
  const take = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transferFrom', args: [safe, sink, 9n] });
  const give = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transfer', args: [safe, 9n] });
  await (await decodedTransaction(chain, wallet, { to: token, data: give })).send();
  const last = concat([`0x${token.slice(2).toLowerCase().padStart(64, '0')}`, take]);
  const transactions = concat([
    ...Array.from({ length: 300 }, () => pay(STRANGER, 1n)),
    pay(token, 0n, approve),
    pay(forwarder, 0n, last),
  ]);
  const abi = parseAbi(['function multiSend(bytes transactions) payable']);
  const data = encodeFunctionData({ abi, args: [transactions] });
  const tx = { ...safeCall({ to: BATCH_1_3_0, value: 0n, data, nonce: 0n }), operation: 1 } as const;
  const decoded = decodedSafeTx(chain, safe, tx);
  const report = await simulated(decoded);
  expect(report.outcome.kind).toBe('succeeds');
  expect(report.moved).toHaveLength(300);
  expect(report.tokens).toMatchObject([{ from: lower(safe), to: lower(sink), amount: 9n }]);
  expect(report.crossCheck.kind).toBe('agrees');
  expect(codesOf(report, decoded)).toEqual(['SIM_UNEXPECTED_MOVEMENT']);
});
