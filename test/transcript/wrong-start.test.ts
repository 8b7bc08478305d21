/**
 * Signings that went wrong in one answer or in the start, and are validly signed all the way down: every statement by its
 * author, every close over exactly these entries. Each fails for its own reason; what went right verifies.
 */
import { describe, expect, it } from 'vitest';
import { inputsJson } from '../../protocol/ceremony/inputs.ts';
import { signStart } from '../../protocol/ceremony/start.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { AuditCode } from '../../protocol/transcript/codes.ts';
import type { Entry } from '../../protocol/transcript/entry.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { policyFrom } from '../support/must.ts';
import type { SignPlan, Told } from '../support/plan.ts';
import { fileOf, type Story } from '../support/story.ts';
import { ETHER, FRIEND, readyMoot, transfer, treasuryPolicy, trojan } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import {
  alsoVerdict,
  byParty,
  claimed,
  declined,
  flip,
  reStart,
  reVerdict,
  silent,
  startOf,
  withdrawn,
} from './support.ts';

const { moot, from } = readyMoot('wrong signings');
const { roster } = moot;
const payload = transfer();
const large = transfer(3n * ETHER);
const friendly = transfer(ETHER, FRIEND);

function told(plan: Partial<SignPlan>): Told {
  return moot.sign(from, { payload, ...plan });
}

function codeOf({ lines }: Told): AuditCode | 'VERIFIED' | undefined {
  const report = verifyTranscript(fileOf(lines), { roster });
  return report.ok ? 'VERIFIED' : report.failure?.code;
}

/** As it happened, so that every case below differs from something that verifies. */
const right: readonly (readonly [string, Partial<SignPlan>])[] = [
  ['an allowed transfer', {}],
  ['a transfer that all three approve by hand', { payload: large }],
  ['two of three, the third silent', { answer: byParty(3, silent) }],
  ['one rejection where two are needed', { payload: friendly, answer: byParty(3, declined) }],
  ['closed by two parties and the operator', { authors: ['operator:olivia', 'party:3', 'party:1'] }],
  ['refused by policy', { payload: trojan() }],
  ['refused by hand', { payload: large, answer: byParty(1, declined) }],
  ['aborted: a last message got lost', { network: ({ from: sender, to, bytes }) => dropLast(sender, to, bytes) }],
  [
    'an equivocation after the start',
    { story: (story) => alsoVerdict(moot, story, 3, { nonce: vec('second').slice(0, 16) }) },
  ],
  ['a withdrawal after the start', { story: (story) => withdrawn(moot, story, 'party:3', moot.now()) }],
  [
    'a rejection that came to light later',
    {
      payload: friendly,
      answer: byParty(3, declined),
      composing: (body) => ({ ...body, standings: body.standings.map(unreachable(3)) }),
    },
  ],
];

function dropLast(sender: number, to: number, bytes: Uint8Array): Uint8Array | undefined {
  const envelope = parseEnvelope(bytes);
  return sender === 1 && to === 2 && envelope?.type === 0x30 && envelope.round === 3 ? undefined : bytes;
}

function unreachable(party: number) {
  return (item: { readonly party: number; readonly answer: 'consent' | 'reject' | 'unreachable' }) =>
    item.party === party ? { party, answer: 'unreachable' as const } : item;
}

describe('right signings', () => {
  it.each(right)('%s', (_, plan) => {
    expect(codeOf(told(plan))).toBe('VERIFIED');
  });
});

const wrong: readonly (readonly [string, AuditCode, Partial<SignPlan>])[] = [
  // Verdicts
  [
    'another verdict than the one started upon',
    'START_STANDINGS',
    { story: (story) => reVerdict(moot, story, 1, { nonce: vec('other').slice(0, 16) }) },
  ],
  [
    'other rules than matched',
    'JUDGEMENT_DIFFERS',
    { answer: byParty(1, (body) => ({ ...body, rules: ['common/large'] })) },
  ],
  ['a consent against policy, by everybody', 'JUDGEMENT_DIFFERS', { payload: trojan(), answer: claimed(trojan()) }],
  [
    'fewer consents than the rule demands',
    'JUDGEMENT_DIFFERS',
    { payload: large, answer: (body) => (body.party === 3 ? undefined : { ...body, consents: 2 }) },
  ],
  ['hidden risks', 'JUDGEMENT_DIFFERS', { payload: trojan(), answer: (body) => ({ ...body, risks: [] }) }],
  [
    'other reasons for a denial',
    'JUDGEMENT_DIFFERS',
    { payload: trojan(), answer: byParty(2, (body) => ({ ...body, reasons: body.reasons.slice(1) })) },
  ],
  [
    'a denial that the policy does not give',
    'JUDGEMENT_DIFFERS',
    {
      answer: (body) => ({
        ...body,
        decision: 'reject',
        judgement: 'deny',
        reasons: [{ code: 'DEFAULT_DENY', detail: 'nothing permits it' }],
      }),
    },
  ],
  [
    'an approval by hand that nobody gave',
    'CONSENT_INVALID',
    { payload: large, answer: byParty(2, (body) => ({ ...body, byHand: false })) },
  ],
  [
    'a rejection that is nobody’s',
    'CONSENT_INVALID',
    { payload: friendly, answer: byParty(3, (body) => ({ ...body, decision: 'reject' })) },
  ],
  [
    'a consent without a reading',
    'CONSENT_INVALID',
    { answer: byParty(3, (body) => ({ ...body, reading: undefined })) },
  ],
  ['a consent for no time', 'CONSENT_INVALID', { answer: byParty(3, (body) => ({ ...body, expires: body.created })) }],
  [
    'a verdict on another attempt',
    'STATEMENT_FOREIGN',
    { story: (story) => reVerdict(moot, story, 3, { attempt: 2 }) },
  ],
  [
    'a verdict on another proposal',
    'STATEMENT_FOREIGN',
    { story: (story) => reVerdict(moot, story, 3, { proposal: vec('another') }) },
  ],
  [
    'a verdict dated before its proposal',
    'TIMES_DISORDERED',
    { answer: byParty(1, (body) => ({ ...body, created: body.created - 1000 })) },
  ],
  [
    'a judgement with the clock of tomorrow',
    'TIMES_DISORDERED',
    {
      answer: byParty(1, (body) => ({ ...body, inputs: documentDigest(inputsJson({ now: 1_900_000_000 })) })),
      story: (story) => ({ ...story, documents: [...story.documents, inputsJson({ now: 1_900_000_000 })] }),
    },
  ],
  [
    'a consent to an expired proposal',
    'PROPOSAL_EXPIRED',
    { proposal: (body) => ({ ...body, expires: body.created + 1 }) },
  ],
  ['two verdicts of one party and a third', 'ENTRY_DUPLICATE', { story: (story) => thrice(story) }],
  // What all must see alike
  [
    'another digest, with a signature that matches it',
    'DIGEST_DIFFERS',
    { answer: (body) => ({ ...body, reading: body.reading && { ...body.reading, digest: vec('other digest') } }) },
  ],
  [
    'another leaf tree',
    'TREE_DIFFERS',
    { answer: (body) => ({ ...body, reading: body.reading && { ...body.reading, tree: vec('other tree') } }) },
  ],
  [
    'policies that differ between consents',
    'CONSENTS_DIFFER',
    { policy: (party) => policyFrom(treasuryPolicy(party === 2 ? 2 : 1)) },
  ],
  [
    'a policy nobody can see',
    'DOCUMENT_MISSING',
    { answer: (body) => ({ ...body, commonPolicy: { digest: vec('other policy'), version: 1 } }) },
  ],
  [
    'a policy of another version',
    'POLICY_DIFFERS',
    { answer: (body) => ({ ...body, commonPolicy: body.commonPolicy && { ...body.commonPolicy, version: 7 } }) },
  ],
  [
    'a policy that is another one',
    'JUDGEMENT_DIFFERS',
    {
      payload: large,
      policy: () => policyFrom(laxPolicy()),
      answer: (body) => ({ ...body, rules: ['common/large'], judgement: 'require', byHand: true, consents: 3 }),
    },
  ],
  ['inputs nobody can see', 'DOCUMENT_MISSING', { answer: byParty(2, (body) => ({ ...body, inputs: vec('inputs') })) }],
  [
    'a payload that cannot be decoded',
    'PAYLOAD_REFUSED',
    {
      payload: { kind: 'evm-transaction', bytes: flip(payload.bytes, 1) },
      answer: claimed(payload),
    },
  ],
  [
    'a path without its key',
    'CONSENTS_DIFFER',
    { proposal: (body) => ({ ...body, path: [7] }), answer: claimed(payload) },
  ],
  [
    'another address',
    'WALLET_DIFFERS',
    { proposal: (body) => ({ ...body, address: vec('address').slice(0, 20) }), answer: claimed(payload) },
  ],
  // The start
  [
    'a rejection called unreachable',
    'REJECTION_HIDDEN',
    {
      answer: byParty(3, declined),
      composing: (body) => ({ ...body, standings: body.standings.map(unreachable(3)) }),
    },
  ],
  ['a start in spite of a rejection', 'REJECTED', { answer: byParty(3, declined) }],
  [
    'a rejection that is listed but missing',
    'START_STANDINGS',
    {
      payload: friendly,
      answer: byParty(3, declined),
      story: (story) => ({ ...story, verdicts: story.verdicts.filter(({ body }) => body.party !== 3) }),
    },
  ],
  [
    'a party left out',
    'START_STANDINGS',
    { composing: (body) => ({ ...body, standings: body.standings.slice(0, 2) }) },
  ],
  ['a start before the quorum', 'QUORUM_MISSING', { payload: large, answer: byParty(3, silent), signers: [1, 2] }],
  ['an expired consent', 'CONSENT_EXPIRED', { answer: byParty(1, (body) => ({ ...body, expires: body.created + 1 })) }],
  ['a signer who did not consent', 'START_SIGNERS', { answer: byParty(3, silent), signers: [1, 3] }],
  ['a signer too many', 'START_SIGNERS', { story: (story) => reStart(moot, story, { signers: [1, 2, 3] }) }],
  ['another digest in the start', 'START_DIGEST', { composing: (body) => ({ ...body, digest: vec('another') }) }],
  ['a start of another attempt', 'STATEMENT_FOREIGN', { story: (story) => reStart(moot, story, { attempt: 2 }) }],
  [
    'a start dated before its consents',
    'TIMES_DISORDERED',
    { composing: (body) => ({ ...body, created: body.created - 70 }) },
  ],
  ['a session id of other consents', 'SESSION_ID', { composed: (body) => ({ ...body, sessionId: vec('session') }) }],
  ['a second start', 'START_SPENT', { entries: (entries) => doubled(entries) }],
  [
    'withdrawn, but started',
    'WITHDRAWN',
    { story: (story) => withdrawn(moot, story, 'operator:olivia', startOf(story).created - 1) },
  ],
];

function thrice(story: Story) {
  const second = alsoVerdict(moot, story, 3, { nonce: vec('second').slice(0, 16) });
  return alsoVerdict(moot, second, 3, { nonce: vec('third').slice(0, 16) });
}

function laxPolicy(): object {
  const policy = treasuryPolicy() as { readonly rules: readonly object[] };
  return { ...policy, rules: policy.rules.slice(0, 2) };
}

function doubled(entries: readonly Entry[]): readonly Entry[] {
  return entries.flatMap((entry) => {
    if (entry.kind !== 'statement' || entry.statement.type !== 'keymoot.start.v1') return [entry];
    const body = JSON.parse(new TextDecoder().decode(entry.statement.body)) as { readonly proposal: string };
    const digest = Uint8Array.from(Buffer.from(body.proposal, 'hex'));
    const standings = [1, 2, 3].map((party) => ({ party, answer: 'unreachable' as const }));
    const fields = { composer: 'operator:olivia', created: moot.now(), signers: [1, 2], digest, sessionId: digest };
    const start = signStart({ proposal: digest, attempt: 1, standings, ...fields }, moot.keyOf('operator:olivia'));
    return [entry, { kind: 'statement', statement: start.envelope } as const];
  });
}

describe('wrong answers and starts', () => {
  it.each(wrong)('%s: %s', (_, code, plan) => {
    expect(codeOf(told(plan))).toBe(code);
  });
});
