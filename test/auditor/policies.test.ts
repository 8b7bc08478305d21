/** `keymoot audit verify --policies`: consents rest on a version of the chain, and the chain on its signatures. */
import { afterAll, expect, test } from 'vitest';
import { signPolicyVersion, versionBody } from '../../protocol/ceremony/policy-version.ts';
import { envelopeJson } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import { approverKey } from '../participant/governance/town.ts';
import { approverFile, policyFrom } from '../policy/support/versions.ts';
import { dealPairs, Moot } from '../support/moot.ts';
import { fileOf } from '../support/story.ts';
import { transfer, treasuryPolicy } from '../support/treasury.ts';
import { Desk, run } from './support.ts';

const desk = new Desk();
afterAll(() => desk.clear());

const first = {
  ...treasuryPolicy(1),
  approvers: { ada: approverFile('Ada', 1), dan: approverFile('Dan', 4) },
  groups: { board: ['ada', 'dan'] },
  admin: { group: 'board', quorum: 2, widenDelaySec: 3600 },
};

/** The version after `first`, with the signatures of these approvers. */
function second(names: readonly string[]): { readonly [field: string]: unknown } {
  const file = {
    ...first,
    version: 2,
    parentHash: `0x${toHex(policyDigest(policyFrom(first)))}`,
    expiresAt: 1_900_000_000,
  };
  const policy = policyFrom(file);
  const signatures = names.map((name) => {
    const body = versionBody(policy, name, 1_795_000_000);
    if (body === undefined) throw new Error('no parent');
    return envelopeJson(signPolicyVersion(body, approverKey(name)).envelope);
  });
  return { ...file, signatures };
}

const { signatures: _, ...inForce } = second([]);
const moot = new Moot({ label: 'audited-policies', common: inForce });
const { wallet } = moot.keygen('treasury');
if (wallet === undefined) throw new Error('no wallet');
dealPairs(moot, wallet);
const transcript = desk.write('signing.jsonl', fileOf(moot.sign(wallet, { payload: transfer() }).lines));
const roster = desk.roster(moot.roster.file);
const files = {
  first: desk.write('policy-1.json', JSON.stringify(first)),
  second: desk.write('policy-2.json', JSON.stringify(second(['ada', 'dan']))),
  unsigned: desk.write('policy-2-unsigned.json', JSON.stringify(second(['ada']))),
};
const verify = (...policies: readonly string[]) =>
  run('verify', transcript, '--roster', roster, ...policies.flatMap((path) => ['--policies', path]));

test('a consent under a version that its admins signed verifies, in whatever order the files are given', async () => {
  const { code, error, out } = await verify(files.second, files.first);
  expect([code, error]).toEqual([0, '']);
  expect(out).not.toContain('were not compared');
});

test('without the files a note says what was not looked at', async () => {
  const { code, out } = await verify();
  expect(code).toBe(0);
  expect(out).toContain('versions of the policy were not compared');
});

test('under a policy that is none of the versions: POLICY_NOT_IN_CHAIN', async () => {
  const { code, error } = await verify(files.first);
  expect(code).toBe(1);
  expect(error).toContain('POLICY_NOT_IN_CHAIN');
});

test('a chain with a version that too few signed is refused before anything is verified', async () => {
  const { code, error } = await verify(files.first, files.unsigned);
  expect(code).toBe(1);
  expect(error).toContain('POLICY_UNSIGNED');
  expect(error).toContain('policy-2-unsigned.json');
});

test('without a roster nothing is compared', async () => {
  const { code, error } = await run('verify', transcript, '--policies', files.first);
  expect(code).toBe(1);
  expect(error).toContain('UNANCHORED');
});
