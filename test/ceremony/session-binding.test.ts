import { describe, expect, test } from 'vitest';
import type { SignProposal } from '../../protocol/ceremony/proposal.ts';
import { keygenPlan } from '../../protocol/ceremony/run-plan.ts';
import { runSessionId, signSessionId } from '../../protocol/ceremony/session-binding.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { vec } from '../threshold/support/labels.ts';
import { answer, keygenBody, propose, ROSTER, rosterBody, sealed, signingBody } from './support/members.ts';

const body = signingBody({ nonce: vec('fixed').slice(0, 16) });
const proposal = propose(body);
const CONSENTS = [1, 2, 3].map((party) => answer(proposal, party));
const PUBLIC_KEY = Uint8Array.of(2, ...vec('public key'));
const DIGEST = vec('digest');

interface Inputs {
  readonly roster: { readonly digest: Uint8Array };
  readonly digest: Uint8Array;
  readonly body: SignProposal;
  readonly publicKey: Uint8Array;
  readonly signers: readonly number[];
  readonly payload: Uint8Array;
  readonly consents: typeof CONSENTS;
}

const HONEST: Inputs = {
  roster: ROSTER,
  digest: proposal.digest,
  body,
  publicKey: PUBLIC_KEY,
  signers: [1, 2],
  payload: DIGEST,
  consents: CONSENTS,
};

function idOf(changes: Partial<Inputs> = {}): string {
  const { roster, digest, body: named, publicKey, signers, payload, consents } = { ...HONEST, ...changes };
  return toHex(signSessionId(roster, { digest, body: named }, publicKey, signers, payload, consents));
}

describe('the session id of a signing', () => {
  const changed: readonly (readonly [string, Partial<Inputs>])[] = [
    ['the roster', { roster: { digest: vec('other roster') } }],
    ['the proposal', { digest: vec('other proposal') }],
    ['the epoch', { body: { ...body, epochId: vec('other epoch') } }],
    ['the path', { body: { ...body, path: [0] } }],
    ['one step more of the path', { body: { ...body, path: [0, 0] } }],
    ['the attempt', { body: { ...body, attempt: 2, previous: vec('first') } }],
    ['the key', { publicKey: Uint8Array.of(3, ...PUBLIC_KEY.subarray(1)) }],
    ['the signers', { signers: [1, 3] }],
    ['the signers, one more', { signers: [1, 2, 3] }],
    ['the digest', { payload: vec('other digest') }],
    ['one consent less', { consents: CONSENTS.slice(0, 2) }],
    [
      'one consent, by its nonce',
      { consents: [...CONSENTS.slice(0, 2), answer(proposal, 3, { nonce: vec('n').slice(0, 16) })] },
    ],
    [
      'one consent, by its policy',
      { consents: [...CONSENTS.slice(0, 2), answer(proposal, 3, { commonPolicy: { digest: vec('p'), version: 1 } })] },
    ],
    [
      'one consent, by its policy version',
      {
        consents: [
          ...CONSENTS.slice(0, 2),
          answer(proposal, 3, { commonPolicy: { digest: vec('members/policy'), version: 2 } }),
        ],
      },
    ],
    ['one consent, by its expiry', { consents: [...CONSENTS.slice(0, 2), answer(proposal, 3, { expires: 1 })] }],
  ];

  test('is the same for the same inputs', () => {
    expect(idOf()).toBe(idOf());
    expect(idOf()).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each(changed)('is another one if one thing changes: %s', (_, change) => {
    expect(idOf(change)).not.toBe(idOf());
  });

  test('and no two of these changes give the same id', () => {
    const ids = [idOf(), ...changed.map(([, change]) => idOf(change))];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the session id of a keygen', () => {
  const named = keygenBody({ nonce: vec('keygen').slice(0, 16) });
  const keygen = propose(named);
  const consents = [1, 2, 3].map((party) => answer(keygen, party));
  const plan = keygenPlan(ROSTER, keygen.digest, named);
  const { cfgHash, walletId } = plan;
  const honest = toHex(runSessionId(ROSTER, keygen, plan, consents));

  test('binds roster, proposal, attempt, configuration and consents', () => {
    const other = sealed(rosterBody({ name: 'other' }));
    const later = propose({ ...named, attempt: 2, previous: keygen.digest });
    const ids = [
      honest,
      toHex(runSessionId(other, keygen, plan, consents)),
      toHex(runSessionId(ROSTER, later, plan, consents)),
      toHex(runSessionId(ROSTER, keygen, { ...plan, cfgHash: vec('configuration') }, consents)),
      toHex(runSessionId(ROSTER, keygen, plan, consents.slice(1))),
      toHex(runSessionId(ROSTER, keygen, plan, [...consents.slice(0, 2), answer(keygen, 3, { counter: 99 })])),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('each attempt and each option makes another wallet or configuration', () => {
    const again = keygenPlan(ROSTER, keygen.digest, { ...named, attempt: 2 });
    const exportable = keygenPlan(ROSTER, keygen.digest, { ...named, exportable: true });
    expect(toHex(again.walletId)).not.toBe(toHex(walletId));
    expect(toHex(exportable.cfgHash)).not.toBe(toHex(cfgHash));
    const wider = sealed(rosterBody({ threshold: 3 }));
    expect(toHex(keygenPlan(wider, keygen.digest, named).cfgHash)).not.toBe(toHex(cfgHash));
  });

  test('pids are the places of the statement keys in byte order', () => {
    expect(plan.members.map(({ pid }) => pid)).toEqual([1, 2, 3]);
    const keys = plan.members.map(({ party = 0 }) =>
      toHex(ROSTER.parties[party - 1]?.statementKey ?? new Uint8Array()),
    );
    expect(keys).toEqual([...new Set(keys)].sort());
  });
});
