import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import {
  createIdentity,
  loadIdentity,
  readPublicIdentity,
  wipeIdentity,
} from '../../../participant/keystore/identity.ts';
import { homeLayout } from '../../../participant/keystore/settings.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import { Vault } from '../../../proto/rest/vault.ts';
import { signerFromSeed, verify } from '../../../protocol/ceremony/ed25519.ts';
import { KeymootError } from '../../../protocol/common/errors.ts';
import { codeOf, counterRandom, readTree, spellings, temporaryHome } from '../../proto/rest/temporary.ts';

const PASSPHRASE = new TextEncoder().encode('correct horse battery');

async function openHome(): Promise<{ home: string; lock: HomeLock; vault: Vault }> {
  const home = await temporaryHome();
  const lock = await HomeLock.acquire(home);
  onTestFinished(() => lock.release());
  return { home, lock, vault: await Vault.create(home, PASSPHRASE, counterRandom(), { weakLogN: 14 }) };
}

async function argumentCode(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    if (error instanceof KeymootError) return error.code;
    throw error;
  }
  return 'none';
}

test('an identity is made once, loads again and signs as before', async () => {
  const { home, lock, vault } = await openHome();
  const made = await createIdentity(lock, vault, counterRandom(40));
  const again = await loadIdentity(home, await Vault.open(home, PASSPHRASE, counterRandom(90)));
  expect(again.statementKey).toEqual(made.statementKey);
  expect(again.transportKey).toEqual(made.transportKey);
  expect(again.statementKey).not.toEqual(again.transportKey);
  const message = new Uint8Array([1, 2, 3]);
  expect(verify(made.statementKey, message, again.statement.sign(message))).toBe(true);
  expect(again.transportSeed.use((seed) => signerFromSeed(seed).publicKey)).toEqual(made.transportKey);
  const hedges = [made, again].map((identity) => identity.hedgeKey.use((key) => Buffer.from(key).toString('hex')));
  expect(hedges[0]).toBe(hedges[1]);
  expect(await argumentCode(createIdentity(lock, vault, counterRandom(41)))).toBe('IDENTITY_EXISTS');
});

test('the public file needs no passphrase and says nothing else', async () => {
  const { home, lock, vault } = await openHome();
  const identity = await createIdentity(lock, vault, counterRandom(40));
  const named = await readPublicIdentity(home);
  expect(named.statementKey).toEqual(identity.statementKey);
  const path = homeLayout(home).identity;
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).toBe(
    `{"statementKey":"${Buffer.from(identity.statementKey).toString('hex')}","transportKey":"${Buffer.from(
      identity.transportKey,
    ).toString('hex')}","version":"1"}\n`,
  );
});

test('an identity needs the home lock', async () => {
  const { lock, vault } = await openHome();
  await lock.release();
  expect(await codeOf(createIdentity(lock, vault, counterRandom(40)))).toBe('HOME_LOST');
});

test('a public file that is missing, altered or of someone else is refused', async () => {
  const { home, lock, vault } = await openHome();
  await createIdentity(lock, vault, counterRandom(40));
  const path = homeLayout(home).identity;
  const good = await readFile(path, 'utf8');
  const other = good.replace(/"statementKey":"../, '"statementKey":"00');
  await writeFile(path, other);
  expect(await argumentCode(loadIdentity(home, vault))).toBe('IDENTITY_MISMATCH');
  for (const text of ['', '{}', good.replace('"1"', '"2"'), good.replace('{', '{ '), `${good}\n`]) {
    await writeFile(path, text);
    expect(await argumentCode(loadIdentity(home, vault))).toBe('IDENTITY_UNREADABLE');
  }
  await rm(path);
  expect(await argumentCode(readPublicIdentity(home))).toBe('IDENTITY_MISSING');
});

test('the secrets of an identity appear in no file, JSON or inspection, and can be wiped', async () => {
  const { home, lock, vault } = await openHome();
  const identity = await createIdentity(lock, vault, counterRandom(40));
  const draws = counterRandom(40);
  const secrets = [draws.bytes(32), draws.bytes(32), draws.bytes(32)];
  expect(identity.hedgeKey.use((key) => key)).toEqual(secrets[2]);
  const texts = [
    inspect(identity, { depth: 12, showHidden: true, getters: true }),
    JSON.stringify(identity),
    inspect(vault, { depth: 12, showHidden: true }),
    ...[...(await readTree(home)).values()].map((bytes) => Buffer.from(bytes).toString('latin1')),
  ];
  for (const secret of secrets.flatMap((bytes) => spellings(bytes))) {
    for (const text of texts) expect(text.includes(secret)).toBe(false);
  }
  wipeIdentity(identity);
  expect([identity.transportSeed.wiped, identity.hedgeKey.wiped]).toEqual([true, true]);
});

test('a sealed identity of another size is refused', async () => {
  const { home, lock, vault } = await openHome();
  await createIdentity(lock, vault, counterRandom(40));
  await vault.seal('identity', 'keys', new Uint8Array(95));
  expect(await argumentCode(loadIdentity(home, vault))).toBe('IDENTITY_MISMATCH');
  await writeFile(join(home, 'sealed', 'identity', 'keys'), 'x');
  expect(await codeOf(loadIdentity(home, vault))).toBe('SEALED_FILE_CORRUPT');
});
