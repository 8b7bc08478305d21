/** Reshare, import and export: who must agree, what is bound, what every party rejects by itself. */
import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { consentExpiry, isKeyChange, mustAgree, signerCount } from '../../protocol/ceremony/agreement.ts';
import { heldBack } from '../../protocol/ceremony/hold.ts';
import { type JudgementContext, judgeProposal } from '../../protocol/ceremony/judgement.ts';
import { describeKeyChange } from '../../protocol/ceremony/key-change-words.ts';
import type { ProposalBody, ReshareProposal } from '../../protocol/ceremony/proposal.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { fingerprint } from '../../protocol/ceremony/roster.ts';
import {
  exportPlan,
  importPlan,
  keygenPlan,
  MAX_GENERATION_STEP,
  memberByKey,
  type RunPlan,
  resharePlan,
} from '../../protocol/ceremony/run-plan.ts';
import { exportSessionId, runSessionId } from '../../protocol/ceremony/session-binding.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Epoch } from '../../protocol/threshold/keygen/epoch.ts';
import { must } from '../support/must.ts';
import { vec } from '../threshold/support/labels.ts';
import {
  answer,
  codeOf,
  epochOf,
  exportBody,
  importBody,
  keygenBody,
  keyOf,
  LIFE,
  NOW,
  propose,
  ROSTER,
  reshareBody,
  rosterBody,
  sealed,
  signingBody,
  successor,
} from './support/members.ts';

const EPOCH = epochOf(ROSTER);
const REPLACED = successor(['party:2', 'joining:4', 'party:1']);
const WALLET = walletOf(EPOCH);

function walletOf(epoch: Epoch, roster: Roster = ROSTER): Wallet {
  return {
    name: 'treasury',
    walletId: epoch.config.walletId,
    epochId: epoch.epochId,
    roster: roster.digest,
    address: vec('members/address').slice(0, 20),
    epoch,
  } as Wallet;
}

const plan = (changes: Partial<ReshareProposal> = {}) => resharePlan(ROSTER, EPOCH, reshareBody(EPOCH, changes));

describe('who must agree', () => {
  const reshares: readonly (readonly [string, Partial<ReshareProposal>, readonly number[]])[] = [
    ['a refresh: all', {}, [1, 2, 3]],
    ['a refresh by other dealers: all the same', { dealers: [2, 3] }, [1, 2, 3]],
    ['who stays, not who leaves', { next: successor(['party:1', 'party:2']) }, [1, 2]],
    ['who leaves and deals', { next: successor(['party:1', 'party:2']), dealers: [1, 3] }, [1, 2, 3]],
    ['who stays, whatever its index', { next: REPLACED }, [1, 2]],
    ['nobody whose share is restored', restored(), [1, 2]],
    ['a threshold changes: all', { next: successor(['party:1', 'party:2', 'party:3'], { threshold: 3 }) }, [1, 2, 3]],
    ['all leave: those that deal', { next: successor(['joining:4', 'joining:5']) }, [1, 2]],
  ];

  test.each(reshares)('to a reshare: %s', (_, changes, parties) => {
    expect(mustAgree(reshareBody(EPOCH, changes), ROSTER)).toEqual(parties);
    expect(signerCount(reshareBody(EPOCH, changes), ROSTER)).toBe(parties.length);
  });

  test('to a keygen, an import, an export: all; to a signing: any t', () => {
    const others: readonly ProposalBody[] = [keygenBody(), importBody(), exportBody(EPOCH)];
    for (const body of others) expect(mustAgree(body, ROSTER)).toEqual([1, 2, 3]);
    expect(mustAgree(signingBody(), ROSTER)).toBeUndefined();
    expect(signerCount(signingBody(), ROSTER)).toBe(2);
  });

  test('changes of keys are announced, and agreed to for as long as their proposal lives', () => {
    expect([reshareBody(EPOCH), importBody(), exportBody(EPOCH)].map(isKeyChange)).toEqual([true, true, true]);
    expect([keygenBody(), signingBody()].map(isKeyChange)).toEqual([false, false]);
    const expires = NOW + 5 * 24 * 3600;
    expect(consentExpiry(reshareBody(EPOCH, { expires }), NOW)).toBe(expires);
    expect(consentExpiry(keygenBody({ expires }), NOW)).toBe(NOW + 3600);
    expect(consentExpiry(signingBody(), NOW + 100)).toBe(NOW + LIFE);
  });
});

function restored(changes: Partial<ReshareProposal> = {}): Partial<ReshareProposal> {
  const next = successor(['party:1', 'heir', 'party:2']);
  return { next, dealers: [1, 3], restored: [{ oldIndex: 3, joining: 2 }], ...changes };
}

describe('the plan of a reshare', () => {
  test('of a refresh keeps parties and threshold', () => {
    const { config, members, parent } = must(plan());
    expect(config).toMatchObject({ purpose: 'RESHARE', threshold: 2, oldThreshold: 2, gen: 2, exportable: false });
    expect(parent).toBe(EPOCH);
    expect(members.map(({ name }) => name).sort()).toEqual(['party:1', 'party:2', 'party:3']);
    expect(rolesOf(config.parties)).toEqual(['1>1d', '2>2d', '3>3']);
  });

  test('of a hand-over names who joins by its new index, and is a REMOVE if anybody leaves', () => {
    const { config, members } = must(plan({ next: REPLACED }));
    expect(config.purpose).toBe('REMOVE');
    expect(rolesOf(config.parties)).toEqual(['0>2', '1>3d', '2>1d']);
    expect(members.map(({ name }) => name).sort()).toEqual(['joining:2', 'party:1', 'party:2']);
    const joining = memberByKey(must(plan({ next: REPLACED })), keyOf('joining:4').publicKey);
    expect(joining).toMatchObject({ joining: 2, name: 'joining:2' });
    expect(must(plan({ next: successor(['party:1', 'party:2', 'party:3', 'joining:4']) })).config.purpose).toBe(
      'RESHARE',
    );
  });

  test('lets a party that leaves deal, and a newcomer bring back a lost share', () => {
    const leaving = must(plan({ next: successor(['party:1', 'party:2']), dealers: [1, 3] }));
    expect(rolesOf(leaving.config.parties)).toEqual(['1>1d', '2>2', '3>0d']);
    const { config, members } = must(plan(restored()));
    expect(rolesOf(config.parties)).toEqual(['1>1d', '2>3', '3>2d']);
    expect(config.purpose).toBe('REMOVE');
    expect(members.map(({ name }) => name).sort()).toEqual(['joining:2', 'party:1', 'party:2']);
  });

  test('pids are the places of the identity keys in byte order', () => {
    const { members } = must(plan({ next: REPLACED }));
    expect(members.map(({ pid }) => pid)).toEqual([1, 2, 3]);
    const keys = members.map(({ identityKey }) => toHex(identityKey));
    expect(keys).toEqual([...keys].sort());
  });

  const wrong: readonly (readonly [string, string, Partial<ReshareProposal>])[] = [
    ['another epoch', 'WRONG_EPOCH', { epochId: vec('another epoch') }],
    ['another wallet', 'WRONG_EPOCH', { walletId: vec('another wallet') }],
    ['a roster that is no successor', 'NOT_SUCCESSOR', { next: successor(['party:1', 'party:2'], { version: 4 }) }],
    ['the same generation', 'RESHARE_GENERATION', { gen: 1 }],
    ['a generation far ahead', 'RESHARE_GENERATION', { gen: 2 + MAX_GENERATION_STEP }],
    ['too few dealers', 'RESHARE_DEALERS', { dealers: [1] }],
    ['too many dealers', 'RESHARE_DEALERS', { dealers: [1, 2, 3] }],
    ['dealers out of order', 'RESHARE_DEALERS', { dealers: [2, 1] }],
    ['a dealer twice', 'RESHARE_DEALERS', { dealers: [1, 1] }],
    ['a dealer that does not exist', 'RESHARE_DEALERS', { dealers: [1, 4] }],
    ['a restored share in a refresh', 'RESHARE_RESTORED', { restored: [{ oldIndex: 2, joining: 2 }] }],
    ['a restored share of who does not deal', 'RESHARE_RESTORED', restored({ dealers: [1, 2] })],
    ['a restored share of who stays', 'RESHARE_RESTORED', restored({ restored: [{ oldIndex: 1, joining: 2 }] })],
    ['a share restored by who was there', 'RESHARE_RESTORED', restored({ restored: [{ oldIndex: 3, joining: 1 }] })],
    ['a share restored by nobody', 'RESHARE_RESTORED', restored({ restored: [{ oldIndex: 3, joining: 9 }] })],
    [
      'two shares restored by one',
      'RESHARE_RESTORED',
      {
        next: successor(['party:1', 'heir']),
        dealers: [2, 3],
        restored: [
          { oldIndex: 2, joining: 2 },
          { oldIndex: 3, joining: 2 },
        ],
      },
    ],
    [
      'nobody who would be asked',
      'RESHARE_NOBODY_STAYS',
      {
        next: successor(['heir', 'heiress']),
        dealers: [2, 3],
        restored: [
          { oldIndex: 2, joining: 1 },
          { oldIndex: 3, joining: 2 },
        ],
      },
    ],
  ];

  test.each(wrong)('%s: %s, by every party', (_, code, changes) => {
    expect(codeOf(plan(changes))).toBe(code);
    const body = reshareBody(EPOCH, changes);
    const judged = judgeProposal(propose(body), {
      roster: ROSTER,
      wallet: WALLET,
      inputs: { now: NOW },
      ledger: 'uncounted',
    });
    const expected = changes.walletId === undefined ? code : 'UNKNOWN_WALLET';
    expect(judged).toMatchObject({ judgement: 'deny', reasons: [{ code: expected }] });
    expect(judged.reading).toBeUndefined();
  });

  test('the edge of the generations', () => {
    expect(codeOf(plan({ gen: 1 + MAX_GENERATION_STEP }))).toBe('ok');
  });

  test('shares that other parties hold are not dealt under this roster', () => {
    const moved = epochOf(successor(['party:1', 'party:2', 'joining:4']));
    expect(codeOf(resharePlan(ROSTER, moved, reshareBody(moved)))).toBe('WRONG_EPOCH');
    const wider = epochOf(sealed(rosterBody({ parties: ROSTER.parties.slice(0, 2) })));
    expect(codeOf(resharePlan(ROSTER, wider, reshareBody(wider)))).toBe('WRONG_EPOCH');
  });
});

/** `old>new`, with a d for dealers, by old index and then new. */
function rolesOf(rows: RunPlan['config']['parties']): readonly string[] {
  return rows.map(({ dealer, newIndex, oldIndex }) => `${oldIndex}>${newIndex}${dealer ? 'd' : ''}`).sort();
}

describe('the plans of imports and exports', () => {
  test('an import is dealt by its holder alone', () => {
    const body = importBody();
    const { config, walletId } = must(importPlan(ROSTER, propose(body).digest, body));
    expect(config).toMatchObject({ purpose: 'IMPORT', gen: 1, oldThreshold: 0, walletId });
    expect(rolesOf(config.parties)).toEqual(['0>1', '0>2d', '0>3']);
  });

  test.each([
    ['IMPORT_HOLDER', importBody({ holder: 4 })],
    ['IMPORT_KEY', importBody({ publicKey: new Uint8Array(33) })],
    ['IMPORT_KEY', importBody({ publicKey: Uint8Array.of(4, ...vec('x')) })],
  ] as const)('%s', (code, body) => {
    expect(codeOf(importPlan(ROSTER, vec('proposal'), body))).toBe(code);
    const judged = judgeProposal(propose(body), { roster: ROSTER, inputs: { now: NOW }, ledger: 'uncounted' });
    expect(judged).toMatchObject({ judgement: 'deny', reasons: [{ code }] });
  });

  const exportable = epochOf(ROSTER, { exportable: true });

  test('an export needs a key that was made for it, and a usable recipient', () => {
    expect(codeOf(exportPlan(exportable, exportBody(exportable)))).toBe('ok');
    expect(codeOf(exportPlan(EPOCH, exportBody(EPOCH)))).toBe('NOT_EXPORTABLE');
    expect(codeOf(exportPlan(exportable, exportBody(exportable, { epochId: vec('e') })))).toBe('WRONG_EPOCH');
    const field = 2n ** 255n - 19n;
    const little = (value: bigint): Uint8Array =>
      Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
    const order8 = 325606250916557431795983626356110631294008115727848805560023387167927233504n;
    const odd = [0n, 1n, order8, field - 1n, field, field + 1n, field + 9n, 2n ** 255n + 9n];
    for (const u of odd) {
      const body = exportBody(exportable, { recipient: little(u) });
      expect(codeOf(exportPlan(exportable, body)), u.toString()).toBe('EXPORT_RECIPIENT');
    }
    for (let i = 0; i < 20; i++) {
      const recipient = x25519.getPublicKey(vec(`recipient/${i}`));
      expect(codeOf(exportPlan(exportable, exportBody(exportable, { recipient })))).toBe('ok');
    }
  });
});

describe('the judgement', () => {
  const context: JudgementContext = { roster: ROSTER, wallet: WALLET, inputs: { now: NOW }, ledger: 'uncounted' };

  test('is by hand, by all that must agree, and one rejection ends it', () => {
    const judged = judgeProposal(propose(reshareBody(EPOCH, { next: REPLACED })), context);
    expect(judged).toMatchObject({ judgement: 'require', consents: 2, rejections: 1, rules: [], reasons: [] });
    expect(judged.reading?.digest).toEqual(must(plan({ next: REPLACED, nonce: vec('x') })).cfgHash);
    expect(judgeProposal(propose(importBody()), context)).toMatchObject({ judgement: 'require', consents: 3 });
    const alone = judgeProposal(
      propose(reshareBody(EPOCH, restored({ next: successor(['party:1', 'heir']) }))),
      context,
    );
    expect(alone).toMatchObject({ judgement: 'require', consents: 1 });
  });

  test('denies what names a wallet that is not here, or has moved on', () => {
    const reshare = propose(reshareBody(EPOCH));
    const codes = (wallet: Wallet | undefined): readonly string[] =>
      judgeProposal(reshare, { ...context, wallet }).reasons.map(({ code }) => code);
    expect(codes(undefined)).toEqual(['UNKNOWN_WALLET']);
    expect(codes({ ...WALLET, name: 'other' })).toEqual(['UNKNOWN_WALLET']);
    expect(codes({ ...WALLET, epochId: vec('newer') })).toEqual(['WRONG_EPOCH']);
    expect(codes({ ...WALLET, roster: REPLACED.digest })).toEqual(['WRONG_EPOCH']);
  });
});

describe('holding back', () => {
  const body = reshareBody(EPOCH, { next: REPLACED });

  test('until the key holder has adopted exactly this successor', () => {
    expect(heldBack(body, ROSTER, 1, undefined)?.code).toBe('SUCCESSOR_NOT_ADOPTED');
    expect(heldBack(body, ROSTER, 1, successor(['party:1', 'party:2']))?.code).toBe('SUCCESSOR_NOT_ADOPTED');
    expect(heldBack(body, ROSTER, 1, REPLACED)).toBeUndefined();
  });

  test('also of who joins, but not of who leaves', () => {
    expect(heldBack(body, ROSTER, 0, undefined)?.code).toBe('SUCCESSOR_NOT_ADOPTED');
    expect(heldBack(body, ROSTER, 0, REPLACED)).toBeUndefined();
    expect(heldBack(body, ROSTER, 3, undefined)).toBeUndefined();
  });

  test('nothing but hand-overs', () => {
    for (const other of [reshareBody(EPOCH), importBody(), exportBody(EPOCH), keygenBody(), signingBody()]) {
      expect(heldBack(other, ROSTER, 1, undefined)).toBeUndefined();
    }
  });
});

describe('the words', () => {
  const address = vec('members/address').slice(0, 20);

  test('of a hand-over say who gets control, and show what is to be compared', () => {
    const { title, lines, warnings } = describeKeyChange(reshareBody(EPOCH, { next: REPLACED }), ROSTER, address);
    const text = lines.join('\n');
    expect(title).toBe('HANDS A KEY TO OTHERS');
    for (const part of [
      'JOINS  party 2: joining-4',
      'LEAVES party 3: party-3',
      'party-1: party 1 becomes party 3',
      'dealt by party 1 (party-1, Person 1), party 2',
      'any 2 of party-2, joining-4, party-1 have full control',
      fingerprint(REPLACED.digest).words,
    ]) {
      expect(text).toContain(part);
    }
    expect(warnings).toEqual([]);
  });

  test('warn of what should make people ask', () => {
    const warned = (next: Roster): string =>
      describeKeyChange(reshareBody(EPOCH, { next }), ROSTER, address).warnings.join('\n');
    expect(warned(successor(['joining:4', 'joining:5', 'party:1']))).toContain('those who join could sign');
    expect(warned(successor(['joining:4', 'joining:5', 'party:1']))).toContain('could no longer sign');
    expect(warned(successor(['party:1', 'party:2']))).toContain('a single lost party');
  });

  test('of a restored share, a refresh, an import, an export', () => {
    const words = (body: Parameters<typeof describeKeyChange>[0]): string => {
      const { title, lines, warnings } = describeKeyChange(body, ROSTER, address);
      return [title, ...lines, ...warnings].join('\n');
    };
    expect(words(reshareBody(EPOCH, restored()))).toContain(
      'party 2 (heir, Person heir) brings back the share of party 3',
    );
    expect(words(reshareBody(EPOCH))).toContain('any 2 of them sign, as before');
    expect(words(importBody())).toContain('party 2 (party-2, Person 2) has its private key');
    const body = exportBody(EPOCH);
    expect(words(body)).toContain(toHex(body.recipient));
    expect(words(body)).toContain('can sign alone, for ever');
  });
});

describe('session ids', () => {
  const body = reshareBody(EPOCH, { next: REPLACED, nonce: vec('reshare').slice(0, 16) });
  const proposal = propose(body);
  const consents = [1, 2].map((party) => answer(proposal, party, { byHand: true, judgement: 'require' }));
  const planned = must(resharePlan(ROSTER, EPOCH, body));
  const idOf = (run: RunPlan, named = proposal, said = consents, roster: Roster = ROSTER): string =>
    toHex(runSessionId(roster, named, run, said));

  test('of a reshare bind everything that its parties agree on', () => {
    const variant = (changes: Partial<ReshareProposal>): string => {
      const changed = { ...body, ...changes };
      return idOf(must(resharePlan(ROSTER, EPOCH, changed)), propose(changed));
    };
    const other = epochOf(ROSTER, { label: 'another epoch' });
    const elsewhere = { ...body, epochId: other.epochId };
    const ids = [
      idOf(planned),
      variant({ dealers: [1, 3] }),
      variant({ gen: 3 }),
      variant({ next: undefined }),
      variant({ next: successor(['party:2', 'joining:5', 'party:1']) }),
      variant({ next: successor(['party:1', 'joining:4', 'party:2']) }),
      variant({ next: successor(['party:2', 'joining:4', 'party:1'], { threshold: 3 }) }),
      variant({ attempt: 2, previous: proposal.digest }),
      variant({ note: 'other words' }),
      idOf(must(resharePlan(ROSTER, other, elsewhere)), propose(elsewhere)),
      idOf(planned, proposal, consents.slice(1)),
      idOf(planned, proposal, [...consents.slice(0, 1), answer(proposal, 2, { counter: 99 })]),
      idOf(planned, proposal, consents, sealed(rosterBody({ announcement: 5 }))),
      idOf({ ...planned, config: { ...planned.config, purpose: 'RESHARE' } }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('of keygen, import and export under one proposal digest never meet', () => {
    const keygen = keygenBody({ nonce: vec('one').slice(0, 16) });
    const imported = importBody({ nonce: vec('one').slice(0, 16) });
    const named = propose(keygen);
    const all = [1, 2, 3].map((party) => answer(named, party));
    const exportable = epochOf(ROSTER, { exportable: true });
    const exported = exportBody(exportable);
    const bound = { digest: named.digest, body: exported };
    const ids = [
      toHex(runSessionId(ROSTER, named, keygenPlan(ROSTER, named.digest, keygen), all)),
      toHex(runSessionId(ROSTER, named, must(importPlan(ROSTER, named.digest, imported)), all)),
      toHex(exportSessionId(ROSTER, bound, exportable.publicKey, must(exportPlan(exportable, exported)), all)),
      toHex(
        exportSessionId(
          ROSTER,
          bound,
          exportable.publicKey,
          must(exportPlan(exportable, { ...exported, recipient: x25519.getPublicKey(vec('else')) })),
          all,
        ),
      ),
      toHex(
        exportSessionId(
          ROSTER,
          bound,
          EPOCH.publicKey.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
          must(exportPlan(exportable, exported)),
          all,
        ),
      ),
      toHex(exportSessionId(ROSTER, bound, exportable.publicKey, must(exportPlan(exportable, exported)), all.slice(1))),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
