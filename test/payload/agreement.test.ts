/**
 * Transactions that other people's tools made, decoded by ours. What is accepted must give, with the signature of the
 * vector, the vector's own signed bytes; what is refused must be refused for a reason that docs/decoding.md explains.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fromRlp, type Hex, toRlp } from 'viem';
import { describe, expect, test } from 'vitest';
import { decode } from '../../protocol/payload/payload.ts';
import { type RecoverableSignature, signedTransaction } from '../../protocol/payload/signed-transaction.ts';
import { bytes, hex, transaction } from './support/payloads.ts';

const DOC = readFileSync(new URL('../../docs/decoding.md', import.meta.url), 'utf8');

interface EthersCase {
  readonly name: string;
  readonly unsigned: Hex;
  readonly signed: Hex;
  /** Of a legacy transaction: without chain id. */
  readonly unbound?: Hex;
}

interface EthereumCase {
  readonly rlp: string;
  /** Present in those that are valid. */
  readonly sender?: string;
}

function read<T>(name: string): T {
  const file = readFileSync(new URL(`../vectors/outside/${name}`, import.meta.url));
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(file) : file).toString('utf8')) as T;
}

/** r, s and parity: the last three fields of signed bytes. */
function signatureOf(signed: Hex): RecoverableSignature {
  const typed = signed.startsWith('0x01') || signed.startsWith('0x02');
  const fields = fromRlp(typed ? `0x${signed.slice(4)}` : signed, 'hex') as readonly Hex[];
  const [v = '0x', r = '0x', s = '0x'] = fields.slice(-3);
  const word = (value: Hex): Uint8Array => bytes(value.slice(2).padStart(64, '0'));
  const parity = v === '0x' ? 0 : Number(v);
  return { r: word(r), s: word(s), recid: typed ? parity : (parity + 1) % 2 };
}

/** How many were accepted, and how many refused with which code; throws on a wrong acceptance. */
function tally(cases: readonly EthersCase[], unsigned: (each: EthersCase) => Hex): string {
  let accepted = 0;
  const codes = new Map<string, number>();
  for (const each of cases) {
    const result = decode(transaction(unsigned(each)));
    if (result.ok) {
      accepted += 1;
      const { raw } = signedTransaction(result.value, signatureOf(each.signed));
      if (hex(raw) !== each.signed) throw new Error(`${each.name}: signed bytes differ`);
    } else codes.set(result.error.code, (codes.get(result.error.code) ?? 0) + 1);
  }
  return row(cases.length, accepted, codes);
}

function row(cases: number, accepted: number, codes: ReadonlyMap<string, number>): string {
  const refused = [...codes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, count]) => `${count} ${code}`);
  return `${cases} | ${accepted} | ${refused.length === 0 ? 'none' : refused.join(', ')}`;
}

/** The table of the page, between its markers. */
function tableOf(doc: string): readonly string[] {
  const [, rest = ''] = doc.split('<!-- agreement -->\n');
  const [table = ''] = rest.split('<!-- end -->');
  return table.split('\n').filter((line) => line.startsWith('| e'));
}

/** Signed transactions of an age without chain ids, exactly as given: nothing that carries a signature is a payload. */
function asGiven(cases: readonly EthereumCase[]): string {
  const codes = new Map<string, number>();
  let accepted = 0;
  for (const { rlp } of cases) {
    const result = decode(transaction(rlp));
    if (result.ok) accepted += 1;
    else codes.set(result.error.code, (codes.get(result.error.code) ?? 0) + 1);
  }
  return row(cases.length, accepted, codes);
}

/** The first six fields of a valid one, for chain 1. */
function bound({ rlp }: EthereumCase): EthereumCase {
  const fields = (fromRlp(rlp as Hex, 'hex') as readonly Hex[]).slice(0, 6);
  return { rlp: toRlp([...fields, '0x01', '0x', '0x']) };
}

describe('agreement with vectors from outside', () => {
  const legacy = read<readonly EthersCase[]>('ethers-legacy-transactions.json.gz');
  const typed = read<readonly EthersCase[]>('ethers-typed-transactions.json.gz');
  const ethereum = read<Readonly<Record<string, Readonly<Record<string, EthereumCase>>>>>(
    'ethereum-transaction-tests.json',
  );
  // One of them is deliberately no hex at all.
  const old = (name: string): readonly EthereumCase[] =>
    Object.values(ethereum[name] ?? {}).filter(({ rlp }) => /^0x([0-9a-f]{2})*$/i.test(rlp));

  test('is what docs/decoding.md says', () => {
    const valid = old('ttTransactionTest').filter(({ sender }) => sender !== undefined);
    const rows = [
      `ethers, legacy, chain id 5 | ${tally(legacy, ({ unsigned }) => unsigned)}`,
      `ethers, legacy, no chain id | ${tally(legacy, (each) => each.unbound ?? '0x')}`,
      ...['eip1559', 'eip2930'].map((type) => {
        const cases = typed.filter(({ name }) => name.startsWith(type));
        return `ethers, ${type} | ${tally(cases, ({ unsigned }) => unsigned)}`;
      }),
      ...['ttTransactionTest', 'ttWrongRLPTransaction'].map(
        (name) => `ethereum/tests, ${name}, signed | ${asGiven(old(name))}`,
      ),
      `ethereum/tests, the valid ones, bound to chain 1 | ${asGiven(valid.map(bound))}`,
    ];
    expect(tableOf(DOC)).toEqual(rows.map((line) => `| ${line} |`));
  });
});
