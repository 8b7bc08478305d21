/**
 * The transaction of 21 February 2025 itself, nonce 71 of the Safe 0x1Db92e2E..., on the bytecode of Safe 1.1.1 that it ran on.
 * That build is no dependency of ours (it would install a compiler), so this runs where somebody has fetched it:
 *
 *     npm pack @gnosis.pm/safe-contracts@1.1.1 && tar xzf gnosis.pm-safe-contracts-1.1.1.tgz
 *     KEYMOOT_SAFE_1_1_1=package/build/contracts npx vitest run test/simulation/bybit.test.ts
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fromHex, toHex } from '../../protocol/common/bytes.ts';
import { type Address, ZERO_ADDRESS } from '../../protocol/payload/address.ts';
import { mappingSlot, SAFE_OWNERS, SENTINEL } from '../../protocol/simulation/control.ts';
import { describeSimulation } from '../../protocol/simulation/describe.ts';
import { simulationRisks } from '../../protocol/simulation/risks.ts';
import { simulate } from '../../protocol/simulation/simulate.ts';
import type { StateSource } from '../../protocol/simulation/source.ts';
import { must } from '../support/must.ts';
import { decodedText, lower } from './support/world.ts';

interface SafeRecord {
  readonly safe: string;
  readonly to: string;
  readonly value: string;
  readonly data: string | null;
  readonly operation: number;
  readonly safeTxGas: number;
  readonly baseGas: number;
  readonly gasPrice: string;
  readonly gasToken: string;
  readonly refundReceiver: string;
  readonly nonce: number;
  readonly safeTxHash: string;
  readonly confirmations: readonly { readonly owner: string }[];
}

const build = process.env['KEYMOOT_SAFE_1_1_1'];
const file = new URL('../vectors/bybit-safe-tx-71.json', import.meta.url);
const { results } = JSON.parse(readFileSync(file, 'utf8')) as { readonly results: readonly SafeRecord[] };
const SINGLETON = lower('0x34CfAC646f301356fAa8B21e94227e3583Fe3F5F');
/** Writes the first argument of `transfer` to slot 0, as the contract of that day did; from coordinator/demo/trojan.ts. */
const TROJAN = '60003560e01c63a9059cbb1460145760006000fd5b60043560005500';

function codeOf(contract: string): Uint8Array {
  const { deployedBytecode } = JSON.parse(readFileSync(join(build ?? '', `${contract}.json`), 'utf8')) as {
    readonly deployedBytecode: string;
  };
  return fromHex(deployedBytecode.slice(2)) ?? new Uint8Array(0);
}

function typedData(record: SafeRecord): string {
  const field = (name: string, type: string): object => ({ name, type });
  return JSON.stringify({
    kind: 'evm-typed-data',
    typedData: {
      types: {
        EIP712Domain: [field('verifyingContract', 'address')],
        SafeTx: [
          field('to', 'address'),
          field('value', 'uint256'),
          field('data', 'bytes'),
          field('operation', 'uint8'),
          field('safeTxGas', 'uint256'),
          field('baseGas', 'uint256'),
          field('gasPrice', 'uint256'),
          field('gasToken', 'address'),
          field('refundReceiver', 'address'),
          field('nonce', 'uint256'),
        ],
      },
      primaryType: 'SafeTx',
      domain: { verifyingContract: record.safe },
      message: {
        to: record.to,
        value: record.value,
        data: record.data ?? '0x',
        operation: `${record.operation}`,
        safeTxGas: `${record.safeTxGas}`,
        baseGas: `${record.baseGas}`,
        gasPrice: record.gasPrice,
        gasToken: record.gasToken,
        refundReceiver: record.refundReceiver,
        nonce: `${record.nonce}`,
      },
    },
  });
}

/** As much of the main network as the transaction touches. */
function mainnet(record: SafeRecord, owners: readonly Address[]): StateSource {
  const ring = [SENTINEL, ...owners, SENTINEL];
  const words = new Map<bigint, bigint>([
    [0n, BigInt(SINGLETON)],
    [3n, BigInt(owners.length)],
    [4n, 3n],
    [5n, BigInt(record.nonce)],
    // 1.1.1 keeps the domain separator it was set up with.
    [6n, 0xb3ded2bdbff5db1a87f6d551fa256e9f2bd6517a3bb84f4c2ea863fb3a559622n],
  ]);
  for (const [i, owner] of ring.slice(0, -1).entries()) {
    words.set(mappingSlot(owner, SAFE_OWNERS), BigInt(ring[i + 1] ?? SENTINEL));
  }
  const codes = new Map<Address, Uint8Array>([
    [lower(record.safe), codeOf('Proxy')],
    [SINGLETON, codeOf('GnosisSafe')],
    [lower('0x96221423681A6d52E184D440a8eFCEbB105C7242'), fromHex(TROJAN) ?? new Uint8Array(0)],
  ]);
  return {
    name: 'the test',
    chainId: 1n,
    block: {
      number: 21_895_237n,
      hash: '0'.repeat(64),
      timestamp: 1_740_147_000n,
      coinbase: ZERO_ADDRESS,
      gasLimit: 36_000_000n,
      baseFee: 1_000_000_000n,
      prevRandao: '0'.repeat(64),
      blobBaseFee: undefined,
    },
    account: async (address) =>
      await Promise.resolve({
        nonce: 0n,
        balance: address === lower(record.safe) ? 401_346n * 10n ** 18n : 0n,
        code: codes.get(address) ?? new Uint8Array(0),
      }),
    storage: async (address, slot) =>
      await Promise.resolve(address === lower(record.safe) ? (words.get(slot) ?? 0n) : 0n),
  };
}

test('both records are what their hashes say', () => {
  for (const record of results) expect(`0x${toHex(decodedText(typedData(record)).digest)}`).toBe(record.safeTxHash);
});

// Without that build there is nothing to run, and nothing that could be claimed.
if (build !== undefined) test('what was executed, and what was shown', bothOnTheirBytecode);

async function bothOnTheirBytecode(): Promise<void> {
  const [executed, shown] = results;
  if (executed === undefined || shown === undefined) throw new Error('the vector holds two records');
  const owners = executed.confirmations.map(({ owner }) => lower(owner));
  const wallet = owners[0];
  const attack = decodedText(typedData(executed));
  const report = must(await simulate(attack, { wallet }, mainnet(executed, owners)));
  expect(report.outcome).toEqual({ kind: 'succeeds' });
  expect([report.moved, report.tokens, report.approvals, report.balances]).toEqual([[], [], [], []]);
  expect(report.control).toMatchObject([
    {
      area: 'singleton',
      before: BigInt(SINGLETON),
      after: 0xbdd077f651ebe7f7b3ce16fe5f2b025be2969516n,
      isForeign: true,
    },
  ]);
  expect(simulationRisks(report, attack, wallet).map(({ code }) => code)).toEqual([
    'SIM_CONTROL_CHANGE',
    'SIM_FOREIGN_DELEGATECALL',
  ]);
  expect(describeSimulation(report).join('\n')).toContain('0xbDd077f651EBe7f7b3cE16fe5F2b025BE2969516');

  const harmless = decodedText(typedData(shown));
  const picture = must(await simulate(harmless, { wallet }, mainnet(shown, owners)));
  expect(picture.outcome).toEqual({ kind: 'succeeds' });
  expect(picture.moved).toEqual([{ from: lower(shown.safe), to: lower(shown.to), amount: 30_000n * 10n ** 18n }]);
  expect(simulationRisks(picture, harmless, wallet)).toEqual([]);
}
