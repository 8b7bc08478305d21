import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Exchange } from '../../../participant/ceremonies/exchange.ts';
import { LOG_STATEMENT } from '../../../participant/home.ts';
import { Members } from '../../../proto/link/members.ts';
import type { Link } from '../../../proto/link/node.ts';
import { type LogRecord, RecordLog } from '../../../proto/rest/record-log.ts';
import { CeremonyBook } from '../../../protocol/ceremony/book.ts';
import { members as rosterMembers } from '../../../protocol/ceremony/roster.ts';
import { parseEnvelope, type Statement } from '../../../protocol/ceremony/statement.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { answer, keyOf, LIFE, NOW, propose, ROSTER, withdraw } from '../../ceremony/support/members.ts';
import { FullDisk } from '../../proto/rest/fault-disk.ts';
import { temporaryHome } from '../../proto/rest/temporary.ts';
import { must } from '../../support/must.ts';

const proposal = propose();
const verdict = answer(proposal, 2);
const OTHERS = ['party:2', 'party:3', 'operator:ops'];

/** The exchange of party 1, with a real log, and a link that writes down what is handed to it. */
async function exchanging(now = NOW) {
  const path = join(await temporaryHome(), 'log');
  const disk = new FullDisk();
  const log = await RecordLog.open({ path, id: new Uint8Array(16), replay: () => undefined, disk });
  onTestFinished(() => log.close());
  const keys = new Map(
    [...rosterMembers(ROSTER)].filter(([name]) => OTHERS.includes(name)).map(([name, m]) => [name, m.transportKey]),
  );
  const happened: string[] = [];
  const nameOf = (key: Uint8Array): string => [...keys].find(([, known]) => toHex(known) === toHex(key))?.[0] ?? '?';
  const link = {
    connected: () => [...keys.values()],
    send: async (to: Uint8Array, frame: { readonly kind: string; readonly envelope: Uint8Array }) => {
      happened.push(`${nameOf(to)} ${must(parseEnvelope(frame.envelope)).type.split('.')[1] ?? ''}`);
    },
  } as unknown as Link;
  const book = new CeremonyBook(ROSTER);
  const exchange = new Exchange({
    book,
    log,
    clock: { now: () => now, monotonic: () => 0, after: () => () => undefined },
    members: () => new Members(link, keys, () => undefined),
    past: [],
    react: async (item) => void happened.push(`react ${item.kind}`),
    refused: (from, code) => void happened.push(`refused ${from} ${code}`),
  });
  const logged = async (): Promise<readonly LogRecord[]> => {
    const records: LogRecord[] = [];
    await log.close();
    const copy = await RecordLog.open({ path, id: new Uint8Array(16), replay: (record) => void records.push(record) });
    await copy.close();
    return records;
  };
  return { book, disk, exchange, happened, logged };
}

const bytesOf = (statement: Statement<unknown>): Uint8Array => statement.envelope.bytes;

describe('a statement that comes in', () => {
  test('is logged, told to everybody but its sender, and reacted to, once', async () => {
    const { exchange, happened, logged } = await exchanging();
    await exchange.receive(bytesOf(proposal), 'operator:ops');
    expect(happened).toEqual(['party:2 proposal', 'party:3 proposal', 'react proposal']);
    await exchange.receive(bytesOf(proposal), 'party:2');
    await exchange.receive(bytesOf(proposal), 'operator:ops');
    expect(happened).toHaveLength(3);
    expect(await logged()).toEqual([{ at: NOW, kind: LOG_STATEMENT, bytes: bytesOf(proposal) }]);
  });

  test('may come from anybody: a party hears of the strictest verdict though its author cannot reach it', async () => {
    const { book, exchange, happened } = await exchanging();
    await exchange.receive(bytesOf(proposal), 'party:3');
    await exchange.receive(bytesOf(verdict), 'party:3');
    expect(book.get(proposal.digest)?.ceremony.verdicts.has(2)).toBe(true);
    expect(happened).toContain('party:2 verdict');
    expect(happened).not.toContain('party:3 verdict');
  });

  test('that nobody signed, or that is no envelope, is noted with its sender and goes nowhere', async () => {
    const { exchange, happened, logged } = await exchanging();
    const forged = withdraw(proposal, 'party:3');
    await exchange.receive(new TextEncoder().encode('{}'), 'party:2');
    await exchange.receive(new Uint8Array(), 'party:3');
    const text = new TextDecoder().decode(bytesOf(forged));
    const other = text.replace(/"sig":"../, '"sig":"AA');
    expect(other).not.toBe(text);
    await exchange.receive(new TextEncoder().encode(other), 'party:2');
    expect(happened).toEqual([
      'refused party:2 STATEMENT_MALFORMED',
      'refused party:3 STATEMENT_MALFORMED',
      'refused party:2 STATEMENT_SIGNATURE',
    ]);
    expect(await logged()).toEqual([]);
  });

  test('before its proposal waits, and is told on with it', async () => {
    const { exchange, happened } = await exchanging();
    await exchange.receive(bytesOf(verdict), 'party:2');
    expect(happened).toEqual([]);
    await exchange.receive(bytesOf(proposal), 'operator:ops');
    expect(happened.filter((item) => item.startsWith('react'))).toEqual(['react proposal', 'react verdict']);
    expect(happened).toContain('party:3 verdict');
  });
});

describe('an own statement', () => {
  test('that the disk refuses does not leave', async () => {
    const { disk, exchange, happened } = await exchanging();
    await exchange.receive(bytesOf(proposal), 'operator:ops');
    happened.length = 0;
    disk.failing = 'sync';
    await expect(exchange.exclusively(() => exchange.publish(answer(proposal, 1)))).rejects.toThrow();
    expect(happened).toEqual([]);
  });

  test('that the book refuses is a bug, said as one', async () => {
    const { exchange } = await exchanging();
    await exchange.receive(bytesOf(proposal), 'operator:ops');
    const foreign = answer(proposal, 1, { attempt: 2 });
    await expect(exchange.exclusively(() => exchange.publish(foreign))).rejects.toMatchObject({
      code: 'BUG_OWN_STATEMENT',
    });
  });

  test('left in the journal only is taken up again', async () => {
    const { book, exchange, happened } = await exchanging();
    await exchange.receive(bytesOf(proposal), 'operator:ops');
    await exchange.restore(bytesOf(answer(proposal, 1)));
    expect(book.get(proposal.digest)?.ceremony.verdicts.has(1)).toBe(true);
    expect(happened).toContain('operator:ops verdict');
  });
});

test('one thing at a time, and a failure holds up nothing', async () => {
  const { exchange } = await exchanging();
  const order: number[] = [];
  const first = exchange.exclusively(async () => {
    await Promise.resolve();
    order.push(1);
    throw new Error('no');
  });
  const second = exchange.exclusively(async () => void order.push(2));
  await expect(first).rejects.toThrow('no');
  await second;
  expect(order).toEqual([1, 2]);
});

test('a member that comes back hears what may still be open, and nothing that is long over', async () => {
  const { exchange, happened } = await exchanging();
  const all = [
    proposal,
    verdict,
    answer(proposal, 2, { nonce: keyOf('x').publicKey.slice(0, 16) }),
    withdraw(proposal, 'party:2'),
  ];
  for (const statement of all) await exchange.receive(bytesOf(statement), 'party:2');
  happened.length = 0;
  await exchange.sync('party:3');
  expect(happened).toEqual(['proposal', 'verdict', 'verdict', 'withdrawal'].map((kind) => `party:3 ${kind}`));
  const later = await exchanging(NOW + LIFE + 601);
  for (const statement of all) later.book.apply(statement.envelope, NOW);
  await later.exchange.sync('party:3');
  expect(later.happened).toEqual([]);
});
