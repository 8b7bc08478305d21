/** An auditor reads who approved, on what terms, and what each party had counted. */
import { afterAll, expect, it } from 'vitest';
import { approvalBy } from '../support/approvers.ts';
import { fileOf } from '../support/story.ts';
import { ETHER, peoplePolicy, readyMoot, transfer } from '../support/treasury.ts';
import { Desk, run } from './support.ts';

const desk = new Desk();
afterAll(() => {
  desk.clear();
});

const limits = [{ id: 'day', measure: 'amount', asset: 'ETH', windowSec: 86_400, max: String(50n * ETHER) }];
const { from, moot } = readyMoot('audited', { common: { ...peoplePolicy(1, { distinctDevices: true }), limits } });
const signing = moot.sign(from, {
  payload: transfer(5n * ETHER),
  ledger: () => () => ({ used: 3n, entries: 2 }),
  approvals: (proposal, policy, now) =>
    ['ada-phone', 'ben-phone'].map((name) =>
      approvalBy(name, proposal, policy, now, { comment: `invoice of ${name}` }),
    ),
});
const file = desk.write('approved.jsonl', fileOf(signing.lines));
const roster = desk.roster(moot.roster.file);

it('verifies it, and says that approvals were checked', async () => {
  const { code, out } = await run('verify', file, '--roster', roster, '--json');
  expect(code).toBe(0);
  const { transcripts } = JSON.parse(out) as { transcripts: { checks: { name: string; ok: boolean }[] }[] };
  expect(transcripts[0]?.checks).toContainEqual(expect.objectContaining({ name: 'approvals', ok: true }));
});

it('reads out who approved, what was asked of people and what was counted', async () => {
  const { code, out } = await run('show', file);
  expect(code).toBe(0);
  for (const words of [
    'approver ada-phone APPROVES at ',
    'in words of the approver: "invoice of ben-phone"',
    'party 1 CONSENTS with 2 approvals at ',
    'asked: 2 of group finance, 1 of group security, on devices of their own',
    'limit common/day, wallet=treasury: 3 used up by 2 payloads before',
  ]) {
    expect(out).toContain(words);
  }
});
