import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppendLog, MAX_RECORD } from '../../../proto/rest/append-log.ts';
import { type Disk, nodeDisk } from '../../../proto/rest/disk.ts';
import { sweepKills } from './child.ts';
import { FullDisk } from './fault-disk.ts';
import { codeOf, counterRandom, errorOf, temporaryHome } from './temporary.ts';

const APPEND = new URL('./children/append.mjs', import.meta.url);
const FILE_HEAD = 32;
const OVERHEAD = 12 + 32;

async function openLog(path: string, disk: Disk = nodeDisk): Promise<{ log: AppendLog; seen: Uint8Array[] }> {
  const seen: Uint8Array[] = [];
  const replay = (payload: Uint8Array): void => {
    seen.push(payload);
  };
  return { log: await AppendLog.open({ path, id: counterRandom().bytes(16), replay, disk }), seen };
}

/** A log of records 1, 2, 3 with 5, 0 and 20 bytes, as a file. */
async function sample(path: string): Promise<Uint8Array> {
  const { log } = await openLog(path);
  for (const length of [5, 0, 20]) await log.append(new Uint8Array(length).fill(length));
  await log.close();
  return new Uint8Array(await readFile(path));
}

test('what was appended is replayed in order, over several openings', async () => {
  const path = join(await temporaryHome(), 'log');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), { maxLength: 4 }),
      async (runs) => {
        await writeFile(path, '');
        await nodeDisk.remove(path);
        const expected: Uint8Array[] = [];
        for (const run of runs) {
          const { log, seen } = await openLog(path);
          expect(seen).toEqual(expected);
          await Promise.all(run.map((payload) => log.append(payload)));
          expected.push(...run);
          await log.close();
        }
        const { log, seen } = await openLog(path);
        expect(seen).toEqual(expected);
        await log.close();
      },
    ),
    { numRuns: 40 },
  );
});

test('the head names the whole history', async () => {
  const path = join(await temporaryHome(), 'log');
  const { log } = await openLog(path);
  const empty = log.head;
  await log.append(new Uint8Array([1]));
  const one = log.head;
  await log.close();
  expect(one).not.toEqual(empty);
  const again = await openLog(path);
  expect(again.log.head).toEqual(one);
  await again.log.close();
});

test('a record larger than the window of the reader is read back', async () => {
  const path = join(await temporaryHome(), 'log');
  const { log } = await openLog(path);
  const large = new Uint8Array(MAX_RECORD).map((_, i) => i & 0xff);
  await log.append(new Uint8Array([1]));
  await log.append(large);
  expect(await codeOf(log.append(new Uint8Array(MAX_RECORD + 1)))).toBe('RECORD_TOO_LARGE');
  await log.append(new Uint8Array([2]));
  await log.close();
  const again = await openLog(path);
  expect(again.seen.map((payload) => payload.length)).toEqual([1, MAX_RECORD, 1]);
  expect(Buffer.compare(again.seen[1] ?? new Uint8Array(0), large)).toBe(0);
  await again.log.close();
});

test('a changed buffer after append changes nothing on disk', async () => {
  const path = join(await temporaryHome(), 'log');
  const { log } = await openLog(path);
  const payload = new Uint8Array([1, 2, 3]);
  const done = log.append(payload);
  payload.fill(9);
  await done;
  await log.close();
  const again = await openLog(path);
  expect(again.seen).toEqual([new Uint8Array([1, 2, 3])]);
  await again.log.close();
});

test('any single byte that differs is refused, and the file stays as it is', async () => {
  const path = join(await temporaryHome(), 'log');
  const good = await sample(path);
  for (let i = 0; i < good.length; i++) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const bad = good.slice();
      bad[i] = (bad[i] ?? 0) ^ mask;
      await writeFile(path, bad);
      const error = await errorOf(openLog(path));
      expect(error.code).toBe('JOURNAL_CORRUPT');
      expect(error.message).toMatch(/at offset (0|32|81|125):/);
      expect(Buffer.compare(await readFile(path), bad)).toBe(0);
    }
  }
});

test('the refusal names the offset of the damaged record', async () => {
  const path = join(await temporaryHome(), 'log');
  const good = await sample(path);
  const second = FILE_HEAD + OVERHEAD + 5;
  const bad = good.slice();
  bad[second + 20] = (bad[second + 20] ?? 0) ^ 4;
  await writeFile(path, bad);
  expect((await errorOf(openLog(path))).message).toContain(`damaged at offset ${second}:`);
});

test('records cannot be dropped, swapped, repeated or taken from another log', async () => {
  const home = await temporaryHome();
  const path = join(home, 'log');
  const good = await sample(path);
  const borders = [FILE_HEAD, FILE_HEAD + OVERHEAD + 5, FILE_HEAD + 2 * OVERHEAD + 5, good.length];
  const part = (i: number): Uint8Array => good.subarray(borders[i], borders[i + 1]);
  const head = good.subarray(0, FILE_HEAD);
  const other = await AppendLog.open({ path: join(home, 'other'), id: new Uint8Array(16), replay: () => undefined });
  await other.append(new Uint8Array(5).fill(5));
  await other.close();
  const foreign = new Uint8Array(await readFile(join(home, 'other'))).subarray(FILE_HEAD);
  for (const order of [[part(1), part(2)], [part(1), part(0), part(2)], [part(0), part(0)], [foreign]]) {
    const bad = Buffer.concat([head, ...order]);
    await writeFile(path, bad);
    expect(await codeOf(openLog(path))).toBe('JOURNAL_CORRUPT');
    expect(Buffer.compare(await readFile(path), bad)).toBe(0);
  }
});

test('cut at any length, whole records are kept, a torn last one goes, and appending continues', async () => {
  const path = join(await temporaryHome(), 'log');
  const good = await sample(path);
  const ends = [FILE_HEAD, FILE_HEAD + OVERHEAD + 5, FILE_HEAD + 2 * OVERHEAD + 5, good.length];
  for (let length = 0; length < FILE_HEAD; length++) {
    await writeFile(path, good.subarray(0, length));
    expect(await codeOf(openLog(path))).toBe('JOURNAL_CORRUPT');
  }
  for (let length = FILE_HEAD; length <= good.length; length++) {
    await writeFile(path, good.subarray(0, length));
    const whole = ends.filter((end) => end <= length);
    const { log, seen } = await openLog(path);
    expect(seen).toHaveLength(whole.length - 1);
    expect(log.tornBytes).toBe(length - (whole.at(-1) ?? 0));
    await log.append(new Uint8Array([7]));
    await log.close();
    const again = await openLog(path);
    expect(again.seen.at(-1)).toEqual(new Uint8Array([7]));
    expect(again.log.tornBytes).toBe(0);
    await again.log.close();
  }
});

test('a tail that the file system left as zeros is torn; any other tail is damage', async () => {
  const path = join(await temporaryHome(), 'log');
  const good = await sample(path);
  const lastStart = FILE_HEAD + 2 * OVERHEAD + 5;
  for (const zeros of [1, 11, 12, 60, 5000]) {
    await writeFile(path, Buffer.concat([good, new Uint8Array(zeros)]));
    const { log, seen } = await openLog(path);
    expect(seen).toHaveLength(3);
    expect(log.tornBytes).toBe(zeros);
    await log.close();
  }
  const halfZero = good.slice();
  halfZero.fill(0, lastStart + 20);
  await writeFile(path, halfZero);
  const { log, seen } = await openLog(path);
  expect(seen).toHaveLength(2);
  await log.close();
  for (const tail of [new Uint8Array(40).fill(1), new Uint8Array([...new Uint8Array(30), 1])]) {
    await writeFile(path, Buffer.concat([good, tail]));
    expect(await codeOf(openLog(path))).toBe('JOURNAL_CORRUPT');
  }
});

test.each(['write', 'sync'] as const)(
  'a full disk at %s stops the log; the next opening has what was acknowledged',
  async (at) => {
    const path = join(await temporaryHome(), 'log');
    const disk = new FullDisk();
    const { log } = await openLog(path, disk);
    await log.append(new Uint8Array([1]));
    disk.failing = at;
    const pending = [log.append(new Uint8Array([2])), log.append(new Uint8Array([3]))];
    const codes = await Promise.all(pending.map((append) => codeOf(append)));
    expect(codes).toEqual(['WRITE_FAILED', 'JOURNAL_STOPPED']);
    disk.failing = 'no';
    expect(await codeOf(log.append(new Uint8Array([4])))).toBe('JOURNAL_STOPPED');
    await log.close();
    const again = await openLog(path);
    expect(again.seen[0]).toEqual(new Uint8Array([1]));
    expect(again.seen.length).toBe(at === 'write' ? 1 : 2);
    await again.log.close();
  },
);

test('an unreadable file is not replaced by a new one', async () => {
  const home = await temporaryHome();
  const path = join(home, 'log');
  await nodeDisk.makeDirectory(path);
  expect(await codeOf(openLog(path))).toBe('READ_FAILED');
  await chmod(path, 0o700);
});

test('after close nothing more is accepted', async () => {
  const { log } = await openLog(join(await temporaryHome(), 'log'));
  const last = log.append(new Uint8Array([1]));
  await log.close();
  await last;
  expect(await codeOf(log.append(new Uint8Array([2])))).toBe('JOURNAL_STOPPED');
});

test('killed at any step, every acknowledged record is there and nothing but whole records follows', async () => {
  const home = await temporaryHome();
  let run = 0;
  const prepare = (): Promise<string> => {
    run += 1;
    return Promise.resolve(join(home, `log-${run}`));
  };
  const killed = await sweepKills(APPEND, prepare, async (path, { lines }) => {
    const { log, seen } = await openLog(path);
    expect(lines).toEqual(['1', '2', '3'].slice(0, lines.length));
    expect(seen).toEqual([1, 2, 3].slice(0, seen.length).map((value) => new Uint8Array(100 * value).fill(value)));
    expect([lines.length, lines.length + 1]).toContain(seen.length);
    await log.append(new Uint8Array([9]));
    await log.close();
  });
  expect(killed).toBeGreaterThanOrEqual(16);
});
