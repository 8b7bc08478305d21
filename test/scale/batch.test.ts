/**
 * `inspect --batch` of the real program on a long input: every line answered in order, in memory that does not grow
 * with it. KEYMOOT_BATCH_MB=1024 makes it a gigabyte.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { calling, FRIEND, hex, TOKEN, transfer } from '../payload/support/payloads.ts';

const MEGABYTES = Number(process.env['KEYMOOT_BATCH_MB'] ?? '24');
/** Far below the input of the long run; the program alone takes about 100 MB. */
const MOST_RESIDENT_MB = 450;
const MOST_HEAP_MB = 160;

const call = (size: number): string => hex(calling(FRIEND, `0xdeadbeef${'5a'.repeat(size)}`).bytes);

/** A block of about 3 MB: token transfers, calls with much data, garbage; a line above every limit now and then. */
const BLOCK: readonly (readonly [line: string, answer: string])[] = [
  ...Array.from({ length: 200 }, (_, i) => [hex(calling(TOKEN, transfer(FRIEND, BigInt(i))).bytes), 'ok'] as const),
  ...Array.from({ length: 28 }, (_, i) => [call(50_000 + i), 'ok'] as const),
  ['{"kind":', 'INSPECT_JSON'],
];
const HUGE = ['7'.repeat(10 * 1024 * 1024), 'PAYLOAD_TOO_LARGE'] as const;

function* input(): Generator<readonly [string, string]> {
  let bytes = 0;
  for (let block = 0; bytes < MEGABYTES * 1024 * 1024; block++) {
    const lines = block % 8 === 0 ? [...BLOCK, HUGE] : BLOCK;
    for (const entry of lines) {
      bytes += entry[0].length + 1;
      yield entry;
    }
  }
}

function residentMegabytes(pid: number | undefined): number {
  const kilobytes = /VmHWM:\s+([0-9]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

test.skipIf(process.platform !== 'linux')(
  `a batch of ${MEGABYTES} MB, line by line, in bounded memory`,
  { timeout: 60_000 + MEGABYTES * 3000 },
  async () => {
    const program = new URL('../../dist/cli.js', import.meta.url).pathname;
    const args = [`--max-old-space-size=${MOST_HEAP_MB}`, program, 'inspect', '--batch', '-', '--progress'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    const expected: string[] = [];
    const wrong: string[] = [];
    let answered = 0;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const answer = line.startsWith('{"ok":true,')
        ? 'ok'
        : (/"code":"([A-Z0-9_]+)"/.exec(line)?.[1] ?? line.slice(0, 80));
      if (expected[answered] !== answer) wrong.push(`${answered}: ${answer}`);
      answered++;
    });
    const ended = once(lines, 'close');
    const began = performance.now();
    for (const [line, answer] of input()) {
      expected.push(answer);
      if (!child.stdin.write(`${line}\n`)) await once(child.stdin, 'drain');
    }
    const resident = residentMegabytes(child.pid);
    const exit = once(child, 'exit');
    child.stdin.end();
    await ended;
    const [code] = (await exit) as [number];
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(
      `${MEGABYTES} MB, ${answered} lines in ${seconds.toFixed(0)} s, at most ${resident.toFixed(0)} MB resident`,
    );
    expect([code, wrong, answered]).toEqual([0, [], expected.length]);
    expect(told).toMatch(new RegExp(`(^|\\n)${answered} payloads, [0-9]+ a second, [0-9]+ refused\\n$`));
    expect(resident).toBeLessThan(MOST_RESIDENT_MB);
  },
);
