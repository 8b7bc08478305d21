import { createCipheriv, pbkdf2Sync, scryptSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { expect, onTestFinished, test } from 'vitest';
import { importedKey, type KeySource, readPrivateKey } from '../../../participant/recovery/private-key.ts';
import { concat, toHex, utf8 } from '../../../protocol/common/bytes.ts';
import { ORDER, scalarToBytes } from '../../../protocol/threshold/math/scalar.ts';
import { vec } from '../../threshold/support/labels.ts';

const KEY = 0x1234567890abcdefn;
const HEX = toHex(scalarToBytes(KEY));

async function fileWith(text: string, mode = 0o600): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'keymoot-key-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'key');
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const source = (file: string, password = 'secret', input?: KeySource['input']): KeySource => ({
  file,
  password: async () => utf8(password),
  ...(input === undefined ? {} : { input }),
});

async function codeOf(given: KeySource): Promise<string> {
  return await readPrivateKey(given).then(
    () => 'none',
    (error: unknown) => (error as { readonly code: string }).code,
  );
}

test.each([HEX, `0x${HEX}`, `${HEX.toUpperCase()}\n`, `  ${HEX}\r\n`])('reads hex digits', async (text) => {
  const secret = await readPrivateKey(source(await fileWith(text)));
  expect(secret.use((x) => x)).toBe(KEY);
  expect(String(secret)).toBe('[secret]');
});

test('reads standard input to its end', async () => {
  async function* input(): AsyncGenerator<Uint8Array> {
    yield utf8(HEX.slice(0, 10));
    yield utf8(HEX.slice(10));
  }
  expect((await readPrivateKey(source('-', '', input()))).use((x) => x)).toBe(KEY);
});

test.each([
  ['zero', '00'.repeat(32)],
  ['the order', ORDER.toString(16)],
  ['more than the order', 'ff'.repeat(32)],
  ['63 digits', HEX.slice(1)],
  ['65 digits', `${HEX}0`],
  ['no hex', 'z'.repeat(64)],
  ['nothing', ''],
])('refuses %s', async (_, text) => {
  expect(await codeOf(source(await fileWith(text)))).toBe('KEY_FILE_MALFORMED');
});

test('refuses a file that others can read, and one that is not there; no message holds the key', async () => {
  const open = await fileWith(HEX, 0o644);
  expect(await codeOf(source(open))).toBe('KEY_FILE_OPEN');
  expect(await codeOf(source(`${open}-absent`))).toBe('READ_FAILED');
  const refused = await readPrivateKey(source(await fileWith(`${HEX}ff`))).catch((error: unknown) => String(error));
  expect(refused).not.toContain(HEX.slice(0, 16));
});

interface Kdf {
  readonly kdf: string;
  readonly kdfparams: object;
  readonly key: Uint8Array;
}

function keystore({ kdf, kdfparams, key }: Kdf, change: object = {}): string {
  const iv = vec('iv').slice(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key.slice(0, 16), iv);
  const ciphertext = new Uint8Array(Buffer.concat([cipher.update(scalarToBytes(KEY)), cipher.final()]));
  const crypto = {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: toHex(iv) },
    ciphertext: toHex(ciphertext),
    kdf,
    kdfparams,
    mac: toHex(keccak_256(concat(key.slice(16, 32), ciphertext))),
    ...change,
  };
  return JSON.stringify({ version: 3, id: 'e13b209c-3b2f-4327-bab0-3bef2e51630d', address: '00', crypto });
}

const salt = vec('salt');
const scrypt = (n: number): Kdf => ({
  kdf: 'scrypt',
  kdfparams: { dklen: 32, n, r: 8, p: 1, salt: toHex(salt) },
  key: new Uint8Array(scryptSync('secret', salt, 32, { N: n, r: 8, p: 1 })),
});
const pbkdf2 = (): Kdf => ({
  kdf: 'pbkdf2',
  kdfparams: { dklen: 32, c: 1000, prf: 'hmac-sha256', salt: toHex(salt) },
  key: new Uint8Array(pbkdf2Sync('secret', salt, 1000, 32, 'sha256')),
});

test.each([
  ['scrypt', scrypt(4096)],
  ['pbkdf2', pbkdf2()],
])('reads a version 3 keystore with %s', async (_, kdf) => {
  const file = await fileWith(keystore(kdf));
  expect((await readPrivateKey(source(file))).use((x) => x)).toBe(KEY);
  expect(await codeOf(source(file, 'wrong'))).toBe('KEY_FILE_PASSWORD');
});

/** The test vector of the Web3 Secret Storage definition. */
test('reads the published keystore', async () => {
  const text = JSON.stringify({
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
      ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
      kdf: 'pbkdf2',
      kdfparams: {
        c: 262144,
        dklen: 32,
        prf: 'hmac-sha256',
        salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
      },
      mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
    },
    id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
    version: 3,
  });
  const secret = await readPrivateKey(source(await fileWith(text), 'testpassword'));
  expect(secret.use(scalarToBytes)).toEqual(
    new Uint8Array(Buffer.from('7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d', 'hex')),
  );
});

test.each([
  [
    'a cost that would exhaust the machine',
    { ...scrypt(1024), kdfparams: { dklen: 32, n: 2 ** 24, r: 8, p: 1, salt: '00' } },
  ],
  ['a cost that is no power of two', { ...scrypt(1024), kdfparams: { dklen: 32, n: 1000, r: 8, p: 1, salt: '00' } }],
  ['another function', { ...scrypt(1024), kdf: 'md5' }],
  ['no salt', { ...scrypt(1024), kdfparams: { dklen: 32, n: 1024, r: 8, p: 1 } }],
])('refuses a keystore with %s', async (_, kdf) => {
  expect(await codeOf(source(await fileWith(keystore(kdf))))).toBe('KEY_FILE_MALFORMED');
});

test('what an import says of the key', async () => {
  const secret = await readPrivateKey(source(await fileWith('00'.repeat(31).concat('01'))));
  const { address, publicKey, chainCodeHash } = importedKey(secret, vec('chain code'));
  expect(toHex(address)).toBe('7e5f4552091a69125d5dfcb7b8c2659029395bdf');
  expect(publicKey).toHaveLength(33);
  expect(chainCodeHash).toHaveLength(32);
});
