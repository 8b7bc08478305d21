import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppendLog } from '../../../proto/rest/append-log.ts';
import { type LogRecord, RecordLog } from '../../../proto/rest/record-log.ts';
import { codeOf, counterRandom, temporaryHome } from './temporary.ts';

async function openRecords(path: string): Promise<{ log: RecordLog; seen: LogRecord[] }> {
  const seen: LogRecord[] = [];
  const replay = (record: LogRecord): void => {
    seen.push(record);
  };
  return { log: await RecordLog.open({ path, id: counterRandom().bytes(16), replay }), seen };
}

test('records keep their time, kind and bytes over a restart', async () => {
  const record = fc.record({
    at: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    kind: fc.stringMatching(/^[a-z.-]{1,32}$/),
    bytes: fc.uint8Array({ maxLength: 200 }),
  });
  const home = await temporaryHome();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 6 }), async (records) => {
      run += 1;
      const path = join(home, `log-${run}`);
      const { log } = await openRecords(path);
      for (const each of records) await log.append(each);
      const { head } = log;
      await log.close();
      const later = await openRecords(path);
      expect(later.seen).toEqual(records);
      expect(later.log.head).toEqual(head);
      await later.log.close();
    }),
    { numRuns: 30 },
  );
});

test.each([
  ['nothing', new Uint8Array(0)],
  ['half a time', new Uint8Array(5)],
  ['no kind', new Uint8Array(9)],
  ['a kind cut short', new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1, 5, 0x61])],
])('a record with %s is refused like damage', async (_, payload) => {
  const path = join(await temporaryHome(), 'log');
  const log = await AppendLog.open({ path, id: new Uint8Array(16), replay: () => undefined });
  await log.append(payload);
  await log.close();
  expect(await codeOf(openRecords(path))).toBe('JOURNAL_CORRUPT');
});
