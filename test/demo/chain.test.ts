import { parseEther, parseGwei } from 'viem';
import { expect, test } from 'vitest';
import { startChain } from '../../coordinator/demo/chain.ts';
import { findAnvil, startChainProcess } from '../../coordinator/demo/chain-process.ts';
import { testOwner } from './support.ts';

test('a signed transaction is broadcast as it stands and its receipt is found again', async () => {
  const chain = await startChain();
  try {
    const owner = testOwner();
    expect(await chain.balance(owner.address)).toBe(0n);
    expect((await chain.fund(owner.address, parseEther('2'))).status).toBe('success');
    const { maxFeePerGas, maxPriorityFeePerGas } = await chain.fees();
    expect(maxFeePerGas).toBeLessThan(parseGwei('1000'));
    const transfer = { to: chain.relayer, value: parseEther('1') };
    const raw = await owner.signTransaction({
      ...transfer,
      type: 'eip1559',
      chainId: chain.chainId,
      nonce: await chain.nonce(owner.address),
      gas: await chain.estimateGas(owner.address, transfer),
      maxFeePerGas,
      maxPriorityFeePerGas,
    });
    const receipt = await chain.sendRaw(raw);
    expect(receipt.status).toBe('success');
    expect(receipt.from).toBe(owner.address.toLowerCase());
    expect((await chain.receipt(receipt.transactionHash)).blockNumber).toBe(receipt.blockNumber);
    expect(await chain.nonce(owner.address)).toBe(1);
    expect(await chain.balance(owner.address)).toBe(parseEther('1') - receipt.gasUsed * receipt.effectiveGasPrice);
  } finally {
    await chain.stop();
  }
});

test('two chains run side by side, and stopping one ends that process and no other', async () => {
  const [first, second] = await Promise.all([
    startChainProcess({ chainId: 31337 }),
    startChainProcess({ chainId: 31338 }),
  ]);
  try {
    expect(first.rpc).not.toBe(second.rpc);
    await first.stop();
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect(isAlive(second.pid)).toBe(true);
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
  expect(isAlive(second.pid)).toBe(false);
});

test('a platform without a binary gets one clear sentence', () => {
  expect(() => findAnvil('aix', 'ppc64')).toThrow(/anvil.* no build for aix on ppc64/);
  const absent = process.platform === 'win32' ? 'linux' : 'win32';
  expect(() => findAnvil(absent, 'x64')).toThrow(/not installed: run "npm ci"/);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
