/** Chain nodes about nonces: who must say so, at which depth, and what nobody can say. */

import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nonceConsumed, nonceRows, signatureVoid } from '../../../participant/limits/by-hand.ts';
import { readNonceSettings } from '../../../participant/limits/nonce-settings.ts';
import { NonceWatch } from '../../../participant/limits/nonces.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import type { Spend } from '../../../protocol/policy/spend.ts';
import { NOW } from '../../ceremony/support/members.ts';
import { temporaryHome } from '../../proto/rest/temporary.ts';
import { id, type Opened, openJournal } from '../journal/samples.ts';

const ACCOUNT = `0x${'11'.repeat(20)}` as const;
const SAFE = `0x${'5a'.repeat(20)}` as const;
const CHAIN = 31337n;
const HEAD = 100;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface ChainNode {
  readonly url: string;
  chainId: bigint;
  /** Transaction count, or a Safe's nonce, by block. */
  count: (block: number) => number;
  silent: boolean;
}

async function chainNode(count: number): Promise<ChainNode> {
  const node: Mutable<ChainNode> = { url: '', chainId: CHAIN, count: () => count, silent: false };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      if (node.silent) return request.socket.destroy();
      const { id: asked, method, params } = JSON.parse(text) as { id: number; method: string; params: string[] };
      const block = Number(params.at(-1) ?? 0);
      const answers: { readonly [method: string]: number | bigint } = {
        eth_chainId: node.chainId,
        eth_blockNumber: HEAD,
        eth_getTransactionCount: params[0] === ACCOUNT ? node.count(block) : 0,
        eth_getStorageAt: params[0] === SAFE && params[1] === '0x5' ? node.count(block) : 0,
      };
      return response.end(
        JSON.stringify({ jsonrpc: '2.0', id: asked, result: `0x${(answers[method] ?? 0).toString(16)}` }),
      );
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  node.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return node;
}

function spendAt(place: Spend['place']): Spend {
  const moves = [{ asset: `${CHAIN}:native`, amount: 1n, counterparty: SAFE, selector: 'none' }];
  const about = { wallet: 'treasury', account: ACCOUNT, initiator: 'ops', chainId: CHAIN } as const;
  return { ...about, kind: 'evm-transaction', fee: 1n, moves, place };
}

async function charged(...places: readonly Spend['place'][]): Promise<Opened> {
  const opened = await openJournal();
  for (const [i, place] of places.entries()) {
    const counter = await opened.journal.nextCounter();
    await opened.journal.record({
      type: 'verdict-given',
      proposal: id(i + 1),
      attempt: 1,
      decision: 'consent',
      body: id(100 + i),
      counter,
      reservation: { walletId: id(7), digest: id(200 + i), spend: spendAt(place), at: NOW, until: NOW + 600 },
    });
  }
  return opened;
}

const account = (nonce: bigint): Spend['place'] => ({ kind: 'account', account: ACCOUNT, chainId: CHAIN, nonce });
const clock = { now: () => NOW + 50, monotonic: () => 0, after: () => () => undefined };

async function looked(
  { journal }: Opened,
  nodes: readonly ChainNode[],
  settings: { readonly agree?: number; readonly confirmations?: number } = {},
  isSound = true,
): Promise<readonly string[]> {
  const { agree = 2, confirmations = 12 } = settings;
  const watch = new NonceWatch(
    { clock, journal, note: () => undefined },
    { nodes: nodes.map(({ url }) => url), agree, confirmations },
    () => isSound,
  );
  await watch.look();
  watch.stop();
  return statesOf(journal);
}

function statesOf(journal: Opened['journal']): readonly string[] {
  const rows = nonceRows({ clock, journal }) as readonly { readonly state: string }[];
  return rows.map(({ state }) => state);
}

describe('nodes that are asked', () => {
  test('that agree: everything below the count is used up', async () => {
    const opened = await charged(account(4n), account(5n), account(6n));
    expect(await looked(opened, [await chainNode(6), await chainNode(6)])).toEqual(['used up', 'used up', 'reserved']);
  });

  test('of which one knows less: the lower count is believed', async () => {
    const opened = await charged(account(4n), account(5n));
    expect(await looked(opened, [await chainNode(9), await chainNode(5)])).toEqual(['used up', 'reserved']);
    const other = await charged(account(4n));
    expect(await looked(other, [await chainNode(9), await chainNode(9), await chainNode(0)])).toEqual(['reserved']);
  });

  test('of which one is silent, or too few are on the chain: nothing is seen', async () => {
    const opened = await charged(account(4n));
    const [a, b, c] = [await chainNode(9), await chainNode(9), await chainNode(9)];
    c.silent = true;
    expect(await looked(opened, [a, b, c])).toEqual(['reserved']);
    c.silent = false;
    b.chainId = 1n;
    c.chainId = 1n;
    expect(await looked(opened, [a, b, c])).toEqual(['reserved']);
    b.chainId = CHAIN;
    expect(await looked(opened, [a, b, c])).toEqual(['used up']);
  });

  test('are asked so many blocks back', async () => {
    const opened = await charged(account(4n));
    const nodes = [await chainNode(0), await chainNode(0)];
    for (const node of nodes) node.count = (block) => (block > HEAD - 12 ? 5 : 4);
    expect(await looked(opened, nodes)).toEqual(['reserved']);
    expect(await looked(opened, nodes, { confirmations: 11 })).toEqual(['used up']);
  });

  test('tell the nonce of a Safe, and nothing of what names no chain or every chain', async () => {
    const safe = (chainId: bigint | undefined) => ({ kind: 'safe', safe: SAFE, chainId, nonce: 3n }) as const;
    const opened = await charged(safe(CHAIN), safe(undefined), { ...account(3n), chainId: 0n } as Spend['place']);
    const nodes = [await chainNode(4), await chainNode(4)];
    expect(await looked(opened, nodes)).toEqual(['used up', 'reserved', 'reserved']);
  });

  test('are not asked while the clock is in doubt', async () => {
    const opened = await charged(account(4n));
    expect(await looked(opened, [await chainNode(9), await chainNode(9)], {}, false)).toEqual(['reserved']);
  });
});

describe('by hand', () => {
  test('a nonce that something is charged for, and none behind the last of them', async () => {
    const opened = await charged(account(4n), account(5n));
    const said = { kind: 'account', account: ACCOUNT, chain: String(CHAIN) };
    await expect(nonceConsumed({ clock, ...opened }, { ...said, nonce: '6' })).rejects.toMatchObject({
      code: 'NONCE_UNKNOWN',
    });
    await expect(nonceConsumed({ clock, ...opened }, { ...said, nonce: '04' })).rejects.toMatchObject({
      code: 'NONCE_PLACE',
    });
    await nonceConsumed({ clock, ...opened }, { ...said, nonce: '4' });
    expect(statesOf(opened.journal)).toEqual(['used up', 'reserved']);
  });

  test('a signature without a nonce, by its digest', async () => {
    const opened = await charged({ kind: 'until', at: NOW + 10 ** 9 }, account(1n));
    await expect(signatureVoid({ clock, ...opened }, { digest: toHex(id(201)) })).rejects.toMatchObject({
      code: 'NONCE_PLACE',
    });
    await expect(signatureVoid({ clock, ...opened }, { digest: toHex(id(9)) })).rejects.toMatchObject({
      code: 'NONCE_UNKNOWN',
    });
    await signatureVoid({ clock, ...opened }, { digest: toHex(id(200)) });
    expect(statesOf(opened.journal)).toEqual(['used up', 'reserved']);
  });
});

describe('nonces.json', () => {
  const read = async (content: string) => {
    const file = join(await temporaryHome(), 'nonces.json');
    await writeFile(file, content);
    return await readNonceSettings(file);
  };
  const nodes = ['http://127.0.0.1:1', 'https://rpc.example'];

  test('is read, or is not there', async () => {
    expect(await readNonceSettings(join(await temporaryHome(), 'nonces.json'))).toBeUndefined();
    const settings = { nodes, agree: '2', confirmations: '12' };
    expect(await read(JSON.stringify(settings))).toEqual({ nodes, agree: 2, confirmations: 12 });
    const own = { nodes: nodes.slice(0, 1), agree: '1', confirmations: '0', own: true };
    expect(await read(JSON.stringify(own))).toMatchObject({ agree: 1, own: true });
  });

  test.each([
    ['a single node of somebody else', { nodes, agree: '1', confirmations: '12' }],
    ['more to agree than there are', { nodes, agree: '3', confirmations: '12' }],
    ['the same node twice', { nodes: [nodes[0], nodes[0]], agree: '2', confirmations: '12' }],
    ['no node', { nodes: [], agree: '2', confirmations: '12' }],
    ['another scheme', { nodes: ['ftp://host', nodes[0]], agree: '2', confirmations: '12' }],
    ['a password in an address', { nodes: ['https://a:b@host', nodes[0]], agree: '2', confirmations: '12' }],
    ['a field that nobody knows', { nodes, agree: '2', confirmations: '12', trust: 'all' }],
  ])('is refused with %s', async (_, settings) => {
    await expect(read(JSON.stringify(settings))).rejects.toMatchObject({ code: 'NONCE_SETTINGS' });
  });
});
