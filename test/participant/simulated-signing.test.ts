/** A party that simulates before it judges, with real processes and a real chain: what it sees is asked about, kept and audited. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getAddress, type Hex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoChain, startChain } from '../../coordinator/demo/chain.ts';
import { homeLayout } from '../../participant/keystore/settings.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { type Fields, Network } from '../crash/support/network.ts';
import { payment } from '../crash/support/payments.ts';
import { eventually } from '../crash/support/processes.ts';
import { ETHER, PAYEE } from '../support/treasury.ts';

/** Payments to the payee are allowed if all agree; only what a simulation sees stops one. */
const OPEN = {
  schema: 'keymoot/policy/1',
  id: 'open',
  version: 1,
  wallets: { treasury: {} },
  addressLists: { payees: [{ chainId: 31337, address: PAYEE, label: 'Payee' }] },
  assets: { ETH: { chainId: 31337, address: 'native', decimals: 18 } },
  rules: [{ id: 'pay', effect: 'allow', match: { assets: ['ETH'], amount: { max: String(ETHER) } }, consents: 3 }],
};

let network: Network;
let chain: DemoChain;
let silent: Server;

beforeAll(async () => {
  chain = await startChain();
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  network = await Network.start({ policy: OPEN });
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network?.stop();
  await chain?.stop();
  silent?.closeAllConnections();
  silent?.close();
});

/** Party 1 starts anew, with this node to ask. */
async function simulating(address: string): Promise<void> {
  await network.stopParty(1);
  await writeFile(homeLayout(network.holder(1).home).simulation, JSON.stringify({ nodes: [address] }));
  await network.startParty(1);
  await network.meshed();
  await network.paired('treasury', 1, 2);
  await network.paired('treasury', 1, 3);
}

const pay = (): Promise<string> => network.propose(payment({ nonce: network.nextNonce(), to: PAYEE }));

async function walletAddress(): Promise<Hex> {
  const wallets = (await network.ask(1, 'status'))['wallets'] as readonly Fields[];
  return getAddress(String(wallets.find((row) => row['name'] === 'treasury')?.['address']));
}

test('an empty wallet: one party sees it, asks its key holder, and the transcript says so', async () => {
  await simulating(chain.rpc);
  expect((await network.ask(1, 'status'))['looks']).toEqual(['simulation']);
  const ceremony = await pay();
  const screen = await eventually(`ceremony ${ceremony} in the inbox of party 1`, async () => {
    const inbox = (await network.ask(1, 'inbox')) as unknown as readonly Fields[];
    return inbox.some((row) => row['ceremony'] === ceremony) ? await network.ask(1, 'show', { ceremony }) : undefined;
  });
  expect(screen['risks']).toEqual(['SIM_REVERTS']);
  const text = JSON.stringify(screen['screen']).replaceAll(/[\s",]+/g, ' ');
  expect(text).toContain('SIMULATION');
  expect(text).toContain('No chain would execute it now: the wallet has 0 wei');
  await network.approve(1, ceremony);
  expect(await network.result(ceremony)).toMatchObject({ ending: 'completed' });
  const path = await eventually('the transcript', async () => {
    const { transcript } = await network.operate('ceremony', { ceremony });
    return typeof transcript === 'string' ? transcript : undefined;
  });
  const audited = verifyTranscript(new Uint8Array(await readFile(path)), { roster: network.roster });
  expect(audited.failure).toBeUndefined();
  expect(audited).toMatchObject({ ok: true, ending: 'completed' });
}, 240_000);

test('with money in it nothing is unusual, and nobody is asked', async () => {
  await chain.fund(await walletAddress(), 100n * ETHER);
  expect(await network.result(await pay())).toMatchObject({ ending: 'completed' });
}, 240_000);

test('a node that is silent holds up nothing for long, and takes nothing away', async () => {
  const { port } = silent.address() as AddressInfo;
  await simulating(`http://127.0.0.1:${port}`);
  expect(await network.result(await pay())).toMatchObject({ ending: 'completed' });
}, 240_000);
