/** An approver without a network: which policy it follows, what it lets out, what requests cannot make it do. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { requestText } from '../../../participant/approvals/request.ts';
import { answerDesk } from '../../../participant/approver/control.ts';
import { ApproverDesk } from '../../../participant/approver/desk.ts';
import { openApproverHome } from '../../../participant/approver/home.ts';
import { approverLayout } from '../../../participant/approver/layout.ts';
import { keyText, type Profile, sshKeyOf, writeProfile } from '../../../participant/approver/profile.ts';
import { createIdentity } from '../../../participant/keystore/identity.ts';
import { systemRandom } from '../../../participant/randomness.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { createHome } from '../../../proto/rest/directory.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import { Vault } from '../../../proto/rest/vault.ts';
import { addressOf } from '../../../protocol/ceremony/address.ts';
import { openApproval } from '../../../protocol/ceremony/approval.ts';
import { signPolicyVersion, signPolicyVeto, versionBody } from '../../../protocol/ceremony/policy-version.ts';
import { type Proposal, type SignProposal, signProposal } from '../../../protocol/ceremony/proposal.ts';
import { rosterText } from '../../../protocol/ceremony/roster-file.ts';
import { envelopeJson, parseEnvelope } from '../../../protocol/ceremony/statement.ts';
import { toHex, utf8 } from '../../../protocol/common/bytes.ts';
import { canonicalPolicy, policyDigest } from '../../../protocol/policy/canonical.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import { keyOfDevice } from '../../support/approvers.ts';
import { childOf } from '../../support/moot.ts';
import { must, policyFrom } from '../../support/must.ts';
import { ETHER, peoplePolicy, readyMoot, transfer } from '../../support/treasury.ts';

const execute = promisify(execFile);
const PASSPHRASE = utf8('weak but long enough');
const ADMIN = { group: 'security', quorum: '1', widenDelaySec: '3600' };
const { moot, from } = readyMoot('approver-desk', { common: peoplePolicy() });
const NOW = moot.now();

type Fields = { readonly [name: string]: JsonValue };

interface Options {
  readonly person?: string;
  readonly ssh?: boolean;
  /** Changes to the first version. */
  readonly policy?: object;
}

/** A home that has joined; its device is `own` of the group finance. */
async function sitting({ person = 'Dora', policy: change = {}, ssh = false }: Options = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'keymoot-approver-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = await createHome(join(directory, 'home'));
  const lock = await HomeLock.acquire(path);
  const vault = await Vault.create(path, PASSPHRASE, systemRandom, { weakLogN: 14 });
  const identity = await createIdentity(lock, vault, systemRandom);
  const keyFile = join(directory, 'key');
  if (ssh) await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile]);
  const sshKey = ssh ? sshKeyOf(await readFile(`${keyFile}.pub`, 'utf8'), 'key') : undefined;
  const profile: Profile = { name: 'own', person, device: 'a laptop', ...(sshKey === undefined ? {} : { sshKey }) };
  const layout = approverLayout(path);
  await writeProfile(layout, profile);
  await writeFile(layout.roster, rosterText(moot.roster.file));
  await lock.release();
  const base = peoplePolicy() as { readonly approvers: object; readonly groups: Readonly<Record<string, string[]>> };
  const file = {
    ...base,
    approvers: { ...base.approvers, own: { person, device: 'a laptop', key: keyText(profile, identity) } },
    groups: { ...base.groups, finance: [...(base.groups['finance'] ?? []), 'own'] },
    admin: ADMIN,
    ...change,
  };
  const clock = { time: NOW, now: () => clock.time, monotonic: () => 0, after: () => () => undefined };
  const open = async (): Promise<ApproverDesk> => {
    const home = await openApproverHome(path, PASSPHRASE, systemRandom);
    onTestFinished(() => home.close().catch(() => undefined));
    return new ApproverDesk({ home, clock, random: systemRandom, note: () => undefined });
  };
  const desk = await open();
  await desk.policy.adopt(policyFrom(file));
  const reopened = async (): Promise<ApproverDesk> => {
    await desk.home.close();
    return await open();
  };
  return { clock, desk, directory, file, keyFile, reopened };
}

function propose(change: Partial<SignProposal> = {}): Proposal {
  const { address, epochId, name, walletId } = from.wallet;
  const body: SignProposal = {
    ...moot.head(),
    created: NOW,
    expires: NOW + 7200,
    ceremony: 'sign',
    wallet: name,
    walletId,
    epochId,
    path: [],
    address,
    payload: transfer(5n * ETHER),
    ...change,
  };
  return signProposal(body, moot.keyOf('operator:olivia'));
}

function requestOf(proposal: Proposal, policy: Policy, key?: Uint8Array): string {
  const { document: wallet } = from.wallet;
  const { envelope } = proposal;
  const fields = { wallet, policy: canonicalPolicy(policy), signatures: [], approvals: [] };
  return requestText({ proposal: envelope, ...fields, ...(key === undefined ? {} : { key }) });
}

async function ask(desk: ApproverDesk, method: string, params: Fields): Promise<Fields> {
  return (await answerDesk(desk, { method, params }, [])) as Fields;
}

/** Reads a request and approves what the screen shows. */
async function approve(desk: ApproverDesk, proposal: Proposal): Promise<Fields> {
  const { current } = desk.policy;
  if (current === undefined) throw new Error('no policy');
  const { ceremony = '' } = await ask(desk, 'take', { text: requestOf(proposal, current), path: 'request' });
  const { digest = '' } = await ask(desk, 'show', { ceremony });
  return await ask(desk, 'decide', { ceremony, decision: 'approve', comment: '', digest });
}

/** The next version of a file, signed by a device of the admins of the one before. */
function next(file: object, before: Policy, change: object, signer: string | undefined): Policy {
  const fields = { ...file, ...change, parentHash: `0x${toHex(policyDigest(before))}` };
  const unsigned = policyFrom(fields);
  const body = signer === undefined ? undefined : versionBody(unsigned, signer, NOW);
  if (body === undefined || signer === undefined) return unsigned;
  return policyFrom({ ...fields, signatures: [envelopeJson(signPolicyVersion(body, keyOfDevice(signer)).envelope)] });
}

const inForce = (desk: ApproverDesk): number | undefined => desk.policy.current?.document.version;

describe('a decision', () => {
  test('is signed by the key of the home, about what this device read, and is there after a restart', async () => {
    const { desk, reopened } = await sitting();
    const proposal = propose();
    const { statement } = await approve(desk, proposal);
    const { current } = desk.policy;
    if (current === undefined) throw new Error('no policy');
    const { body } = must(openApproval(must(parseEnvelope(utf8(String(statement)))), current));
    expect(body).toMatchObject({ approver: 'own', chainId: '31337', decision: 'approve', wallet: 'treasury' });
    expect(toHex(body.proposal)).toBe(toHex(proposal.digest));
    const again = await reopened();
    expect(again.voice.said()).toHaveLength(1);
    expect(again.inbox()[0]?.approvals).toHaveLength(1);
    expect(inForce(again)).toBe(1);
  });

  test('lives as long as the rules say, and as the strictest limit that could ask for it', async () => {
    const limit = { id: 'day', measure: 'count', windowSec: '86400', max: '2' };
    const require = { groups: [{ group: 'finance', quorum: '1' }], ttlSec: '600' };
    const { desk } = await sitting({ policy: { limits: [{ ...limit, onExceed: { require } }] } });
    await approve(desk, propose());
    const [envelope] = desk.voice.said();
    const { current } = desk.policy;
    if (envelope === undefined || current === undefined) throw new Error('nothing was said');
    const { body } = must(openApproval(envelope, current));
    expect(body.expires - body.created).toBe(600);
  });

  test('is refused for what the policy denies, for an own request, and for another screen', async () => {
    const { desk } = await sitting();
    await expect(approve(desk, propose({ payload: transfer(90n * ETHER) }))).rejects.toThrow('the policy denies it');
    const proposal = propose();
    await approve(desk, proposal);
    const params = { ceremony: toHex(proposal.digest), decision: 'approve', comment: '', digest: '00' };
    await expect(ask(desk, 'decide', params)).rejects.toThrow('another digest');
    const { desk: ofProposer } = await sitting({ person: 'OLIVIA' });
    await expect(approve(ofProposer, propose())).rejects.toThrow('nobody approves an own request');
  });

  test('is taken by ssh-keygen from the bytes that were written out, and from nothing else', async () => {
    const { desk, directory, keyFile } = await sitting({ ssh: true });
    const proposal = propose();
    const { message, namespace } = await approve(desk, proposal);
    const ceremony = toHex(proposal.digest);
    const bytes = join(directory, 'bytes');
    const sign = async (content: Uint8Array, as: string): Promise<string> => {
      await writeFile(bytes, content);
      await rm(`${bytes}.sig`, { force: true });
      await execute('ssh-keygen', ['-q', '-Y', 'sign', '-n', as, '-f', keyFile, bytes]);
      return await readFile(`${bytes}.sig`, 'utf8');
    };
    const right = Buffer.from(String(message), 'base64');
    const seal = async (signature: string): Promise<Fields> => await ask(desk, 'seal', { ceremony, signature });
    await expect(seal(await sign(right, 'file'))).rejects.toThrow('no signature');
    await expect(seal(await sign(right.subarray(1), String(namespace)))).rejects.toThrow('no signature');
    expect(desk.voice.said()).toEqual([]);
    const { statement } = await seal(await sign(right, String(namespace)));
    expect(String(statement)).toContain('keymoot.approval.v1');
    expect(desk.inbox()[0]?.approvals).toHaveLength(1);
  });
});

describe('a request', () => {
  test('that was made before and not signed stands first, whatever it is called', async () => {
    const { desk } = await sitting();
    for (const change of [{ note: 'rent' }, { payload: transfer(6n * ETHER) }, { note: 'something else' }]) {
      const text = requestOf(propose(change), policyFrom(peoplePolicy()));
      await ask(desk, 'take', { text, path: 'request' });
    }
    expect(desk.inbox().map(({ earlier, entry }) => [entry.ceremony.proposal.body.note, earlier.length])).toEqual([
      ['something else', 1],
      ['rent', 0],
      ['monthly payment', 0],
    ]);
  });

  test('for a derived address is read with the key that comes along, and says that it was not derived here', async () => {
    const { desk } = await sitting();
    const child = childOf(from, [0, 7]);
    const address = addressOf(child.publicKey);
    const policy = policyFrom(peoplePolicy());
    const shownWith = async (key: Uint8Array | undefined, expires: number): Promise<Fields> => {
      const proposal = propose({ path: child.path, address, expires });
      const { ceremony = '' } = await ask(desk, 'take', { text: requestOf(proposal, policy, key), path: 'request' });
      return await ask(desk, 'show', { ceremony });
    };
    expect(await shownWith(undefined, NOW + 7200)).toMatchObject({ refusal: { code: 'DERIVATION_UNAVAILABLE' } });
    const wrong = childOf(from, [0, 8]).publicKey;
    expect(await shownWith(wrong, NOW + 7201)).toMatchObject({ refusal: { code: 'DERIVATION_UNAVAILABLE' } });
    const shown = await shownWith(child.publicKey, NOW + 7202);
    expect(shown).toMatchObject({ judgement: 'require', refusal: null });
    expect(JSON.stringify(shown['screen'])).toContain('this device cannot');
  });

  test.each([
    ['a proposal that nobody signed', (text: string) => text.replace(/"sig":"../, '"sig":"AA')],
    ['a wallet of somebody else', (text: string) => text.replace(/"wallet":\{/, '"wallet":{"x":"y",')],
    ['a field that nobody knows', (text: string) => text.replace('{"approvals"', '{"a":"b","approvals"')],
    ['no request at all', () => '{}'],
    ['half a file', (text: string) => text.slice(0, 2000)],
  ])('with %s is refused whole', async (_, change) => {
    const { desk } = await sitting();
    const text = change(requestOf(propose(), policyFrom(peoplePolicy())));
    await expect(ask(desk, 'take', { text, path: 'request' })).rejects.toThrow();
    expect(desk.inbox()).toEqual([]);
  });
});

describe('a later version of the policy', () => {
  const narrower = (file: object) => ({ version: 2, flows: [], ...file });
  const wider = { version: 2, expiresAt: undefined };

  test('is followed at once if its admins signed it and it narrows, and the one before never again', async () => {
    const { desk, file, reopened } = await sitting();
    const first = desk.policy.current;
    if (first === undefined) throw new Error('no policy');
    const second = next(file, first, { ...narrower({}), hardDeny: ['APPROVE_HASH'] }, 'cleo-phone');
    await desk.policy.offered(next(file, first, { ...narrower({}), hardDeny: ['APPROVE_HASH'] }, undefined));
    await desk.policy.offered(next(file, first, { ...narrower({}), hardDeny: ['APPROVE_HASH'] }, 'ada-phone'));
    expect(inForce(desk)).toBe(1);
    await desk.policy.offered(second);
    expect(inForce(desk)).toBe(2);
    await desk.policy.offered(first);
    await expect(desk.policy.adopt(first)).rejects.toThrow('version 1 is not above version 2');
    expect(inForce(await reopened())).toBe(2);
  });

  test('waits if it widens, from when this device saw it first, restarts included', async () => {
    const { clock, desk, file, reopened } = await sitting();
    const first = desk.policy.current;
    if (first === undefined) throw new Error('no policy');
    const base = file as { readonly groups: Readonly<Record<string, readonly string[]>> };
    const groups = { ...base.groups, security: [...(base.groups['security'] ?? []), 'own'] };
    const second = next(file, first, { ...wider, groups }, 'cleo-phone');
    await desk.policy.offered(second);
    clock.time = NOW + 3599;
    await desk.policy.ripen();
    expect(inForce(desk)).toBe(1);
    const again = await reopened();
    expect(again.policy.waiting().map(({ at }) => at)).toEqual([NOW + 3600]);
    clock.time = NOW + 3600;
    await again.policy.ripen();
    expect(inForce(again)).toBe(2);
  });

  test('never takes effect if somebody stops it, restarts included; one that narrows cannot be stopped', async () => {
    const { clock, desk, file, reopened } = await sitting();
    const first = desk.policy.current;
    if (first === undefined) throw new Error('no policy');
    const base = file as { readonly groups: Readonly<Record<string, readonly string[]>> };
    const groups = { ...base.groups, security: [...(base.groups['security'] ?? []), 'own'] };
    const second = next(file, first, { ...wider, groups }, 'cleo-phone');
    const narrow = next(file, first, { version: 3, hardDeny: ['APPROVE_HASH'] }, 'cleo-phone');
    const stop = (policy: Policy, author: string) =>
      signPolicyVeto(
        { policy: policyDigest(policy), author: `approver:${author}`, reason: 'no', created: NOW },
        keyOfDevice(author),
      ).envelope;
    await desk.policy.offered(second);
    await desk.statement(stop(second, 'ada-phone'));
    expect(desk.policy.waiting()).toHaveLength(1);
    await desk.statement(stop(second, 'cleo-phone'));
    await desk.statement(stop(narrow, 'cleo-phone'));
    const again = await reopened();
    clock.time = NOW + 3600;
    await again.policy.ripen();
    expect(inForce(again)).toBe(1);
    await again.policy.offered(narrow);
    expect(inForce(again)).toBe(3);
  });

  test('that follows an announced one is followed when that is in force', async () => {
    const { clock, desk, file } = await sitting();
    const first = desk.policy.current;
    if (first === undefined) throw new Error('no policy');
    const base = file as { readonly groups: Readonly<Record<string, readonly string[]>> };
    const groups = { ...base.groups, security: [...(base.groups['security'] ?? []), 'own'] };
    const second = next(file, first, { ...wider, groups }, 'cleo-phone');
    const third = next(file, second, { version: 3, groups, hardDeny: ['APPROVE_HASH'] }, 'cleo-phone');
    await desk.policy.offered(third);
    await desk.policy.offered(second);
    clock.time = NOW + 3600;
    await desk.policy.ripen();
    expect(inForce(desk)).toBe(3);
  });

  test('is taken by hand only where no admins are named', async () => {
    const { desk, file } = await sitting({ policy: { admin: undefined } });
    const first = desk.policy.current;
    if (first === undefined) throw new Error('no policy');
    const second = next(file, first, { version: 2, hardDeny: ['APPROVE_HASH'] }, undefined);
    await desk.policy.offered(second);
    expect(inForce(desk)).toBe(1);
    const text = JSON.stringify({ ...file, version: 2, hardDeny: ['APPROVE_HASH'] });
    const preview = await ask(desk, 'policy-preview', { text });
    await ask(desk, 'policy-adopt', { text, digest: preview['digest'] ?? '' });
    expect(inForce(desk)).toBe(2);
  });

  test('is signed by the program for its file, if it follows the one in force', async () => {
    const { desk, file } = await sitting({ policy: { admin: { group: 'finance', quorum: '1', widenDelaySec: '0' } } });
    const first = desk.policy.current;
    if (first === undefined) throw new Error('no policy');
    const parentHash = `0x${toHex(policyDigest(first))}`;
    const text = JSON.stringify({ ...file, version: 2, hardDeny: ['APPROVE_HASH'], parentHash });
    const preview = await ask(desk, 'policy-preview', { text });
    expect(JSON.stringify(preview['lines'])).toContain('APPROVE_HASH');
    const signed = await ask(desk, 'policy-sign', { text, digest: preview['digest'] ?? '' });
    await desk.policy.offered(policyFrom(JSON.parse(String(signed['file'])) as object));
    expect(inForce(desk)).toBe(2);
    await expect(ask(desk, 'policy-sign', { text, digest: preview['digest'] ?? '' })).rejects.toThrow('parentHash');
  });
});
