/** A hostile operator with its real keys, in the coordinator's place, against three honest nodes in real processes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { homeLayout as operatorLayout } from '../../coordinator/layout.ts';
import { type Proposal, type SignProposal, signProposal } from '../../protocol/ceremony/proposal.ts';
import { standings } from '../../protocol/ceremony/quorum.ts';
import { signSessionId } from '../../protocol/ceremony/session-binding.ts';
import { type Start, type StartBody, signStart } from '../../protocol/ceremony/start.ts';
import { signVerdict } from '../../protocol/ceremony/verdict-statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { decode, type Payload } from '../../protocol/payload/payload.ts';
import { keyOf } from '../ceremony/support/members.ts';
import { bansOf, checkNothingTwice } from '../crash/support/invariants.ts';
import { bookOf, logOf } from '../crash/support/memory.ts';
import { Network } from '../crash/support/network.ts';
import { payment } from '../crash/support/payments.ts';
import { eventually } from '../crash/support/processes.ts';
import { must } from '../support/must.ts';
import { ETHER, treasuryPolicy, trojan } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { Impostor, now } from './support.ts';

const ALL = [1, 2, 3];

let network: Network;
let hostile: Impostor;
/** A signing that completed before the operator turned. */
let done: Proposal;
let doneStart: Start;

beforeAll(async () => {
  network = await Network.start();
  await network.wallet();
  const result = await network.result(await network.propose(payment({ nonce: network.nextNonce() })));
  expect(result, JSON.stringify(result)).toMatchObject({ ending: 'completed' });
  await network.stopCoordinator();
  const entries = bookOf(network.roster, await logOf(operatorLayout(network.operatorHome).log)).entries();
  const entry = entries.find(({ ceremony }) => toHex(ceremony.proposal.digest) === result['proposal']);
  const [start] = entry?.starts ?? [];
  if (entry === undefined || start === undefined) throw new Error('the coordinator forgot its ceremony');
  done = entry.ceremony.proposal;
  doneStart = start;
  hostile = await Impostor.play(network, 'operator:ops');
}, 240_000);

afterAll(async () => {
  await hostile?.stop();
  await network?.stop();
});

/** Everything that can be computed is computed right, over whatever digest and signers are given. */
function startOf(proposal: Proposal, changes: Partial<StartBody> = {}, payload?: Payload): Start {
  const ceremony = hostile.ceremony(proposal);
  const body = proposal.body as SignProposal;
  if (ceremony === undefined) throw new Error('unknown ceremony');
  const consents = [...ceremony.verdicts.values()].sort((a, b) => a.body.party - b.body.party);
  const digest = must(decode(payload ?? body.payload)).digest;
  const signers = changes.signers ?? [1, 2];
  const [wallet] = hostile.wallets;
  const publicKey = wallet?.publicKey ?? new Uint8Array(33);
  const start: StartBody = {
    proposal: proposal.digest,
    attempt: body.attempt,
    composer: 'operator:ops',
    created: now(),
    signers,
    standings: standings(ceremony, network.roster),
    digest,
    sessionId:
      changes.sessionId ??
      signSessionId(network.roster, { digest: proposal.digest, body }, publicKey, signers, digest, consents),
    ...changes,
  };
  return signStart(start, network.operator.statement);
}

/** Waits until each node has said this in its log. */
async function noted(code: string, about: string): Promise<void> {
  await eventually(`${code} in every log`, async () => {
    const logs = await Promise.all(ALL.map((index) => network.logText(index)));
    const lines = logs.map((log) => log.split('\n').some((line) => line.includes(code) && line.includes(about)));
    return lines.every(Boolean) ? true : undefined;
  });
}

const nameOf = (proposal: Proposal): string => toHex(proposal.digest).slice(0, 16);

/** Nobody has begun to sign anything since the operator turned. */
function expectNoRounds(): void {
  expect(hostile.rounds).toEqual([]);
}

describe('a proposal', () => {
  test('with two faces under one nonce is refused by all, the one who saw neither included', async () => {
    const first = hostile.proposal(await hostile.signing(payment({ nonce: network.nextNonce() })));
    const second = hostile.proposal({
      ...(first.body as SignProposal),
      payload: payment({ nonce: network.nextNonce(), value: ETHER }),
    });
    await hostile.say([1], first);
    await hostile.say([2], second);
    const allowed = /^(OPERATOR_EQUIVOCATION|WITHDRAWN)$/;
    for (const face of [first, second]) {
      for (const code of await hostile.refusals(face, ALL)) expect(code).toMatch(allowed);
      await hostile.say(ALL, startOf(face));
    }
    expectNoRounds();
  });

  const refused: readonly (readonly [string, string, (body: SignProposal) => SignProposal])[] = [
    ['of another roster', 'WRONG_ROSTER', (body) => ({ ...body, roster: vec('other') })],
    ['that has expired', 'PROPOSAL_EXPIRED', (body) => ({ ...body, created: now() - 100, expires: now() - 1 })],
    ['from the future', 'PROPOSAL_NOT_YET_VALID', (body) => ({ ...body, created: now() + 300, expires: now() + 900 })],
    ['of an attempt without a first', 'ATTEMPT_UNKNOWN', (body) => ({ ...body, attempt: 2, previous: vec('none') })],
    ['for an unknown wallet', 'UNKNOWN_WALLET', (body) => ({ ...body, walletId: vec('nobody') })],
    ['for a wallet under another name', 'UNKNOWN_WALLET', (body) => ({ ...body, wallet: 'spare' })],
    ['for another epoch', 'WRONG_EPOCH', (body) => ({ ...body, epochId: vec('epoch') })],
    ['for another address', 'WRONG_ADDRESS', (body) => ({ ...body, address: new Uint8Array(20) })],
    ['for a path with the address of another', 'WRONG_ADDRESS', (body) => ({ ...body, path: [0] })],
    ['on another chain', 'WRONG_CHAIN', (body) => ({ ...body, payload: payment({ nonce: 900n, chainId: 1n }) })],
    [
      'to a stranger',
      'DEFAULT_DENY',
      (body) => ({ ...body, payload: payment({ nonce: 901n, to: `0x${'66'.repeat(20)}` }) }),
    ],
    ['with the delegatecall of February 2025', 'DELEGATECALL', (body) => ({ ...body, payload: trojan() })],
    [
      'that nobody can decode',
      'TX_TYPE_UNSUPPORTED',
      (body) => ({ ...body, payload: { kind: 'evm-transaction', bytes: vec('noise', 90) } }),
    ],
  ];

  test.each(refused)('%s is rejected by each party with its reason', async (_, code, change) => {
    const proposal = hostile.proposal(change(await hostile.signing(payment({ nonce: network.nextNonce() }))));
    await hostile.say(ALL, proposal);
    for (const reasons of await hostile.refusals(proposal, ALL)) expect(reasons).toContain(code);
    expectNoRounds();
  });

  test('by an unknown operator, under a foreign key, or too large is not even taken in', async () => {
    const honest = await hostile.signing(payment({ nonce: network.nextNonce() }));
    const unknown = signProposal({ ...honest, initiator: 'eve' }, keyOf('operator:eve'));
    const forged = signProposal(honest, keyOf('operator:eve'));
    const large = hostile.proposal({ ...honest, payload: { kind: 'evm-transaction', bytes: new Uint8Array(70_000) } });
    await hostile.say(ALL, unknown, forged, large);
    await noted('STATEMENT_SIGNATURE', 'operator:ops refused');
    await noted('STATEMENT_MALFORMED', 'payload.bytes');
    // What came after is answered, so these were looked at and passed over.
    const after = hostile.proposal(await hostile.signing(payment({ nonce: network.nextNonce() })));
    await hostile.say(ALL, after);
    await hostile.consents(after, ALL);
    for (const proposal of [unknown, forged, large]) expect(hostile.ceremony(proposal)?.verdicts.size ?? 0).toBe(0);
  });
});

describe('after honest consents', () => {
  let shown: Proposal;

  beforeAll(async () => {
    shown = hostile.proposal(await hostile.signing(payment({ nonce: network.nextNonce() })));
    await hostile.say(ALL, shown);
    await hostile.consents(shown, ALL);
  });

  test('a start over other bytes is refused', async () => {
    const other = payment({ nonce: network.nextNonce(), value: ETHER });
    await hostile.say(ALL, startOf(shown, {}, other));
    await noted('START_DIGEST', nameOf(shown));
    expectNoRounds();
  });

  test('a start whose session id does not follow is refused', async () => {
    await hostile.say(ALL, startOf(shown, { sessionId: vec('mine') }));
    await noted('START_SESSION', nameOf(shown));
    expectNoRounds();
  });

  test('a start with too few, too many or foreign signers is refused', async () => {
    for (const signers of [
      [1, 2, 3],
      [2, 1],
      [1, 4],
    ])
      await hostile.say(ALL, startOf(shown, { signers, sessionId: vec('any') }));
    await noted('START_SIGNERS', nameOf(shown));
    expectNoRounds();
  });

  test('a start that makes up a consent is refused', async () => {
    // Of one proposal only so many starts by one composer are looked at; these have been used up above.
    const fresh = hostile.proposal(await hostile.signing(payment({ nonce: network.nextNonce() })));
    await hostile.say(ALL, fresh);
    await hostile.consents(fresh, ALL);
    const made = startOf(fresh).body.standings.map((item) => ({ ...item, verdict: vec(`made up ${item.party}`) }));
    await hostile.say(ALL, startOf(fresh, { standings: made }));
    await noted('START_STANDINGS', nameOf(fresh));
    expectNoRounds();
  });

  test('the altered payload under the same nonce is refused, and the first consents are withdrawn', async () => {
    const swapped = hostile.proposal({
      ...(shown.body as SignProposal),
      payload: payment({ nonce: network.nextNonce(), value: ETHER }),
    });
    await hostile.say(ALL, swapped);
    expect(await hostile.refusals(swapped, ALL)).toEqual(ALL.map(() => 'OPERATOR_EQUIVOCATION'));
    expect(await hostile.refusals(shown, ALL)).toEqual(ALL.map(() => 'WITHDRAWN'));
    await hostile.say(ALL, startOf(shown));
    expectNoRounds();
  });
});

test('what was signed once is not signed again: the proposal and other starts of it are spent', async () => {
  await hostile.say(ALL, done, doneStart);
  await hostile.say(
    ALL,
    signStart({ ...doneStart.body, signers: [2, 3], created: now() }, network.operator.statement),
    signStart({ ...doneStart.body, created: now() + 1 }, network.operator.statement),
  );
  // A later statement is answered: the earlier ones have been looked at.
  const after = hostile.proposal(await hostile.signing(payment({ nonce: network.nextNonce() })));
  await hostile.say(ALL, after);
  await hostile.consents(after, ALL);
  expectNoRounds();
});

test('consents of parties, forged by the operator, are nothing', async () => {
  const proposal = hostile.proposal(await hostile.signing(payment({ nonce: network.nextNonce(), value: 5n * ETHER })));
  await hostile.say(ALL, proposal); // more than is allowed unattended: it waits for the key holders
  const [consent] = hostile.ceremony(done)?.verdicts.values() ?? [];
  const forged = ALL.map((party) =>
    signVerdict(
      {
        ...(consent?.body ?? { ...signVerdictBody(proposal, party) }),
        proposal: proposal.digest,
        party,
        counter: 500 + party,
        reading: { digest: must(decode((proposal.body as SignProposal).payload)).digest },
      },
      network.operator.statement,
    ),
  );
  await hostile.say(ALL, ...forged);
  const start = startOf(proposal, {
    standings: forged.map((verdict) => ({ party: verdict.body.party, answer: 'consent', verdict: verdict.digest })),
  });
  await hostile.say(ALL, start);
  await noted('STATEMENT_SIGNATURE', 'operator:ops refused');
  await eventually('it to wait in every inbox', async () => {
    const states = await Promise.all(ALL.map((index) => network.ask(index, 'status')));
    return states.every((state) => state['pending'] === 1) ? true : undefined;
  });
  expectNoRounds();
});

test('a policy that changed after the consents takes them back: the start comes to nothing', async () => {
  const proposal = hostile.proposal(await hostile.signing(payment({ nonce: network.nextNonce() })));
  await hostile.say(ALL, proposal);
  await hostile.consents(proposal, ALL);
  for (const index of ALL) {
    await network.ask(index, 'policy-set', { scope: 'common', text: JSON.stringify(treasuryPolicy(2)) });
  }
  // Whoever changes first takes its consent back, and with that the proposal is over for all.
  expect(await hostile.refusals(proposal, [1])).toEqual(['WITHDRAWN']);
  await hostile.say(ALL, startOf(proposal));
  await eventually('the charges to be free', async () => {
    const logs = await Promise.all(ALL.map((index) => network.logText(index)));
    return logs.every((log) => /CHARGE_FREED/.test(log)) ? true : undefined;
  });
  expectNoRounds();
});

test('in the end nothing was signed twice and nobody is banned', async () => {
  await checkNothingTwice(network);
  for (const index of ALL) expect(await bansOf(network, index)).toBe(0);
});

function signVerdictBody(proposal: Proposal, party: number) {
  return {
    proposal: proposal.digest,
    attempt: 1,
    party,
    decision: 'consent' as const,
    judgement: 'allow' as const,
    byHand: false,
    consents: 2,
    rejections: 1,
    rules: [],
    reasons: [],
    risks: [],
    inputs: vec('inputs'),
    claimedSoftware: '',
    counter: 1,
    nonce: vec('nonce').slice(0, 16),
    created: now(),
    expires: now() + 600,
  };
}
