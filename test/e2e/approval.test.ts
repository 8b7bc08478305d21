/**
 * The way of one payment past people: it is proposed, two of them approve it in processes of their own, one with an SSH
 * key, and a chain mines it. Then what they said is tried on everything else that it was not said about.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getAddress, type Hex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoChain, startChain } from '../../coordinator/demo/chain.ts';
import { loadIdentity } from '../../participant/keystore/identity.ts';
import { systemRandom } from '../../participant/randomness.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { type ApprovalBody, openApproval, signApproval } from '../../protocol/ceremony/approval.ts';
import { parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { fromHex, utf8 } from '../../protocol/common/bytes.ts';
import { leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import { decode, type Payload } from '../../protocol/payload/payload.ts';
import { encodeTransaction } from '../../protocol/payload/transaction.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { type Fields, Network } from '../crash/support/network.ts';
import { eventually, runCli } from '../crash/support/processes.ts';
import { Device, financePolicy } from '../support/approver-devices.ts';
import { must, policyFrom } from '../support/must.ts';
import { ETHER, PAYEE } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';

let network: Network;
let chain: DemoChain;
let ada: Device;
let bo: Device;
let policy: object;
let file: string;

beforeAll(async () => {
  chain = await startChain();
  network = await Network.prepare();
  ada = await Device.make(network, { name: 'ada', person: 'Ada' });
  bo = await Device.make(network, { name: 'bo', person: 'Bo', ssh: true });
  policy = financePolicy([ada, bo]);
  await Promise.all([...[1, 2, 3].map((index) => network.startParty(index)), network.startCoordinator()]);
  await network.meshed();
  for (const index of [1, 2, 3]) {
    await network.ask(index, 'policy-set', { scope: 'common', text: JSON.stringify(policy) });
  }
  await network.wallet();
  for (const device of [ada, bo]) {
    await device.join(policy);
    await device.start();
  }
  file = join(network.dir, 'approval.json');
}, 300_000);

afterAll(async () => {
  await Promise.all([ada?.stop(), bo?.stop()]);
  await network?.stop();
  await chain?.stop();
});

async function walletAddress(): Promise<Hex> {
  const wallets = (await network.ask(1, 'status'))['wallets'] as readonly Fields[];
  return getAddress(String(wallets.find((row) => row['name'] === 'treasury')?.['address']));
}

async function payment(nonce: number): Promise<Payload> {
  const fees = await chain.fees();
  const bytes = encodeTransaction({
    type: 'eip1559',
    chainId: BigInt(chain.chainId),
    nonce: BigInt(nonce),
    gas: 21_000n,
    fees: { kind: 'cap', ...fees },
    to: PAYEE,
    value: 3n * ETHER,
    data: new Uint8Array(),
    accessList: [],
    blobs: undefined,
    authorizations: [],
  });
  return { kind: 'evm-transaction', bytes };
}

async function holdAt(index: number, ceremony: string): Promise<string> {
  return await eventually(`ceremony ${ceremony} in the inbox of party ${index}`, async () => {
    const rows = (await network.ask(index, 'inbox')) as unknown as readonly Fields[];
    const row = rows.find((item) => item['ceremony'] === ceremony);
    return row === undefined ? undefined : String(row['hold']);
  });
}

const imported = (path: string) =>
  runCli(['participant', 'approvals', 'import', path, '--home', network.holder(1).home, '--json']);

test('approved on separate devices, signed by the parties, mined by the chain, verified by the auditor', async () => {
  const address = await walletAddress();
  await chain.fund(address, 10n * ETHER);
  const before = await chain.balance(PAYEE);
  const ceremony = await network.propose(await payment(await chain.nonce(address)));
  await ada.sees(ceremony);
  expect((await ada.run('approve', [ceremony, '--yes', '--out', file])).code).toBe(0);
  await bo.sees(ceremony);
  const bytes = join(network.dir, 'bytes');
  expect((await bo.run('approve', [ceremony, '--yes', '--out', bytes])).code).toBe(0);
  const signature = await bo.signFile(bytes, 'keymoot.approval.v1');
  expect((await bo.run('approve', [ceremony, '--signature', signature])).code).toBe(0);
  const result = await network.result(ceremony);
  expect(result).toMatchObject({ ending: 'completed' });
  const receipt = await chain.sendRaw(String(result['rawTransaction']) as Hex);
  expect(receipt.status).toBe('success');
  expect(await chain.balance(PAYEE)).toBe(before + 3n * ETHER);
  const path = await eventually('the transcript', async () => {
    const { transcript } = await network.operate('ceremony', { ceremony });
    return typeof transcript === 'string' ? transcript : undefined;
  });
  const audited = verifyTranscript(new Uint8Array(await readFile(path)), { roster: network.roster });
  expect(audited.failure).toBeUndefined();
  expect(audited).toMatchObject({ ok: true, ending: 'completed' });
}, 240_000);

test('the same approval is worth nothing for another payload, session, epoch or chain', async () => {
  const old = must(openApproval(must(parseEnvelope(utf8((await readFile(file, 'utf8')).trim()))), policyFrom(policy)));
  const payload = await payment((await chain.nonce(await walletAddress())) + 1);
  const ceremony = await network.propose(payload);
  const none = 'approvals so far: 0 of 2 of group finance';
  expect(await holdAt(1, ceremony)).toBe(none);
  // As it is, it speaks of the payment that was made.
  expect((await imported(file)).code).toBe(0);
  expect(await holdAt(1, ceremony)).toBe(none);
  // One letter changed, and nobody has signed it.
  const forged = join(network.dir, 'forged.json');
  await writeFile(forged, (await readFile(file, 'utf8')).replace(/"sig":"../, '"sig":"AA'));
  expect((await imported(forged)).stdout).toContain('STATEMENT_SIGNATURE');
  // Ada herself says the same words about the new payment, with something in them that does not belong to it.
  const vault = await Vault.open(ada.home, utf8((await readFile(network.passphraseFile, 'utf8')).trim()), systemRandom);
  const { statement: key } = await loadIdentity(ada.home, vault);
  const { proposal: name } = await network.ask(1, 'show', { ceremony });
  const proposal = fromHex(String(name)) ?? new Uint8Array();
  const decoded = must(decode(payload));
  const right = { ...old.body, proposal, digest: decoded.digest, tree: leafTreeDigest(decoded) };
  const replays: readonly (readonly [Partial<ApprovalBody>, string])[] = [
    [{ digest: old.body.digest }, 'APPROVAL_DIGEST'],
    [{ tree: old.body.tree }, 'APPROVAL_TREE'],
    [{ chainId: '1' }, 'APPROVAL_CHAIN'],
    [{ epoch: vec('another epoch') }, 'APPROVAL_FOREIGN'],
    [{ roster: vec('another roster') }, 'APPROVAL_FOREIGN'],
    [{ policy: { ...old.body.policy, version: 2 } }, 'APPROVAL_POLICY'],
  ];
  for (const [change, code] of replays) {
    const path = join(network.dir, `${code}.json`);
    await writeFile(path, signApproval({ ...right, ...change }, key).envelope.bytes);
    const refused = await imported(path);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(code);
  }
  expect(await holdAt(1, ceremony)).toBe(none);
  expect(await holdAt(2, ceremony)).toBe(none);
  expect((await ada.run('reject', [ceremony, '--yes', '--reason', 'it was a test'])).code).toBe(0);
  expect(await network.result(ceremony)).toMatchObject({ ending: 'refused' });
}, 240_000);
