/**
 * The life of a key, run as a person runs it by the built demo, and its report checked by means of its own: one address
 * from the first day to the last, every transaction the wallet's, and an audit that is given one fingerprint only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { type Hex, hexToBytes, parseTransaction, recoverTransactionAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');
/** Some two minutes on an idle machine with two cores; a loaded one gets many times that. */
const DEADLINE = 1_200_000;

interface Step {
  readonly name: string;
  readonly ceremony: string;
  readonly ending: string;
  readonly address: string;
  readonly roster: number;
  readonly threshold: number;
  readonly parties: readonly string[];
  readonly signers: readonly number[];
  readonly epoch?: string;
  readonly rawTransaction?: Hex;
  readonly transactionHash?: string;
  readonly transcript: string;
}

interface Report {
  readonly story: string;
  readonly roster: string;
  readonly fingerprint: string;
  readonly rosters: readonly string[];
  readonly wallet: { readonly address: string };
  readonly steps: readonly Step[];
  readonly refused: readonly {
    readonly case: string;
    readonly reasons: readonly { readonly party: number; readonly code: string }[];
  }[];
  readonly transcripts: readonly string[];
}

const work = mkdtempSync(join(tmpdir(), 'keymoot-lifecycle-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const file = join(work, 'out.json');
let report: Report;
let output = '';

beforeAll(async () => {
  const code = await new Promise<number | null>((done, fail) => {
    const args = [CLI, 'demo', '--story', 'lifecycle', '--json', file];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    child.once('error', fail);
    child.once('close', done);
  });
  expect(code, output).toBe(0);
  report = JSON.parse(readFileSync(file, 'utf8')) as Report;
}, DEADLINE);

function audit(transcripts: readonly string[], roster: string, ...more: readonly string[]) {
  return spawnSync(process.execPath, [CLI, 'audit', 'verify', ...transcripts, '--roster', roster, ...more], {
    encoding: 'utf8',
  });
}

function stepsNamed(...names: readonly string[]): readonly Step[] {
  return names.map((name) => {
    const found = report.steps.find((step) => step.name === name);
    if (found === undefined) throw new Error(`the report has no step "${name}"`);
    return found;
  });
}

test('says what it proved at every step, in plain ASCII', () => {
  expect(output.match(/=> PROVED/g)).toHaveLength(6);
  expect(output).toContain('SUMMARY');
  expect(output).not.toMatch(/[^\x20-\x7e\n]|\\u\{|undefined|\[object/);
});

describe('the key', () => {
  test('has one address through four epochs and three rosters', () => {
    expect(new Set(report.steps.map((step) => step.address))).toEqual(new Set([report.wallet.address]));
    const changes = stepsNamed('keygen', 'refresh', 'replace', 'grow');
    expect(new Set(changes.map((step) => step.epoch)).size).toBe(changes.length);
    expect(report.rosters).toHaveLength(3);
  });

  test('is in the hands that the rosters say', () => {
    const [first, replaced, grown] = stepsNamed(
      'first payment',
      'payment after the replacement',
      'payment by three of five',
    );
    expect(first).toMatchObject({ threshold: 2, parties: ['ada', 'ben', 'cleo'] });
    expect(replaced).toMatchObject({ threshold: 2, parties: ['ada', 'ben', 'cleo-new'] });
    expect(grown).toMatchObject({ threshold: 3, parties: ['ada', 'ben', 'cleo-new', 'dan', 'eve'] });
  });

  test('signed every payment: each recovers to the address and was mined', async () => {
    const paid = report.steps.filter((step) => step.transactionHash !== undefined);
    expect(paid.map((step) => step.name)).toEqual([
      'first payment',
      'payment after the refresh',
      'payment beside the stolen copy',
      'payment by the two that are left',
      'payment after the replacement',
      'payment by three of five',
      'payment without the pair',
      'payment with the pair again',
    ]);
    const nonces: (number | undefined)[] = [];
    for (const { rawTransaction = '0x', transactionHash, signers, threshold } of paid) {
      const serializedTransaction = rawTransaction as `0x02${string}`;
      expect(await recoverTransactionAddress({ serializedTransaction })).toBe(report.wallet.address);
      expect(`0x${Buffer.from(keccak_256(hexToBytes(rawTransaction))).toString('hex')}`).toBe(transactionHash);
      expect(signers).toHaveLength(threshold);
      nonces.push(parseTransaction(serializedTransaction).nonce);
    }
    // viem leaves out a nonce of zero.
    expect(nonces.map((nonce) => nonce ?? 0)).toEqual(paid.map((_, i) => i));
  });
});

describe('what must not work', () => {
  test('a proposal under the old epoch is refused by every party', () => {
    const refusal = report.refused.find((entry) => entry.case === 'old-epoch');
    const codes = new Map(refusal?.reasons.map(({ party, code }) => [party, code]));
    expect(new Set(codes.keys())).toEqual(new Set([1, 2, 3]));
    expect(new Set(codes.values())).toEqual(new Set(['WRONG_EPOCH']));
  });

  test('the altered program signs nothing, and its pair is avoided until both have lifted the ban', () => {
    const [caught, avoided, together] = stepsNamed(
      'payment with an altered program',
      'payment without the pair',
      'payment with the pair again',
    );
    const hasPair = (step: Step | undefined): boolean => [1, 2].every((index) => step?.signers.includes(index));
    expect(caught?.ending).toBe('aborted');
    expect(hasPair(caught)).toBe(true);
    expect(hasPair(avoided)).toBe(false);
    expect(hasPair(together)).toBe(true);
  });
});

describe('the audit', () => {
  test('verifies everything from the first fingerprint', () => {
    const { fingerprint, roster, transcripts } = report;
    const verified = audit(transcripts, roster, '--fingerprint', fingerprint);
    expect(verified.status, verified.stderr).toBe(0);
    expect(verified.stdout).toContain(`${transcripts.length} of ${transcripts.length} transcripts verified`);
  });

  test('believes no later transcript without the reshare that led to it', () => {
    const [replace] = stepsNamed('replace');
    const rest = report.transcripts.filter((transcript) => transcript !== replace?.transcript);
    expect(audit(rest, report.roster).status).toBe(1);
  });
});
