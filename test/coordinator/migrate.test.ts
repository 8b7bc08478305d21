/** Emptying an account, on a real chain: what `migrate` plans is signed by a plain key here, mined, and nothing is left. */
import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  erc20Abi,
  type Hex,
  parseEther,
  parseTransaction,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planSweep, type Sweep, type SweepRequest } from '../../coordinator/broadcast/sweep.ts';
import { type DemoChain, startChain } from '../../coordinator/demo/chain.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { testOwner } from '../demo/support.ts';
import { must } from '../support/must.ts';

/**
 * The smallest token: `balanceOf` and `transfer`, balances under their address; a thousand million to its deployer.
 *
 *     init     SSTORE(CALLER, 0x3b9aca00); CODECOPY(0, 0x13, 0x55); RETURN(0, 0x55)
 *     runtime  selector 0x70a08231 -> 0x1e, 0xa9059cbb -> 0x2b, else revert
 *     0x1e     return SLOAD(word 1)
 *     0x2b     revert at 0x4f if SLOAD(CALLER) < word 2; take it from CALLER, add it to word 1; return 1
 */
const TOKEN: Hex = `0x${[
  '633b9aca003355',
  '6055601360003960556000f3',
  '60003560e01c',
  '806370a0823114601e57',
  '63a9059cbb14602b57',
  '60006000fd',
  '5b6004355460005260206000f3',
  '5b6024353354818110604f57',
  '8190033355',
  '600435540160043555',
  '600160005260206000f3',
  '5b60006000fd',
].join('')}`;

let chain: DemoChain;
let tokens: readonly Address[];

beforeAll(async () => {
  chain = await startChain();
  tokens = [await chain.deploy(TOKEN), await chain.deploy(TOKEN)];
});

afterAll(async () => {
  await chain.stop();
});

async function heldBy(token: Address, owner: Address): Promise<bigint> {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [owner] });
  return decodeFunctionResult({ abi: erc20Abi, functionName: 'balanceOf', data: await chain.call(token, data) });
}

async function give(token: Address, to: Address, amount: bigint): Promise<void> {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] });
  expect((await chain.relay({ to: token, data })).status).toBe('success');
}

function plan(from: Address, to: Address, changes: Partial<SweepRequest> = {}): Promise<Sweep> {
  return planSweep({ rpc: chain.rpc, from, to, tokens: [], reserve: 0n, ...changes });
}

/** Signs each step as the group would, puts it on chain, and demands that it succeeds. */
async function carryOut(owner: PrivateKeyAccount, { steps }: Sweep): Promise<void> {
  for (const { payload } of steps) {
    // What a participant would read: both decoders accept the bytes.
    must(decode({ kind: payload.kind, bytes: Uint8Array.from(Buffer.from(payload.unsigned.slice(2), 'hex')) }));
    const raw = await owner.signTransaction(parseTransaction(payload.unsigned));
    expect((await chain.sendRaw(raw)).status).toBe('success');
  }
}

describe('an account with coin and tokens', () => {
  test('is empty after two runs, and the other account has it all but the fees', async () => {
    const owner = testOwner();
    const heir = testOwner().address;
    await chain.fund(owner.address, parseEther('3'));
    const [first = '0x', second = '0x'] = tokens;
    await give(first, owner.address, 700n);
    const sweep = await plan(owner.address, heir, { tokens: [first, second] });
    expect(sweep.chainId).toBe(chain.chainId);
    expect(sweep.steps.map(({ name }) => name)).toEqual([`01-token-${first.toLowerCase()}`, '02-ether']);
    expect(sweep.left.join()).toContain(`token ${second}: the account has none of it`);
    await carryOut(owner, sweep);
    expect(await heldBy(first, owner.address)).toBe(0n);
    expect(await heldBy(first, heir)).toBe(700n);
    expect(await chain.balance(heir)).toBeGreaterThan(parseEther('2.9'));
    // The token transfer left a part of its fee; the second run takes that too, or says that it is not worth it.
    const rest = await chain.balance(owner.address);
    const again = await plan(owner.address, heir).catch((error: unknown) => error as { readonly code: string });
    if ('steps' in again) {
      await carryOut(owner, again);
      expect(await chain.balance(owner.address)).toBe(0n);
    } else {
      expect(again.code).toBe('MIGRATE_NOTHING');
      expect(rest).toBeLessThan(parseEther('0.001'));
    }
  });

  test('coin alone leaves exactly nothing, or exactly the reserve', async () => {
    for (const reserve of [0n, 12_345n]) {
      const owner = testOwner();
      const heir = testOwner().address;
      await chain.fund(owner.address, parseEther('1'));
      const sweep = await plan(owner.address, heir, { reserve });
      expect(sweep.left).toEqual([]);
      await carryOut(owner, sweep);
      expect(await chain.balance(owner.address)).toBe(reserve);
    }
  });
});

describe('no plan is made', () => {
  test('of an account that has nothing', async () => {
    await expect(plan(testOwner().address, testOwner().address)).rejects.toMatchObject({ code: 'MIGRATE_NOTHING' });
  });

  test('when the tokens cannot pay for their own way', async () => {
    const owner = testOwner().address;
    const [first = '0x'] = tokens;
    await give(first, owner, 1n);
    await expect(plan(owner, testOwner().address, { tokens: [first] })).rejects.toMatchObject({ code: 'MIGRATE_FEES' });
  });

  test('to an account that has code', async () => {
    const owner = testOwner().address;
    await chain.fund(owner, parseEther('1'));
    await expect(plan(owner, tokens[0] ?? '0x')).rejects.toMatchObject({ code: 'MIGRATE_CODE' });
  });

  test('for a token that is none, or a chain that does not answer', async () => {
    const owner = testOwner().address;
    await chain.fund(owner, parseEther('1'));
    const [a, b] = [testOwner().address, testOwner().address];
    await expect(plan(owner, a, { tokens: [b] })).rejects.toMatchObject({ code: 'RPC_FAILED' });
    await expect(plan(owner, a, { rpc: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'RPC_FAILED' });
  });
});
