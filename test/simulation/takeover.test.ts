/**
 * The attack of February 2025 on real Safes of two versions: nothing of value moves, and everything is lost. What tracks
 * assets sees nothing; what watches the words of control sees all of it.
 */
import { encodeFunctionData, parseAbi, parseEther, zeroAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoChain, startChain } from '../../coordinator/demo/chain.ts';
import { createSafe, deploySafeContracts, safeImplementation } from '../../coordinator/demo/safe.ts';
import { executeSafeTx, safeCall, safePayload } from '../../coordinator/demo/safe-tx.ts';
import { deployTrojan, trojanSafeTx } from '../../coordinator/demo/trojan.ts';
import { Rpc } from '../../participant/simulation/rpc.ts';
import { openRpcSource } from '../../participant/simulation/rpc-source.ts';
import { crossCheck } from '../../participant/simulation/trace.ts';
import type { Decoded } from '../../protocol/payload/payload.ts';
import { describeSimulation } from '../../protocol/simulation/describe.ts';
import type { SimulationReport } from '../../protocol/simulation/report.ts';
import { simulationRisks } from '../../protocol/simulation/risks.ts';
import { simulate } from '../../protocol/simulation/simulate.ts';
import { digestOf, signSafe, testOwner } from '../demo/support.ts';
import { must } from '../support/must.ts';
import { createSafe130, decodedSafeTx, lower } from './support/world.ts';

const BALANCE = parseEther('30');
const SETTINGS = parseAbi([
  'function addOwnerWithThreshold(address owner, uint256 threshold)',
  'function changeThreshold(uint256 threshold)',
  'function enableModule(address module)',
  'function setFallbackHandler(address handler)',
]);
let chain: DemoChain;

beforeAll(async () => {
  chain = await startChain();
  await deploySafeContracts(chain);
});

afterAll(async () => {
  await chain.stop();
});

async function simulated(decoded: Decoded, wallet: `0x${string}`): Promise<SimulationReport> {
  const rpc = new Rpc(chain.rpc);
  const source = await openRpcSource(rpc);
  const report = must(await simulate(decoded, { wallet: lower(wallet) }, source));
  return { ...report, crossCheck: await crossCheck(rpc, source, decoded, { wallet: lower(wallet) }, report) };
}

const VERSIONS = ['1.3.0', '1.4.1'] as const;

describe.each(VERSIONS)('Safe %s', (version) => {
  const owners = [testOwner(), testOwner(), testOwner()] as const;
  const addresses = owners.map(({ address }) => address);
  const wallet = owners[1].address;
  let safe: `0x${string}`;

  const freshSafe = (balance: bigint): Promise<`0x${string}`> =>
    version === '1.4.1'
      ? createSafe(chain, { owners: addresses, threshold: 2, balance })
      : createSafe130(chain, addresses, 2n, balance);

  beforeAll(async () => {
    safe = await freshSafe(BALANCE);
  });

  test('the takeover of slot 0: no movement, and still all of it', async () => {
    const trojan = await deployTrojan(chain);
    const decoded = decodedSafeTx(chain, safe, trojanSafeTx(trojan, 0n));
    const report = await simulated(decoded, wallet);
    expect(report.outcome).toEqual({ kind: 'succeeds' });
    // All that a tracker of assets would look at.
    expect([report.moved, report.tokens, report.approvals, report.balances]).toEqual([[], [], [], []]);

    expect(report.control).toMatchObject([
      {
        account: lower(safe),
        area: 'singleton',
        slot: '0'.repeat(64),
        before: BigInt(await safeImplementation(chain, safe)),
        after: BigInt(trojan.backDoor),
        code: lower(trojan.trojan),
        isForeign: true,
      },
    ]);
    expect(report.delegatecalls.filter(({ isForeign }) => isForeign)).toEqual([
      {
        account: lower(safe),
        target: lower(trojan.trojan),
        selector: 'a9059cbb',
        isUndone: false,
        isForeign: true,
      },
    ]);
    expect(report.crossCheck.kind).toBe('agrees');
    const risks = simulationRisks(report, decoded, lower(wallet));
    expect(risks.map(({ code }) => code)).toEqual(['SIM_CONTROL_CHANGE', 'SIM_FOREIGN_DELEGATECALL']);
    expect(risks[0]?.detail).toContain(`simulation on block ${report.basis.blockNumber}: ${safe} changes its own code`);
    const lines = describeSimulation(report).join('\n').replaceAll(/\s+/g, ' ');
    expect(lines).toContain('Nothing of value moves in the simulation.');
    expect(lines).toContain(`!! ${safe} changes its own code (slot 0)`);
    expect(lines).toContain(trojan.backDoor);

    // The chain does to its twin what the simulation said.
    const twin = await freshSafe(1n);
    const tx = trojanSafeTx(trojan, 0n);
    const digest = digestOf(safePayload(chain.chainId, twin, tx));
    const signatures = await Promise.all(owners.slice(0, 2).map((owner) => signSafe(owner, digest)));
    expect((await executeSafeTx(chain, twin, tx, signatures)).status).toBe('success');
    expect(await safeImplementation(chain, twin)).toBe(trojan.backDoor);
  });

  test('an ordinary transfer: one movement that the decode names, and no risk', async () => {
    const to = testOwner().address;
    const decoded = decodedSafeTx(chain, safe, safeCall({ to, value: 7n, nonce: 0n }));
    const report = await simulated(decoded, wallet);
    expect(report.outcome.kind).toBe('succeeds');
    expect(report.moved).toEqual([{ from: lower(safe), to: lower(to), amount: 7n }]);
    expect(report.control).toEqual([]);
    expect(report.crossCheck.kind).toBe('agrees');
    expect(simulationRisks(report, decoded, lower(wallet))).toEqual([]);
  });

  test.each([
    ['addOwnerWithThreshold', [testOwner().address, 1n], ['owner', 'owner', 'owner-count', 'threshold']],
    ['changeThreshold', [1n], ['threshold']],
    ['enableModule', [testOwner().address], ['module', 'module']],
    ['setFallbackHandler', [testOwner().address], ['fallback-handler']],
  ] as const)('%s is named, by area', async (functionName, args, areas) => {
    const data = encodeFunctionData({ abi: SETTINGS, functionName, args });
    const decoded = decodedSafeTx(chain, safe, safeCall({ to: safe, value: 0n, data, nonce: 0n }));
    const report = await simulated(decoded, wallet);
    expect(report.outcome.kind).toBe('succeeds');
    expect(report.control.map(({ area }) => area).sort()).toEqual([...areas]);
    expect(report.control.every(({ isForeign }) => !isForeign)).toBe(true);
    const threshold = report.control.find(({ area }) => area === 'threshold');
    if (threshold !== undefined) expect([threshold.before, threshold.after]).toEqual([2n, 1n]);
    expect(report.crossCheck.kind).toBe('agrees');
    expect(simulationRisks(report, decoded, lower(wallet)).map(({ code }) => code)).toContain('SIM_CONTROL_CHANGE');
  });

  test('a used nonce can never run, one further on may: both are said', async () => {
    const to = testOwner().address;
    const later = await simulated(decodedSafeTx(chain, safe, safeCall({ to, value: 1n, nonce: 5n })), wallet);
    expect(later.outcome.kind).toBe('succeeds');
    expect(later.notes.join()).toContain('5 others come before this');
    const stranger = await simulated(
      decodedSafeTx(chain, safe, safeCall({ to, value: 1n, nonce: 0n })),
      testOwner().address,
    );
    expect(stranger.notes.join()).toContain('not an owner of this Safe');
    const nowhere = await simulated(decodedSafeTx(chain, to, safeCall({ to, value: 1n, nonce: 0n })), wallet);
    expect(nowhere.outcome).toMatchObject({ kind: 'impossible', reason: "there is no contract at the Safe's address" });
  });

  test('more than it has: the failure and its reason', async () => {
    const decoded = decodedSafeTx(chain, safe, safeCall({ to: testOwner().address, value: BALANCE * 2n, nonce: 0n }));
    const report = await simulated(decoded, wallet);
    expect(report.outcome).toEqual({ kind: 'reverts', reason: '"GS013"' });
    expect(report.crossCheck.kind).toBe('agrees');
    expect(simulationRisks(report, decoded, lower(wallet)).map(({ code }) => code)).toEqual(['SIM_REVERTS']);
    // With gas of its own the Safe goes on when its call fails: executed, nonce used, nothing done.
    const tx = { ...safeCall({ to: testOwner().address, value: BALANCE * 2n, nonce: 0n }), safeTxGas: 50_000n };
    const inside = await simulated(decodedSafeTx(chain, safe, tx), wallet);
    expect(inside.outcome.kind).toBe('failed-inside');
    expect(inside.crossCheck.kind).toBe('agrees');
  });

  test('a refund that drains shows as money that no call names', async () => {
    const receiver = testOwner().address;
    const base = safeCall({ to: testOwner().address, value: 0n, nonce: 0n });
    const tx = { ...base, baseGas: 1_000_000n, gasPrice: 10n ** 12n, refundReceiver: receiver, gasToken: zeroAddress };
    const decoded = decodedSafeTx(chain, safe, tx);
    const report = await simulated(decoded, wallet);
    expect(report.moved).toHaveLength(1);
    expect(report.moved[0]?.amount).toBeGreaterThan(10n ** 18n);
    expect(report.crossCheck.kind).toBe('agrees');
    expect(simulationRisks(report, decoded, lower(wallet)).map(({ code }) => code)).toEqual([
      'SIM_UNEXPECTED_MOVEMENT',
    ]);
  });
});
