/** The rules of examples and starters against allowances name every function of the table that gives one, and nothing else. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Mover } from '../../protocol/payload/calldata/functions/row.ts';
import { KNOWN_FUNCTIONS } from '../../protocol/payload/calldata/table.ts';

/** For each thing that a function can say about money: whether somebody may take more of it afterwards. */
const GIVES: Readonly<Record<Mover, boolean>> = {
  approve: true,
  permit: true,
  'permit-all': true,
  'permit2-approve': true,
  'permit2-permit': true,
  allowance: true,
  transfer: false,
  transferFrom: false,
  'transfer-nft': false,
  'transfer-nfts': false,
  'transfer-batch': false,
  'authorized-transfer': false,
  'permit2-transfer': false,
  'permit2-transfers': false,
  'permit2-signed-transfer': false,
  'allowance-transfer': false,
};

const SELECTORS = [...KNOWN_FUNCTIONS.values()]
  // An operator may take everything of a kind, which no amount stands for.
  .filter(({ moves, name }) => (moves !== undefined && GIVES[moves]) || name === 'setApprovalForAll')
  .map(({ selector }) => `0x${selector}`)
  .sort();

/** Functions with such a name that give nothing. */
const NONE_GIVEN: ReadonlySet<string> = new Set([
  'decreaseAllowance',
  'deleteAllowance',
  'resetAllowance',
  'executeAllowanceTransfer',
  'permitTransferFrom',
  'permitWitnessTransferFrom',
  // Of a Safe's transaction, which the risk APPROVE_HASH is about.
  'approveHash',
]);

interface Rule {
  readonly id: string;
  readonly effect: string;
  readonly match: { readonly selectors?: readonly string[] };
}

test.each([
  ['docs/examples/policies/treasury.json', 'never-approve'],
  ['docs/examples/policies/operations.json', 'no-allowances'],
  ['starter/treasury.json', 'no-allowances'],
  ['starter/operations.json', 'no-allowances'],
  ['starter/exchange.json', 'no-allowances'],
])('%s', (path, id) => {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const { rules } = JSON.parse(text) as { readonly rules: readonly Rule[] };
  const rule = rules.find((candidate) => candidate.id === id);
  expect(rule?.effect).toBe('deny');
  // Nothing else to match, or an allowance elsewhere would pass.
  expect(Object.keys(rule?.match ?? {})).toEqual(['selectors']);
  expect([...(rule?.match.selectors ?? [])].sort()).toEqual(SELECTORS);
});

test('a function that is called like an allowance is one, or is known to give none', () => {
  for (const { canonical, name, selector } of KNOWN_FUNCTIONS.values()) {
    if (!/approv|allow|permit/i.test(name)) continue;
    expect(SELECTORS.includes(`0x${selector}`), canonical).toBe(!NONE_GIVEN.has(name));
  }
});
