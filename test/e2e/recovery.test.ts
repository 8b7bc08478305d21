/**
 * What docs/recovery.md tells people to type, typed: a veto, shares brought back from a backup when too few are left,
 * another operator, the funds moved to a new key, a key handed over whole and taken in again. Real processes, a real
 * chain; the steps build on each other.
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createTestClient, createWalletClient, type Hex, http, parseEther, publicActions, verifyMessage } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approveByHand, ceremonyInInboxes, finished } from '../../coordinator/demo/ceremonies.ts';
import { adoptPolicy, found, makeKey } from '../../coordinator/demo/lifecycle/act-begin.ts';
import {
  allReady,
  type Cast,
  composeRoster,
  currentRoster,
  destroyNode,
  type Estate,
  holderNamed,
  newHolder,
  newOperator,
} from '../../coordinator/demo/lifecycle/cast.ts';
import { adoptRoster, changeKey } from '../../coordinator/demo/lifecycle/change.ts';
import { pay } from '../../coordinator/demo/lifecycle/pay.ts';
import { openCast } from '../../coordinator/demo/lifecycle/story.ts';
import { Narrator } from '../../coordinator/demo/narrator.ts';
import { Processes } from '../../coordinator/demo/processes.ts';
import { type Holder, makeMember, startCoordinator, stopCoordinator, writeJson } from '../../coordinator/demo/stage.ts';
import { broadcast } from '../../coordinator/demo/transactions.ts';
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import { Terminal } from '../../proto/control/terminal.ts';

const DEADLINE = 600_000;
/** Whose code the retired account is to run; nobody's. */
const DELEGATE: Hex = `0x${'de'.repeat(20)}`;
const dir = mkdtempSync(join(tmpdir(), 'keymoot-recovery-'));
const processes = new Processes(resolve(import.meta.dirname, '../../dist/cli.js'));
const backupPass = join(dir, 'backup-passphrase');
const silent = new Terminal({ json: true });

let cast: Cast;
let estate: Estate;

beforeAll(async () => {
  cast = await openCast(dir, false, processes, new Narrator(silent));
  await writeFile(backupPass, 'kept in another place\n', { mode: 0o600 });
  await found(cast);
  estate = await makeKey(cast, ['--exportable']);
}, DEADLINE);

afterAll(async () => {
  await processes.stopAll();
  await cast.chain?.stop();
  await rm(dir, { recursive: true, force: true });
});

function operate(...args: readonly string[]) {
  return processes.answer(['coordinator', ...args, '--home', cast.operator.home]);
}

function backupOf({ name }: Holder): string {
  return join(dir, `${name}.backup`);
}

const backupOptions = ['--backup-passphrase-file', backupPass, '--weak-kdf'];

test('every key holder makes a backup', { timeout: DEADLINE }, async () => {
  for (const holder of currentRoster(cast).parties) {
    const keys = ['--home', holder.home, '--passphrase-file', holder.passphrase];
    await processes.json(['participant', 'backup', ...keys, '--out', backupOf(holder), ...backupOptions]);
  }
});

test('a party that is to be removed vetoes it, and nothing has changed', { timeout: DEADLINE }, async () => {
  const [ada, ben, cleo] = ['ada', 'ben', 'cleo'].map((name) => holderNamed(cast, name));
  if (ada === undefined || ben === undefined || cleo === undefined) throw new Error('somebody is missing');
  const thief = await newHolder(cast, 'thief', 'Somebody Else');
  const next = await composeRoster(cast, [ada, ben, thief], 2);
  await adoptRoster(cast, next, [ada, ben]);
  const running = operate('reshare', '--wallet', 'treasury', '--note', 'cleo has lost her key, I swear');
  const ceremony = await ceremonyInInboxes(running, [ada, ben, cleo]);
  const reason = ['--reason', 'I have lost nothing'];
  await processes.json(['participant', 'reject', ceremony, '--home', cleo.home, ...reason]);
  const ended = await finished(cast, running, 'refused', 'the removal of cleo');
  expect(field(ended, 'code')).toBe('REJECTED');
  expect(JSON.stringify(memberOf(ended, 'refusals'))).toContain('I have lost nothing');
  await cast.nodes.get('thief')?.stop();
  cast.nodes.delete('thief');
  await pay(cast, estate, 'payment after the veto');
});

test('two of three are lost, and one backup is enough', { timeout: DEADLINE }, async () => {
  const [ada, ben, cleo] = ['ada', 'ben', 'cleo'].map((name) => holderNamed(cast, name));
  if (ada === undefined || ben === undefined || cleo === undefined) throw new Error('somebody is missing');
  await destroyNode(cast, ben);
  await destroyNode(cast, cleo);
  const newBen = await newHolder(cast, 'ben-new', ben.person);
  const newCleo = await newHolder(cast, 'cleo-new', cleo.person);
  const next = await composeRoster(cast, [ada, newBen, newCleo], 2);
  await adoptRoster(cast, next, [ada], async ({ home, name, passphrase }) => {
    if (name !== 'ben-new') return;
    const keys = ['--home', home, '--passphrase-file', passphrase, '--backup-passphrase-file', backupPass, '--yes'];
    await processes.json(['participant', 'restore', backupOf(ben), ...keys]);
  });
  // Without the backup there is nobody to deal.
  const hopeless = await operate('reshare', '--wallet', 'treasury');
  expect(field(memberOf(hopeless.value, 'error'), 'code')).toBe('NO_DEALERS');
  const result = await changeKey(cast, {
    name: 'the recovery from a backup',
    command: ['reshare', '--restore', '2=2'],
    approve: [ada],
    reader: ada,
  });
  expect(field(result, 'address')).toBe(estate.wallet.address);
  cast.rosters.push(next);
  await allReady(cast);
  await adoptPolicy(cast, join(dir, 'policies', 'common.json'), [newBen, newCleo]);
  await pay(cast, estate, 'payment after the recovery');
});

test('the same parties, and another operator who can go on alone', { timeout: DEADLINE }, async () => {
  const { parties } = currentRoster(cast);
  const second = await makeMember(dir, 'operator-2', 'ops-two', 'Otto Brandt');
  await newOperator({ ...cast, operator: second });
  const next = await composeRoster(cast, parties, 2, [second]);
  await adoptRoster(cast, next, parties);
  const [reader] = parties;
  if (reader === undefined) throw new Error('nobody is there');
  await changeKey(cast, { name: 'another operator', command: ['reshare'], approve: parties, reader });
  cast.rosters.push(next);
  await allReady(cast);
  await stopCoordinator(cast);
  const join = ['--network-key', cast.networkKey, '--fingerprint', next.fingerprint];
  await processes.json(['coordinator', 'join', next.file, '--home', second.home, ...join]);
  cast = { ...cast, operator: second };
  await startCoordinator(cast);
  await pay(cast, estate, 'payment of the second operator');
});

test('everything moves to a new key through ordinary signing', { timeout: DEADLINE }, async () => {
  const { chain, wallet } = estate;
  const { parties } = currentRoster(cast);
  const running = operate('keygen', '--wallet', 'treasury-2');
  await approveByHand(cast, parties, await ceremonyInInboxes(running, parties), running);
  const made = await finished(cast, running, 'completed', 'the second key generation');
  const heir = field(made, 'address') as `0x${string}`;
  const policy = {
    schema: 'keymoot/policy/1',
    id: 'demo',
    version: 2,
    wallets: { treasury: { chainIds: [chain.chainId] } },
    addressLists: { heirs: [{ chainId: chain.chainId, address: heir, label: 'The new wallet' }] },
    assets: { ETH: { chainId: chain.chainId, address: 'native', decimals: 18 } },
    rules: [
      {
        id: 'migration',
        effect: 'allow',
        match: {
          wallets: ['treasury'],
          kinds: ['evm-transaction'],
          selectors: ['none'],
          assets: ['ETH'],
          counterparties: '@heirs',
          amount: { max: String(parseEther('100')) },
          fee: { totalMax: String(parseEther('0.02')) },
          // All of it, to somebody new: what a migration is, and what every participant finds unusual.
          risks: ['FIRST_SEEN_DESTINATION', 'LARGE_SHARE', 'UNUSUAL_AMOUNT', 'UNUSUAL_FEE'],
        },
      },
      {
        id: 'farewell',
        effect: 'allow',
        match: { kinds: ['evm-message'], operations: ['authorize'], risks: ['MESSAGE_SIG'] },
      },
      {
        id: 'delegation',
        effect: 'require',
        match: {
          kinds: ['evm-authorization'],
          operations: ['authorize'],
          chainIds: [chain.chainId],
          to: [DELEGATE],
          risks: ['EIP7702_AUTH'],
        },
      },
    ],
  };
  await adoptPolicy(cast, await writeJson(cast, 'policies', 'migration', policy), parties);
  const before = await chain.balance(wallet.address);
  const out = join(dir, 'payloads', 'migration');
  const planned = await operate(
    'migrate',
    '--wallet',
    'treasury',
    '--to',
    'treasury-2',
    '--rpc',
    chain.rpc,
    '--out',
    out,
  );
  const files = listOf(memberOf(planned.value, 'payloads')).map((row) => field(row, 'file'));
  expect(files).toHaveLength(1);
  for (const file of files) {
    const signed = await finished(cast, operate('sign', file, '--wallet', 'treasury'), 'completed', 'the migration');
    await broadcast(cast, chain, signed);
  }
  expect(await chain.balance(wallet.address)).toBe(0n);
  expect(await chain.balance(heir)).toBeGreaterThan((before * 99n) / 100n);
});

test('a message and an authorization are signed, and the chain applies the authorization', {
  timeout: DEADLINE,
}, async () => {
  const { chain, wallet } = estate;
  const { parties } = currentRoster(cast);
  const sign = async (name: string, payload: object): Promise<Awaited<ReturnType<typeof operate>>> =>
    operate('sign', await writeJson(cast, 'payloads', name, payload), '--wallet', 'treasury');
  const message = 'The treasury has moved to another key.\nThis one is retired \u2713';
  const written = await finished(
    cast,
    sign('message', { kind: 'evm-message', encoding: 'text', message }),
    'completed',
    'the message',
  );
  const signature = field(written, 'signature') as Hex;
  expect(await verifyMessage({ address: wallet.address, message, signature })).toBe(true);
  expect(field(written, 'rawTransaction')).toBe('');
  const hollow = await operate('broadcast', field(written, 'ceremony'), '--rpc', chain.rpc);
  expect(field(memberOf(hollow.value, 'error'), 'code')).toBe('NOTHING_TO_BROADCAST');

  const client = createTestClient({ mode: 'anvil', transport: http(chain.rpc) }).extend(publicActions);
  const nonce = await client.getTransactionCount({ address: wallet.address });
  const running = sign('authorization', {
    kind: 'evm-authorization',
    chainId: chain.chainId,
    address: DELEGATE,
    nonce,
  });
  await approveByHand(cast, parties, await ceremonyInInboxes(running, parties), running);
  const authorized = await finished(cast, running, 'completed', 'the authorization');
  const tuple = memberOf(authorized, 'authorization');
  const account = privateKeyToAccount(`0x${'5e'.repeat(32)}`);
  await client.setBalance({ address: account.address, value: parseEther('1') });
  const sender = createWalletClient({ account, transport: http(chain.rpc) });
  const hash = await sender.sendTransaction({
    chain: null,
    to: account.address,
    gas: 200_000n,
    authorizationList: [
      {
        chainId: Number(field(tuple, 'chainId')),
        address: field(tuple, 'address') as Hex,
        nonce: Number(field(tuple, 'nonce')),
        yParity: Number(field(tuple, 'yParity')),
        r: field(tuple, 'r') as Hex,
        s: field(tuple, 's') as Hex,
      },
    ],
  });
  expect((await client.waitForTransactionReceipt({ hash })).status).toBe('success');
  expect(await client.getCode({ address: wallet.address })).toBe(`0xef0100${DELEGATE.slice(2)}`);
  const elsewhere = await operate(
    'sign',
    await writeJson(cast, 'payloads', 'elsewhere', { kind: 'evm-authorization', chainId: 1, address: DELEGATE, nonce }),
    ...['--wallet', 'treasury'],
  );
  expect(elsewhere.code).toBe(1);
  expect(JSON.stringify(memberOf(elsewhere.value, 'refusals'))).toContain('WRONG_CHAIN');
});

test('a key is handed over whole, and taken in again', { timeout: DEADLINE }, async () => {
  const { wallet } = estate;
  const { file, fingerprint, parties } = currentRoster(cast);
  const recipient = await makeMember(dir, 'recipient', 'rita', 'Rita Novak');
  const keys = ['--home', recipient.home, '--passphrase-file', recipient.passphrase];
  const { publicKey } = (await processes.json(['recover', 'init', ...keys, '--weak-kdf'])) as { publicKey: string };
  const out = join(dir, 'handed-over');
  const running = operate('export', '--wallet', 'treasury', '--recipient', publicKey, '--out', out);
  await approveByHand(cast, parties, await ceremonyInInboxes(running, parties), running);
  await finished(cast, running, 'completed', 'the export');
  const shares = [1, 2, 3].map((index) => join(out, `sealed-${index}.json`));
  const keyFile = join(dir, 'key');
  const named = ['--wallet', join(out, 'wallet.json'), '--roster', file, '--fingerprint', fingerprint];
  await processes.json(['recover', 'open', ...shares, ...keys, ...named, '--out', keyFile]);
  const key = readFileSync(keyFile, 'utf8').trim();
  expect(privateKeyToAccount(`0x${key}`).address).toBe(wallet.address);

  const [holder] = parties;
  if (holder === undefined) throw new Error('nobody is there');
  const home = ['--home', holder.home, '--passphrase-file', holder.passphrase];
  const sealed = await processes.json(['participant', 'import-key', keyFile, ...home, '--yes']);
  const taken = operate(
    ...['import', '--wallet', 'treasury-again', '--holder', '1', '--public-key', field(sealed, 'publicKey')],
    ...['--chain-code-hash', field(sealed, 'chainCodeHash')],
  );
  await approveByHand(cast, parties, await ceremonyInInboxes(taken, parties), taken);
  const imported = await finished(cast, taken, 'completed', 'the import');
  expect(field(imported, 'address')).toBe(wallet.address);
});

test('one fingerprint verifies all of it', { timeout: DEADLINE }, async () => {
  const [first] = cast.rosters;
  if (first === undefined) throw new Error('there is no roster');
  const args = ['audit', 'verify', ...cast.transcripts, '--roster', first.file, '--fingerprint', first.fingerprint];
  const { code, value } = await processes.answer(args);
  expect(code, JSON.stringify(memberOf(value, 'error'))).toBe(0);
  expect(listOf(memberOf(value, 'transcripts'))).toHaveLength(cast.transcripts.length);
});
