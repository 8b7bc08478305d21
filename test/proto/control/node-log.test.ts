import { expect, test } from 'vitest';
import { nodeLog } from '../../../proto/control/node-log.ts';

function logged(): {
  readonly lines: string[];
  note(code: string, detail: string): void;
  wait(milliseconds: number): void;
} {
  const lines: string[] = [];
  let time = 1_795_000_000_000;
  const note = nodeLog(
    (line) => lines.push(line),
    () => time,
  );
  const wait = (milliseconds: number): void => {
    time += milliseconds;
  };
  return { lines, note, wait };
}

test('an event is one line of visible ASCII, however long and whatever is in it', () => {
  const { lines, note } = logged();
  note('STATEMENT_MALFORMED', 'a\n2026-11-21T00:00:00.000Z ROLLBACK_SUSPECTED forged\r\u001b[2J\u202e');
  note('STATEMENT_MALFORMED', 'x'.repeat(100_000));
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(line.length).toBeLessThanOrEqual(1_000);
  }
});

test('a flood of one kind is counted, not written, and hides nothing else', () => {
  const { lines, note, wait } = logged();
  for (let i = 0; i < 5_000; i++) note('STATEMENT_SIGNATURE', `from party:3, ${i}`);
  note('ROLLBACK_SUSPECTED', 'here');
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toContain('ROLLBACK_SUSPECTED here');
  wait(60_000);
  note('STATEMENT_SIGNATURE', 'again');
  expect(lines.at(-2)).toContain('4900 more');
  expect(lines.at(-1)).toContain('again');
});

test('goes on when the clock is set back', () => {
  const { lines, note, wait } = logged();
  for (let i = 0; i < 200; i++) note('PEER_UP', 'party:2');
  wait(-3_600_000);
  note('PEER_UP', 'party:2');
  expect(lines.at(-1)).toContain('party:2');
  expect(lines).toHaveLength(102);
});
