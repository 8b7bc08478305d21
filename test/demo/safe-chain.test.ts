/**
 * What the demo rests on, on a real node: a Safe that works, and the attack that works on it when nobody looks. The
 * second is the positive control: a refusal proves something only because the same bytes, once signed, take the Safe.
 */
import { parseEther, recoverAddress, zeroAddress } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoChain, startChain } from '../../coordinator/demo/chain.ts';
import {
  createSafe,
  deploySafeContracts,
  SAFE_ADDRESSES,
  safeImplementation,
  safeNonce,
  safeOwners,
  safeThreshold,
} from '../../coordinator/demo/safe.ts';
import { executeSafeTx, hashOnChain, safeCall, safePayload } from '../../coordinator/demo/safe-tx.ts';
import { deployTrojan, sweep, trojanSafeTx } from '../../coordinator/demo/trojan.ts';
import { digestOf, signSafe, testOwner } from './support.ts';

const BALANCE = parseEther('30');
const RECIPIENT = '0x00000000000000000000000000000000DeaDBeef';
let chain: DemoChain;

beforeAll(async () => {
  chain = await startChain();
  await deploySafeContracts(chain);
});

afterAll(async () => {
  await chain.stop();
});

test('a new Safe has its owners, its threshold, its funds and the canonical implementation', async () => {
  const owners = [testOwner().address, testOwner().address];
  const safe = await createSafe(chain, { owners, threshold: 2, balance: BALANCE });
  expect(await safeOwners(chain, safe)).toEqual(owners);
  expect(await safeThreshold(chain, safe)).toBe(2);
  expect(await safeNonce(chain, safe)).toBe(0n);
  expect(await chain.balance(safe)).toBe(BALANCE);
  expect(await safeImplementation(chain, safe)).toBe(SAFE_ADDRESSES.Safe);
});

test('deploying the Safe contracts twice changes nothing', async () => {
  const before = await chain.nonce(chain.relayer);
  await deploySafeContracts(chain);
  expect(await chain.nonce(chain.relayer)).toBe(before);
});

test('an ordinary transfer by all owners executes, and its hash is the one the Safe computes', async () => {
  const owners = [testOwner(), testOwner(), testOwner()];
  const safe = await createSafe(chain, {
    owners: owners.map((owner) => owner.address),
    threshold: 3,
    balance: BALANCE,
  });
  const tx = safeCall({ to: RECIPIENT, value: parseEther('1'), nonce: await safeNonce(chain, safe) });
  const digest = digestOf(safePayload(chain.chainId, safe, tx));
  expect(await hashOnChain(chain, safe, tx)).toBe(digest);

  const signatures = await Promise.all(owners.map((owner) => signSafe(owner, digest)));
  const before = await chain.balance(RECIPIENT);
  const receipt = await executeSafeTx(chain, safe, tx, signatures.reverse());
  expect(receipt.status).toBe('success');
  expect(await chain.balance(RECIPIENT)).toBe(before + parseEther('1'));
  expect(await safeNonce(chain, safe)).toBe(1n);
  expect(await safeImplementation(chain, safe)).toBe(SAFE_ADDRESSES.Safe);
});

test('a signature over another digest, or by a stranger, moves nothing', async () => {
  const owner = testOwner();
  const safe = await createSafe(chain, { owners: [owner.address], threshold: 1, balance: BALANCE });
  const tx = safeCall({ to: RECIPIENT, value: 1n, nonce: 0n });
  const other = digestOf(safePayload(chain.chainId, safe, { ...tx, value: 2n }));
  await expect(executeSafeTx(chain, safe, tx, [await signSafe(owner, other)])).rejects.toThrow(/GS026/);
  const digest = digestOf(safePayload(chain.chainId, safe, tx));
  await expect(executeSafeTx(chain, safe, tx, [await signSafe(testOwner(), digest)])).rejects.toThrow(/GS026/);
  expect(await chain.balance(safe)).toBe(BALANCE);
  expect(await safeNonce(chain, safe)).toBe(0n);
});

test('undefended, the attack of February 2025 takes the Safe over and empties it', async () => {
  const owner = testOwner();
  const safe = await createSafe(chain, { owners: [owner.address], threshold: 1, balance: BALANCE });
  const trojan = await deployTrojan(chain);
  const tx = trojanSafeTx(trojan, await safeNonce(chain, safe));
  const digest = digestOf(safePayload(chain.chainId, safe, tx));
  expect(await hashOnChain(chain, safe, tx)).toBe(digest);
  const signature = await signSafe(owner, digest);
  expect(await recoverAddress({ hash: digest, signature: signature.signature })).toBe(owner.address);

  const receipt = await executeSafeTx(chain, safe, tx, [signature]);
  expect(receipt.status).toBe('success');
  expect(await safeImplementation(chain, safe)).toBe(trojan.backDoor);
  expect(await chain.balance(safe)).toBe(BALANCE);

  await sweep(chain, safe);
  expect(await chain.balance(safe)).toBe(0n);
});

test('the same transaction as a plain call is harmless: the delegatecall is the weapon', async () => {
  const owner = testOwner();
  const safe = await createSafe(chain, { owners: [owner.address], threshold: 1, balance: BALANCE });
  const trojan = await deployTrojan(chain);
  const tx = { ...trojanSafeTx(trojan, 0n), operation: 0 } as const;
  const signature = await signSafe(owner, digestOf(safePayload(chain.chainId, safe, tx)));
  expect((await executeSafeTx(chain, safe, tx, [signature])).status).toBe('success');
  expect(await safeImplementation(chain, safe)).toBe(SAFE_ADDRESSES.Safe);
  expect(BigInt(await chain.storage(trojan.trojan, 0n))).toBe(BigInt(trojan.backDoor));
});

test('the trojan answers to nothing but transfer', async () => {
  const { trojan } = await deployTrojan(chain);
  await expect(chain.call(trojan, '0x12345678')).rejects.toThrow();
  expect(BigInt(await chain.storage(trojan, 0n))).toBe(BigInt(zeroAddress));
});
