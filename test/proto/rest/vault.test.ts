import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Vault } from '../../../proto/rest/vault.ts';
import { FullDisk } from './fault-disk.ts';
import { codeOf, counterRandom, errorOf, readTree, spellings, temporaryHome } from './temporary.ts';

const PASSPHRASE = new TextEncoder().encode('correct horse battery');
const SECRET = new Uint8Array(32).map((_, i) => 200 - 3 * i);

async function sampleVault(): Promise<{ home: string; vault: Vault }> {
  const home = await temporaryHome();
  const vault = await Vault.create(home, PASSPHRASE, counterRandom(), { weakLogN: 14 });
  return { home, vault };
}

function reopen(home: string, passphrase: Uint8Array = PASSPHRASE): Promise<Vault> {
  return Vault.open(home, passphrase, counterRandom(500));
}

/** The vault file with another byte at `index`, its public checksum made to fit again. */
function withByte(file: Uint8Array, index: number, value: number): Uint8Array {
  const changed = file.slice();
  changed[index] = value;
  const checksum = createHash('sha256').update(changed.subarray(0, -12)).digest().subarray(0, 12);
  changed.set(checksum, changed.length - 12);
  return changed;
}

test('what is sealed opens again, also in a later process; a new version replaces the old', async () => {
  const { home, vault } = await sampleVault();
  await vault.seal('key', 'a.b-1', SECRET);
  await vault.seal('key', 'empty', new Uint8Array(0));
  await vault.seal('key', 'a.b-1', new Uint8Array([1, 2]));
  const later = await reopen(home);
  expect(later.weak).toBe(true);
  expect(await later.open('key', 'a.b-1')).toEqual(new Uint8Array([1, 2]));
  expect(await later.open('key', 'empty')).toEqual(new Uint8Array(0));
  expect(await later.list('key')).toEqual(['a.b-1', 'empty']);
  expect(await later.list('none')).toEqual([]);
  expect([await later.has('key', 'empty'), await later.has('key', 'other')]).toEqual([true, false]);
  await later.remove('key', 'empty');
  await later.remove('key', 'empty');
  expect(await codeOf(later.open('key', 'empty'))).toBe('SEALED_FILE_MISSING');
});

test('a production vault uses scrypt with N = 2^18 and says that it is not weak', async () => {
  const home = await temporaryHome();
  const vault = await Vault.create(home, PASSPHRASE, counterRandom());
  expect(vault.weak).toBe(false);
  expect((await readFile(join(home, 'vault')))[9]).toBe(18);
  await vault.seal('key', 'a', SECRET);
  const later = await reopen(home);
  expect(await later.open('key', 'a')).toEqual(SECRET);
});

test('a wrong passphrase is told from a damaged file', async () => {
  const { home } = await sampleVault();
  for (const wrong of ['correct horse batter', 'correct horse battery ', 'Correct horse battery', '']) {
    expect(await codeOf(reopen(home, new TextEncoder().encode(wrong)))).toBe('WRONG_PASSPHRASE');
  }
});

test('any single byte of the vault file that differs is damage, and the file stays as it is', async () => {
  const { home } = await sampleVault();
  const path = join(home, 'vault');
  const good = new Uint8Array(await readFile(path));
  expect(good).toHaveLength(144);
  for (let i = 0; i < good.length; i++) {
    const bad = good.slice();
    bad[i] = (bad[i] ?? 0) ^ (1 << (i % 8));
    await writeFile(path, bad);
    expect(await codeOf(reopen(home))).toBe('SEALED_FILE_CORRUPT');
    expect(new Uint8Array(await readFile(path))).toEqual(bad);
  }
  for (const bad of [
    good.subarray(1),
    good.subarray(0, -1),
    Buffer.concat([good, new Uint8Array(1)]),
    new Uint8Array(0),
  ]) {
    await writeFile(path, bad);
    expect(await codeOf(reopen(home))).toBe('SEALED_FILE_CORRUPT');
  }
});

test('a rewritten head can neither weaken the derivation nor exhaust the machine', async () => {
  const { home } = await sampleVault();
  const path = join(home, 'vault');
  const good = new Uint8Array(await readFile(path));
  const attempts: [number, number, string][] = [
    [9, 13, 'KDF_REFUSED'],
    [9, 1, 'KDF_REFUSED'],
    [9, 20, 'KDF_REFUSED'],
    [9, 255, 'KDF_REFUSED'],
    // Strong cost under the weak flag, and the weak cost without it.
    [9, 18, 'KDF_REFUSED'],
    [8, 0, 'KDF_REFUSED'],
    // Unknown flags, other r and p.
    [8, 3, 'SEALED_FILE_CORRUPT'],
    [10, 1, 'SEALED_FILE_CORRUPT'],
    [11, 255, 'SEALED_FILE_CORRUPT'],
    // An acceptable cost that is not the one the key was wrapped under; another vault id, salt and nonce.
    [9, 15, 'WRONG_PASSPHRASE'],
    [12, 0x77, 'WRONG_PASSPHRASE'],
    [30, 0x77, 'WRONG_PASSPHRASE'],
    [70, 0x77, 'WRONG_PASSPHRASE'],
  ];
  for (const [index, value, code] of attempts) {
    await writeFile(path, withByte(good, index, value));
    expect([index, value, await codeOf(reopen(home))]).toEqual([index, value, code]);
  }
});

test.each([13, 17, 18, 20, 14.5, Number.NaN])('a weak vault cannot be made with N = 2^%d', async (weakLogN) => {
  const home = await temporaryHome();
  expect(await codeOf(Vault.create(home, PASSPHRASE, counterRandom(), { weakLogN }))).toBe('KDF_REFUSED');
  expect((await readTree(home)).size).toBe(0);
});

test('a short passphrase and a second vault are refused', async () => {
  const { home } = await sampleVault();
  expect(await codeOf(Vault.create(home, PASSPHRASE, counterRandom(), { weakLogN: 14 }))).toBe('FILE_EXISTS');
  const other = await temporaryHome();
  expect(await codeOf(Vault.create(other, new Uint8Array(7), counterRandom(), { weakLogN: 14 }))).toBe(
    'PASSPHRASE_TOO_SHORT',
  );
  expect(await codeOf(reopen(other))).toBe('SEALED_FILE_MISSING');
});

test('any single byte of a sealed file that differs is damage, and the file stays as it is', async () => {
  const { home, vault } = await sampleVault();
  await vault.seal('key', 'a', SECRET);
  const path = join(home, 'sealed', 'key', 'a');
  const good = new Uint8Array(await readFile(path));
  for (let i = 0; i < good.length; i++) {
    for (const mask of [1 << (i % 8), 0xff]) {
      const bad = good.slice();
      bad[i] = (bad[i] ?? 0) ^ mask;
      await writeFile(path, bad);
      expect(await codeOf(vault.open('key', 'a'))).toBe('SEALED_FILE_CORRUPT');
      expect(new Uint8Array(await readFile(path))).toEqual(bad);
    }
  }
  for (let length = 0; length < good.length; length++) {
    await writeFile(path, good.subarray(0, length));
    expect(await codeOf(vault.open('key', 'a'))).toBe('SEALED_FILE_CORRUPT');
  }
  await writeFile(path, good);
  expect(await vault.open('key', 'a')).toEqual(SECRET);
});

test('a sealed file cannot stand in for another id, another kind or another home', async () => {
  const { home, vault } = await sampleVault();
  const { home: otherHome, vault: other } = await sampleVault();
  await vault.seal('key', 'a', SECRET);
  await other.seal('key', 'a', SECRET);
  const source = join(home, 'sealed', 'key', 'a');
  for (const [target, open] of [
    [join(home, 'sealed', 'key', 'b'), () => vault.open('key', 'b')],
    [join(home, 'sealed', 'identity', 'a'), () => vault.open('identity', 'a')],
  ] as const) {
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target);
    expect(await codeOf(open())).toBe('SEALED_FILE_CORRUPT');
  }
  await copyFile(join(otherHome, 'vault'), join(home, 'vault-of-other'));
  const third = await Vault.create(await temporaryHome(), PASSPHRASE, counterRandom(77), { weakLogN: 14 });
  await third.seal('key', 'a', new Uint8Array(1));
  await copyFile(source, join(third.home, 'sealed', 'key', 'a'));
  expect(await codeOf(third.open('key', 'a'))).toBe('SEALED_FILE_CORRUPT');
});

test.each(['', '../vault', 'a/b', 'A', 'a b', '.hidden', 'a..b', 'ä', 'a\0', 'x'.repeat(151)])(
  '%j is no name of a sealed file',
  async (name) => {
    const { vault } = await sampleVault();
    await expect(vault.seal('key', name, SECRET)).rejects.toThrow(RangeError);
    await expect(vault.open(name, 'a')).rejects.toThrow(RangeError);
  },
);

test('a full disk keeps the old version', async () => {
  const home = await temporaryHome();
  const disk = new FullDisk();
  const vault = await Vault.create(home, PASSPHRASE, counterRandom(), { weakLogN: 14, disk });
  await vault.seal('key', 'a', SECRET);
  disk.failing = 'write';
  expect(await codeOf(vault.seal('key', 'a', new Uint8Array([9])))).toBe('WRITE_FAILED');
  disk.failing = 'no';
  expect(await vault.open('key', 'a')).toEqual(SECRET);
  expect(await vault.list('key')).toEqual(['a']);
});

test('after wipe nothing opens any more', async () => {
  const { vault } = await sampleVault();
  await vault.seal('key', 'a', SECRET);
  vault.wipe();
  expect(await codeOf(vault.open('key', 'a'))).toBe('VAULT_WIPED');
  expect(await codeOf(vault.seal('key', 'a', SECRET))).toBe('VAULT_WIPED');
});

test('secrets appear in no file, no JSON, no inspection and no error', async () => {
  const { home, vault } = await sampleVault();
  // The fourth draw of the vault is its data key.
  const draws = counterRandom();
  const dataKey = [16, 32, 24, 32].map((length) => draws.bytes(length)).at(-1) ?? new Uint8Array(0);
  await vault.seal('key', 'a', SECRET);
  await writeFile(join(home, 'sealed', 'key', 'bad'), SECRET);
  const wrong = await errorOf(reopen(home, new TextEncoder().encode('a passphrase that is wrong')));
  const corrupt = await errorOf(vault.open('key', 'bad'));
  const texts = [wrong, corrupt, vault].flatMap((value) => [
    inspect(value, { depth: 12, showHidden: true, getters: true }),
    JSON.stringify({ value }),
  ]);
  texts.push(wrong.stack ?? '', corrupt.stack ?? '');
  const tree = [...(await readTree(home))].filter(([name]) => !name.endsWith('bad'));
  texts.push(...tree.map(([, bytes]) => Buffer.from(bytes).toString('latin1')));
  const forbidden = [SECRET, dataKey, PASSPHRASE, new TextEncoder().encode('a passphrase that is wrong')];
  for (const secret of forbidden.flatMap((bytes) => spellings(bytes))) {
    for (const text of texts) expect(text.includes(secret)).toBe(false);
  }
});
