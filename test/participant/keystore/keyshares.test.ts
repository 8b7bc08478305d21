import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { EpochFacts } from '../../../participant/keystore/key-record.ts';
import { Keyshares } from '../../../participant/keystore/keyshares.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import { Vault } from '../../../proto/rest/vault.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { sweepKills } from '../../proto/rest/child.ts';
import { codeOf, counterRandom, readTree, spellings, temporaryHome } from '../../proto/rest/temporary.ts';
import { id, thrownRefusal } from '../journal/samples.ts';

const KEYSHARE = new URL('./children/keyshare.mjs', import.meta.url);
const PASSPHRASE = new TextEncoder().encode('correct horse battery');
const WALLET = id(1);
const SHARE = new Uint8Array(100).map((_, i) => 255 - i);
const CERTIFICATE = new Uint8Array([9, 9, 9]);
const ORIGIN = new Uint8Array([7, 7]);

/** An epoch of a wallet of three holders, of whom this party is the first; its parent is the epoch before. */
function facts(walletId: Uint8Array, gen: number, epochId: Uint8Array, changes: Partial<EpochFacts> = {}): EpochFacts {
  const purpose = gen === 1 ? 'KEYGEN' : 'RESHARE';
  const parentEpochId = gen === 1 ? new Uint8Array(32) : id(gen - 1);
  return { walletId, epochId, parentEpochId, gen, purpose, holders: 3, index: 1, ...changes };
}

async function active(keyshares: Keyshares, about: EpochFacts): Promise<void> {
  await keyshares.putPrepared(about, ORIGIN, SHARE);
  await keyshares.activate(about.epochId, CERTIFICATE);
}

interface Opened {
  readonly home: string;
  readonly lock: HomeLock;
  readonly vault: Vault;
  readonly keyshares: Keyshares;
}

async function openStore(given?: string): Promise<Opened> {
  const home = given ?? (await temporaryHome());
  const lock = await HomeLock.acquire(home);
  onTestFinished(() => lock.release());
  const vault =
    given === undefined
      ? await Vault.create(home, PASSPHRASE, counterRandom(), { weakLogN: 14 })
      : await Vault.open(home, PASSPHRASE, counterRandom(300));
  return { home, lock, vault, keyshares: await Keyshares.open(lock, vault) };
}

async function reopen(opened: Opened): Promise<Opened> {
  await opened.lock.release();
  return await openStore(opened.home);
}

test('a record goes from prepared to active and survives restarts', async () => {
  const first = await openStore();
  await first.keyshares.putPrepared(facts(WALLET, 1, id(2)), ORIGIN, SHARE);
  expect(first.keyshares.current(WALLET)).toBeUndefined();
  const second = await reopen(first);
  const expected = { ...facts(WALLET, 1, id(2)), state: 'prepared', origin: ORIGIN, peersActive: [] };
  expect(second.keyshares.list()).toEqual([expected]);
  await second.keyshares.activate(id(2), CERTIFICATE);
  await second.keyshares.activate(id(2), new Uint8Array([1]));
  await second.keyshares.recordPeerActive(id(2), 3, new Uint8Array([33]));
  await second.keyshares.recordPeerActive(id(2), 3, new Uint8Array([34]));
  const third = await reopen(second);
  const loaded = await third.keyshares.load(id(2));
  expect(loaded.record).toEqual({
    ...expected,
    state: 'active',
    certificate: CERTIFICATE,
    peersActive: [{ party: 3, envelope: new Uint8Array([33]) }],
  });
  expect(loaded.keyshare.use((share) => share.slice())).toEqual(SHARE);
  expect(third.keyshares.current(WALLET)?.epochId).toEqual(id(2));
});

test('a wallet takes each generation once, only upwards, and only as a child of the present epoch', async () => {
  const { keyshares } = await openStore();
  const put = (about: EpochFacts): Promise<string> => thrownRefusal(keyshares.putPrepared(about, ORIGIN, SHARE));
  await active(keyshares, facts(WALLET, 1, id(1)));
  expect(await put(facts(WALLET, 2, id(1)))).toBe('KEY_RECORD_EXISTS');
  expect(await put(facts(WALLET, 1, id(3)))).toBe('GENERATION_NOT_ABOVE');
  expect(await put(facts(WALLET, 2, id(2), { parentEpochId: id(99) }))).toBe('PARENT_NOT_CURRENT');
  expect(await put(facts(WALLET, 2, id(2)))).toBe('none');
  // Generation 2 is acknowledged and not certified: a sibling of a higher generation may still follow the same parent.
  expect(await put(facts(WALLET, 2, id(4)))).toBe('GENERATION_NOT_ABOVE');
  expect(await put(facts(WALLET, 3, id(3), { parentEpochId: id(1) }))).toBe('none');
  await keyshares.activate(id(3), CERTIFICATE);
  expect(await put(facts(WALLET, 4, id(4), { parentEpochId: id(1) }))).toBe('PARENT_NOT_CURRENT');
  await keyshares.putPrepared(facts(id(7), 1, id(70)), ORIGIN, SHARE);
  expect(await thrownRefusal(keyshares.activate(id(5), CERTIFICATE))).toBe('KEY_RECORD_UNKNOWN');
  expect(await thrownRefusal(keyshares.load(id(5)))).toBe('KEY_RECORD_UNKNOWN');
});

test('of concurrent stores of one generation exactly one wins', async () => {
  const { keyshares } = await openStore();
  const codes = await Promise.all(
    [2, 3, 4].map((epoch) => thrownRefusal(keyshares.putPrepared(facts(WALLET, 1, id(epoch)), ORIGIN, SHARE))),
  );
  expect(codes).toEqual(['none', 'GENERATION_NOT_ABOVE', 'GENERATION_NOT_ABOVE']);
});

test('older shares go only when every holder is active in a higher epoch, and nothing above it goes', async () => {
  const opened = await openStore();
  const { keyshares } = opened;
  await active(keyshares, facts(WALLET, 1, id(1)));
  await active(keyshares, facts(id(50), 1, id(51)));
  await keyshares.putPrepared(facts(WALLET, 2, id(2)), ORIGIN, SHARE);
  expect(await keyshares.eraseSettled(WALLET)).toEqual([]);
  await keyshares.activate(id(2), CERTIFICATE);
  expect(keyshares.current(WALLET)?.gen).toBe(2);
  await keyshares.recordPeerActive(id(2), 2, new Uint8Array([2]));
  expect(await keyshares.eraseSettled(WALLET)).toEqual([]);
  await keyshares.putPrepared(facts(WALLET, 3, id(3)), ORIGIN, SHARE);
  await keyshares.recordPeerActive(id(2), 3, new Uint8Array([3]));
  expect(await keyshares.eraseSettled(WALLET)).toEqual([1]);
  const later = await reopen(opened);
  expect(later.keyshares.list().map((record) => [toHex(record.epochId).slice(-2), record.state])).toEqual([
    ['02', 'active'],
    ['03', 'prepared'],
    ['33', 'active'],
  ]);
});

test('an epoch without this party ends its own shares when all its holders are active', async () => {
  const opened = await openStore();
  const { keyshares } = opened;
  await active(keyshares, facts(WALLET, 1, id(1)));
  await keyshares.follow(facts(WALLET, 2, id(2), { purpose: 'REMOVE', holders: 2, index: 0 }), CERTIFICATE);
  expect(keyshares.current(WALLET)?.gen).toBe(1);
  expect(await thrownRefusal(keyshares.activate(id(2), CERTIFICATE))).toBe('KEY_SHARE_ABSENT');
  expect(await thrownRefusal(keyshares.putPrepared(facts(WALLET, 2, id(4)), ORIGIN, SHARE))).not.toBe('none');
  await keyshares.recordPeerActive(id(2), 1, new Uint8Array([1]));
  expect(await keyshares.eraseSettled(WALLET)).toEqual([]);
  await keyshares.recordPeerActive(id(2), 2, new Uint8Array([2]));
  expect(await keyshares.eraseSettled(WALLET)).toEqual([1]);
  expect((await reopen(opened)).keyshares.list().map((record) => record.state)).toEqual(['followed']);
});

test('a restored share never becomes the present one, and goes when it was dealt', async () => {
  const { keyshares } = await openStore();
  await keyshares.follow(facts(WALLET, 1, id(1), { index: 0 }), CERTIFICATE);
  await keyshares.putRestored(facts(WALLET, 1, id(1), { index: 0 }), CERTIFICATE, SHARE);
  expect(await thrownRefusal(keyshares.putRestored(facts(WALLET, 1, id(1)), CERTIFICATE, SHARE))).toBe(
    'KEY_RECORD_EXISTS',
  );
  expect(keyshares.current(WALLET)).toBeUndefined();
  expect(await thrownRefusal(keyshares.activate(id(1), CERTIFICATE))).toBe('KEY_SHARE_ABSENT');
  expect((await keyshares.load(id(1))).keyshare.use((share) => share.slice())).toEqual(SHARE);
  await active(keyshares, facts(WALLET, 2, id(2), { purpose: 'REMOVE' }));
  for (const peer of [2, 3]) await keyshares.recordPeerActive(id(2), peer, new Uint8Array([peer]));
  expect(await keyshares.eraseSettled(WALLET)).toEqual([1]);
});

test('only a new wallet can be given up, it never activates then, and is erased in a second step', async () => {
  const opened = await openStore();
  const { keyshares } = opened;
  await keyshares.putPrepared(facts(WALLET, 1, id(1)), ORIGIN, SHARE);
  expect(await thrownRefusal(keyshares.discard(id(1)))).toBe('ERASE_NOT_ALLOWED');
  await keyshares.abandon(id(1));
  const later = await reopen(opened);
  expect(await thrownRefusal(later.keyshares.activate(id(1), CERTIFICATE))).toBe('KEY_ABANDONED');
  expect((await later.keyshares.load(id(1))).record.state).toBe('abandoned');
  await later.keyshares.discard(id(1));
  expect(later.keyshares.list()).toEqual([]);
  expect(await later.vault.list('key-record')).toEqual([]);
  await active(later.keyshares, facts(id(8), 1, id(9)));
  expect(await thrownRefusal(later.keyshares.abandon(id(9)))).toBe('ERASE_NOT_ALLOWED');
  await later.keyshares.putPrepared(facts(id(8), 2, id(10), { parentEpochId: id(9) }), ORIGIN, SHARE);
  expect(await thrownRefusal(later.keyshares.abandon(id(10)))).toBe('ERASE_NOT_ALLOWED');
});

test('a damaged or swapped record stops the opening, and the file stays as it is', async () => {
  const opened = await openStore();
  await active(opened.keyshares, facts(WALLET, 1, id(1)));
  await opened.keyshares.putPrepared(facts(WALLET, 2, id(2)), ORIGIN, SHARE);
  const path = (epoch: number): string =>
    join(opened.home, 'sealed', 'key-record', `${toHex(WALLET)}.${toHex(id(epoch))}`);
  const good = await readFile(path(1));
  const bad = Buffer.from(good);
  bad.writeUInt8(bad.readUInt8(bad.length - 40) ^ 1, bad.length - 40);
  await writeFile(path(1), bad);
  expect(await codeOf(Keyshares.open(opened.lock, opened.vault))).toBe('SEALED_FILE_CORRUPT');
  expect(await readFile(path(1))).toEqual(bad);
  await copyFile(path(2), path(1));
  expect(await codeOf(Keyshares.open(opened.lock, opened.vault))).toBe('SEALED_FILE_CORRUPT');
});

test('a record in another form is refused, not guessed at', async () => {
  const opened = await openStore();
  const name = `${toHex(WALLET)}.${toHex(id(1))}`;
  const about =
    `{"epochId":"${toHex(id(1))}","gen":"1","holders":"3","index":"1","parentEpochId":"${toHex(new Uint8Array(32))}",` +
    `"peersActive":[],"purpose":"KEYGEN","state":"prepared","walletId":"${toHex(WALLET)}"}`;
  const framed = (text: string): Uint8Array => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(text.length);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  await opened.vault.seal('key-record', name, framed(about));
  expect((await Keyshares.open(opened.lock, opened.vault)).list()).toHaveLength(1);
  for (const body of [
    new Uint8Array(0),
    new Uint8Array(3),
    new Uint8Array([255, 255, 255, 255]),
    framed(about.replace('prepared', 'perhaps')),
    framed(about.replace('"gen":"1"', '"gen":"0"')),
    framed(about.replace('KEYGEN', 'SIGN')),
    // The form of version 0.1.0, which is read with a key share in it only.
    framed(about.replace(/"(holders|index|parentEpochId|purpose)":"[^"]*",/g, '')),
    framed(about.replace(toHex(WALLET), toHex(id(77)))),
  ]) {
    await opened.vault.seal('key-record', name, body);
    expect(await thrownRefusal(Keyshares.open(opened.lock, opened.vault))).toBe('KEY_RECORD_UNREADABLE');
  }
});

test('nothing is written without the home lock', async () => {
  const { keyshares, lock } = await openStore();
  await lock.release();
  expect(await codeOf(keyshares.putPrepared(facts(WALLET, 1, id(1)), ORIGIN, SHARE))).toBe('HOME_LOST');
  expect(keyshares.list()).toEqual([]);
});

test('a key share appears in no file, JSON or inspection', async () => {
  const { home, keyshares } = await openStore();
  await active(keyshares, facts(WALLET, 1, id(1)));
  const loaded = await keyshares.load(id(1));
  const texts = [
    inspect([keyshares, loaded], { depth: 12, showHidden: true, getters: true }),
    JSON.stringify([keyshares, loaded, keyshares.list()]),
    ...[...(await readTree(home)).values()].map((bytes) => Buffer.from(bytes).toString('latin1')),
  ];
  for (const secret of [...spellings(SHARE), ...spellings(SHARE.subarray(30, 62))]) {
    for (const text of texts) expect(text.includes(secret)).toBe(false);
  }
});

test('killed at any step, a record is whole or absent, and what was acknowledged is there', async () => {
  const prepare = async (): Promise<string> => {
    const home = await temporaryHome();
    await Vault.create(home, PASSPHRASE, counterRandom(), { weakLogN: 14 });
    return home;
  };
  const killed = await sweepKills(KEYSHARE, prepare, async (home, { lines }) => {
    const { keyshares, vault, lock } = await openStore(home);
    const record = keyshares.find(id(2));
    const states = [undefined, 'prepared', 'active'] as const;
    expect(states.slice(lines.length, lines.length + 2)).toContain(record?.state);
    const share = record && (await keyshares.load(id(2))).keyshare.use((bytes) => bytes.slice());
    expect(share ?? new Uint8Array(5000).fill(7)).toEqual(new Uint8Array(5000).fill(7));
    expect(await vault.list('key-record')).toHaveLength(record === undefined ? 0 : 1);
    await lock.release();
  });
  expect(killed).toBeGreaterThanOrEqual(12);
});
