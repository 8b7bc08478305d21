/** The built demo, run as a person runs it, and its report checked by means of its own: other libraries, other processes. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import {
  getAddress,
  type Hex,
  hexToBytes,
  parseTransaction,
  recoverTransactionAddress,
  serializeTransaction,
} from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');
/** The demo takes about half a minute on an idle machine; a loaded one gets many times that. */
const DEADLINE = 400_000;

interface Report {
  readonly roster: string;
  readonly wallet: {
    readonly address: string;
    readonly publicKey: Hex;
    readonly threshold: number;
    readonly parties: number;
  };
  readonly signed: readonly {
    readonly ceremony: string;
    readonly kind: string;
    readonly rawTransaction: Hex;
    readonly transactionHash: Hex;
    readonly transcript: string;
    readonly digest?: Hex;
    readonly signature?: Hex;
  }[];
  readonly refused: readonly {
    readonly case: string;
    readonly ceremony: string;
    readonly reasons: readonly { readonly party: number; readonly code: string; readonly detail: string }[];
    readonly transcript: string;
  }[];
}

const work = mkdtempSync(join(tmpdir(), 'keymoot-e2e-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

function keymoot(...args: readonly string[]) {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
}

/** Runs the demo; `onOutput` sees everything it has printed so far. */
function runDemo(
  args: readonly string[],
  onOutput: (output: string, interrupt: () => void) => void = () => undefined,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [CLI, 'demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk: string): void => {
      output += chunk;
      onOutput(output, () => child.kill('SIGINT'));
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.once('error', fail);
    child.once('close', (code) => done({ code, output }));
  });
}

/** Compressed public key that made this 65-byte r, s, v signature, by another library than the product's paths use. */
function signerOf(hash: Uint8Array, r: Hex, s: Hex, parity: number): Hex {
  const bytes = Uint8Array.from([parity, ...hexToBytes(r, { size: 32 }), ...hexToBytes(s, { size: 32 })]);
  return `0x${Buffer.from(secp256k1.recoverPublicKey(bytes, hash, { prehash: false })).toString('hex')}`;
}

function addressOf(publicKey: Hex): string {
  const point = secp256k1.Point.fromHex(publicKey.slice(2)).toBytes(false);
  return getAddress(`0x${Buffer.from(keccak_256(point.subarray(1)).subarray(12)).toString('hex')}`);
}

describe('the whole story', () => {
  const file = join(work, 'out.json');
  let report: Report;
  let output = '';

  beforeAll(async () => {
    const run = await runDemo(['--json', file]);
    output = run.output;
    expect(run.code, output).toBe(0);
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  }, DEADLINE);

  test('says what it proved at every step, in plain ASCII', () => {
    expect(output.match(/=> PROVED/g)).toHaveLength(11);
    expect(output).toContain('SUMMARY');
    expect(output).not.toMatch(/[^\x20-\x7e\n]|\\u\{|undefined|\[object/);
  });

  test('the wallet’s address is that of its public key', () => {
    expect(addressOf(report.wallet.publicKey)).toBe(report.wallet.address);
    expect(report.wallet).toMatchObject({ threshold: 2, parties: 3 });
  });

  test('every raw transaction recovers to the wallet, by viem and by noble', async () => {
    expect(report.signed.map((entry) => entry.kind)).toEqual(['evm-transaction', 'evm-typed-data', 'evm-transaction']);
    for (const { rawTransaction, transactionHash } of report.signed) {
      const serializedTransaction = rawTransaction as `0x02${string}`;
      expect(await recoverTransactionAddress({ serializedTransaction })).toBe(report.wallet.address);
      expect(`0x${Buffer.from(keccak_256(hexToBytes(rawTransaction))).toString('hex')}`).toBe(transactionHash);
      const signed = parseTransaction(serializedTransaction);
      const { r, s, yParity } = signed;
      const fields = Object.entries(signed).filter(([name]) => !['r', 's', 'v', 'yParity'].includes(name));
      const unsigned = Object.fromEntries(fields) as typeof signed;
      const hash = keccak_256(hexToBytes(serializeTransaction(unsigned)));
      expect(signerOf(hash, r ?? '0x', s ?? '0x', yParity ?? 0)).toBe(report.wallet.publicKey);
    }
  });

  test('the signature over the Safe transaction is the wallet’s', () => {
    const typed = report.signed.filter((entry) => entry.kind === 'evm-typed-data');
    expect(typed).toHaveLength(1);
    for (const { digest = '0x', signature = '0x' } of typed) {
      const [r, s, v] = [signature.slice(2, 66), signature.slice(66, 130), Number.parseInt(signature.slice(130), 16)];
      expect(signerOf(hexToBytes(digest), `0x${r}`, `0x${s}`, v - 27)).toBe(report.wallet.publicKey);
    }
  });

  test('every attack was refused by every party, for its reason', () => {
    const cases = report.refused.map((entry) => entry.case);
    expect(cases).toEqual([
      'bybit-delegatecall',
      'two-payloads-one-nonce',
      'two-payloads-one-nonce',
      'altered-after-consent',
      'altered-after-consent',
    ]);
    for (const { case: name, reasons } of report.refused) {
      const wanted = name === 'bybit-delegatecall' ? 'DELEGATECALL_UNTRUSTED' : 'OPERATOR_EQUIVOCATION';
      const parties = reasons
        .filter(({ code, detail }) => `${code} ${detail}`.includes(wanted))
        .map(({ party }) => party);
      expect(new Set(parties), name).toEqual(new Set([1, 2, 3]));
    }
  });

  test('an auditor verifies all transcripts with the roster, and none without it', () => {
    const transcripts = [...report.signed, ...report.refused].map((entry) => entry.transcript);
    expect(new Set(transcripts).size).toBe(8);
    const verified = keymoot('audit', 'verify', ...transcripts, '--roster', report.roster);
    expect(verified.status, verified.stderr).toBe(0);
    expect(verified.stdout).toContain('8 of 8 transcripts verified');
    const unanchored = keymoot('audit', 'verify', ...transcripts);
    expect(unanchored.status).toBe(1);
    expect(unanchored.stderr).toContain('UNANCHORED');
  });

  test('one changed character in a refusal and the auditor notices', () => {
    const [refusal] = report.refused;
    const text = readFileSync(refusal?.transcript ?? '', 'utf8');
    const changed = join(work, 'changed.jsonl');
    const at = Math.floor(text.length / 2);
    writeFileSync(changed, `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`);
    expect(keymoot('audit', 'verify', changed, '--roster', report.roster).status).toBe(1);
  });
});

test(
  'an interrupted demo leaves no process behind',
  async () => {
    const pids: number[] = [];
    const run = await runDemo([], (output, interrupt) => {
      if (pids.length > 0) return;
      const line = /Processes: ada (\d+), ben (\d+), cleo (\d+), coordinator (\d+)/.exec(output);
      if (line === null) return;
      pids.push(...line.slice(1).map(Number));
      interrupt();
    });
    expect(run.code, run.output).toBe(130);
    expect(pids).toHaveLength(4);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  },
  DEADLINE,
);

test('a directory that holds something already is not used', () => {
  writeFileSync(join(work, 'mine'), 'keep me');
  const run = keymoot('demo', '--keep', work);
  expect(run.status).toBe(1);
  expect(run.stderr).toContain('KEEP_NOT_EMPTY');
  expect(readFileSync(join(work, 'mine'), 'utf8')).toBe('keep me');
});

test('an unknown option is a usage mistake', () => {
  expect(keymoot('demo', '--fast').status).toBe(2);
});
