/** Approvals from processes and files beside three real nodes: who approves, who refuses, what it leads to. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEnvelope } from '../../../protocol/ceremony/statement.ts';
import { utf8 } from '../../../protocol/common/bytes.ts';
import { type Fields, Network } from '../../crash/support/network.ts';
import { payment } from '../../crash/support/payments.ts';
import { eventually, runCli } from '../../crash/support/processes.ts';
import { Device, financePolicy, textOf } from '../../support/approver-devices.ts';
import { must } from '../../support/must.ts';
import { ETHER } from '../../support/treasury.ts';

let network: Network;
let ada: Device;
let bo: Device;
let cy: Device;
let policy: object;

beforeAll(async () => {
  network = await Network.prepare();
  ada = await Device.make(network, { name: 'ada', person: 'Ada' });
  bo = await Device.make(network, { name: 'bo', person: 'Bo', ssh: true });
  cy = await Device.make(network, { name: 'cy', person: 'Cy' });
  policy = financePolicy([ada, bo, cy]);
  await Promise.all([...[1, 2, 3].map((index) => network.startParty(index)), network.startCoordinator()]);
  await network.meshed();
  for (const index of [1, 2, 3]) {
    await network.ask(index, 'policy-set', { scope: 'common', text: JSON.stringify(policy) });
  }
  await network.wallet();
  for (const device of [ada, bo]) {
    await device.join(policy);
    await device.start();
  }
  await cy.join(policy, false);
}, 300_000);

afterAll(async () => {
  await Promise.all([ada?.stop(), bo?.stop()]);
  await network?.stop();
});

const large = (): Promise<string> => network.propose(payment({ nonce: network.nextNonce(), value: 5n * ETHER }));

async function inboxRow(index: number, ceremony: string): Promise<Fields> {
  return await eventually(`ceremony ${ceremony} in the inbox of party ${index}`, async () => {
    const rows = (await network.ask(index, 'inbox')) as unknown as readonly Fields[];
    return rows.find((row) => row['ceremony'] === ceremony);
  });
}

/** `participant COMMAND` on the node of party 1. */
async function participant(...args: readonly string[]) {
  return await runCli(['participant', ...args, '--home', network.holder(1).home, '--json']);
}

test('two people approve on devices of their own, one of them with an SSH key', async () => {
  const ceremony = await large();
  expect(await ada.sees(ceremony)).toMatchObject({ judgement: 'require', asked: ['finance'], repeated: 0 });
  expect((await inboxRow(2, ceremony))['hold']).toBe('approvals so far: 0 of 2 of group finance');
  const approved = await ada.run('approve', [ceremony, '--yes']);
  expect(approved.stderr).toBe('');
  expect(approved.code).toBe(0);
  await eventually('the approval at party 3', async () => {
    const { hold } = await inboxRow(3, ceremony);
    return hold === 'approvals so far: 1 of 2 of group finance (Ada)' ? true : undefined;
  });
  const bytes = join(network.dir, 'to-sign');
  await bo.sees(ceremony);
  expect((await bo.run('approve', [ceremony, '--yes'])).stdout).toContain('APPROVER_KEY');
  expect((await bo.run('approve', [ceremony, '--yes', '--out', bytes])).code).toBe(0);
  const signature = await bo.signFile(bytes, 'keymoot.approval.v1');
  const sealed = await bo.run('approve', [ceremony, '--signature', signature]);
  expect(sealed.stdout + sealed.stderr).toContain('keymoot.approval.v1');
  expect(await network.result(ceremony)).toMatchObject({ ending: 'completed' });
}, 240_000);

test('a device that is never connected approves by file', async () => {
  const ceremony = await large();
  await inboxRow(1, ceremony);
  const [request, answer] = [join(network.dir, 'request.json'), join(network.dir, 'answer.json')];
  expect((await participant('request', ceremony, '--out', request)).code).toBe(0);
  const shown = JSON.parse((await cy.run('show', [request])).stdout) as Fields;
  expect(JSON.stringify(shown['screen'])).toContain('5 test ETH');
  expect((await cy.run('approve', [request, '--out', answer, '--yes'])).code).toBe(0);
  const imported = await participant('approvals', 'import', answer);
  expect(JSON.parse(imported.stdout)).toMatchObject({ approver: 'cy', decision: 'approve', ceremony });
  await ada.sees(ceremony);
  expect((await ada.run('approve', [ceremony, '--yes'])).code).toBe(0);
  expect(await network.result(ceremony)).toMatchObject({ ending: 'completed' });
}, 240_000);

test('where key holders are asked as well, they come after the group', async () => {
  const ceremony = await network.propose(payment({ nonce: network.nextNonce(), value: 12n * ETHER }));
  const { hold } = await inboxRow(1, ceremony);
  expect(hold).toBe('approvals so far: 0 of 1 of group finance');
  const { digest } = await network.ask(1, 'show', { ceremony });
  await expect(network.ask(1, 'approve', { ceremony, digest: String(digest) })).rejects.toThrow('0 of 1');
  await ada.sees(ceremony);
  expect((await ada.run('approve', [ceremony, '--yes'])).code).toBe(0);
  for (const index of [1, 2]) {
    await eventually(`the approval at party ${index}`, async () =>
      (await inboxRow(index, ceremony))['hold'] === null ? true : undefined,
    );
    await network.approve(index, ceremony);
  }
  expect(await network.result(ceremony)).toMatchObject({ ending: 'completed' });
}, 240_000);

test('one refusal ends it everywhere, and the same request stands first when it comes again', async () => {
  const nonce = network.nextNonce();
  const ceremony = await network.propose(payment({ nonce, value: 5n * ETHER }));
  await ada.sees(ceremony);
  expect((await ada.run('approve', [ceremony, '--yes'])).code).toBe(0);
  expect((await ada.run('cancel', [ceremony, '--yes', '--reason', 'not the invoice I know'])).code).toBe(0);
  expect(await network.result(ceremony)).toMatchObject({ ending: 'refused' });
  const other = await network.propose(payment({ nonce: network.nextNonce(), value: 6n * ETHER }));
  const again = await network.propose(payment({ nonce, value: 5n * ETHER }));
  await ada.sees(other);
  expect(await ada.sees(again)).toMatchObject({ repeated: 1 });
  const rows = (await ada.ask('inbox')) as unknown as readonly Fields[];
  expect(rows[0]).toMatchObject({ ceremony: again });
  const { screen } = await ada.ask('show', { ceremony: again });
  expect((screen as readonly string[])[1]).toContain('ASKED BEFORE, once, and never signed');
  expect(JSON.stringify(screen)).toContain('APPROVER_REJECTED');
  await eventually('the alarm in the log of party 2', async () =>
    (await network.logText(2)).includes('REPEATED_INTENT') ? true : undefined,
  );
  for (const name of [other, again]) {
    expect((await ada.run('reject', [name, '--yes', '--reason', 'no'])).code).toBe(0);
    expect(await network.result(name)).toMatchObject({ ending: 'refused' });
  }
}, 240_000);

test('what the policy denies is not signable, and what is not for an approver to say is not heard', async () => {
  const denied = await network.propose(payment({ nonce: network.nextNonce(), value: 50n * ETHER }));
  expect(await network.result(denied)).toMatchObject({ ending: 'refused' });
  const ceremony = await large();
  await ada.sees(ceremony);
  const refused = await ada.run('approve', [denied, '--yes']);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('APPROVAL_DENIED');
  const broken = join(network.dir, 'broken.json');
  await writeFile(broken, '{"schema":"keymoot.approval-request.v1"}');
  expect((await cy.run('show', [broken])).stdout).toContain('APPROVAL_REQUEST');
  expect((await ada.run('reject', [ceremony, '--yes', '--reason', 'no'])).code).toBe(0);
  expect(await network.result(ceremony)).toMatchObject({ ending: 'refused' });
}, 240_000);

test('an approval that was given for another request changes nothing', async () => {
  const old = must(parseEnvelope(utf8((await textOf(join(network.dir, 'answer.json'))).trim())));
  expect(old.type).toBe('keymoot.approval.v1');
  const ceremony = await large();
  await inboxRow(1, ceremony);
  // It is about what it was about: taken for that, which is over, and for nothing else.
  const again = await participant('approvals', 'import', join(network.dir, 'answer.json'));
  expect(again.stdout + again.stderr).toContain('"decision":"approve"');
  expect((await inboxRow(1, ceremony))['hold']).toBe('approvals so far: 0 of 2 of group finance');
  await ada.sees(ceremony);
  expect((await ada.run('reject', [ceremony, '--yes', '--reason', 'no'])).code).toBe(0);
}, 240_000);
