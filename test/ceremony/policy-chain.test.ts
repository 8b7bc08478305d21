/** Which version may follow which: signatures, parents, numbers, keys, entries of the address book. */
import { describe, expect, test } from 'vitest';
import { isEntrySigned } from '../../protocol/ceremony/address-entry.ts';
import { signerFromSeed } from '../../protocol/ceremony/ed25519.ts';
import { type Admitted, admitPolicy, requirementOf } from '../../protocol/ceremony/policy-chain.ts';
import { signPolicyVersion, versionBody } from '../../protocol/ceremony/policy-version.ts';
import { envelopeJson } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Result } from '../../protocol/common/result.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import {
  approverFile,
  type Draft,
  drop,
  edited,
  entryFile,
  get,
  policyFrom,
  put,
  rich,
} from '../policy/support/versions.ts';
import { treasuryMoot } from '../support/treasury.ts';

const { roster } = treasuryMoot('policy-chain');
const NUMBERS: Readonly<Record<string, number>> = { ada: 1, ben: 2, cem: 3, dan: 4 };
const NOW = 1_795_000_000;

/** The next version, signed by these approvers of the one before. */
function signed(draft: Draft, names: readonly string[], change: object = {}): Policy {
  const bare = policyFrom(draft);
  const signatures = names.map((name) => {
    const body = versionBody(bare, name, NOW);
    if (body === undefined) throw new Error('no parent');
    const signer = signerFromSeed(new Uint8Array(32).fill(100 + (NUMBERS[name] ?? 0)));
    return envelopeJson(signPolicyVersion({ ...body, ...change }, signer).envelope);
  });
  return policyFrom({ ...draft, signatures });
}

function following(parent: Policy, file: Draft, edit: (draft: Draft) => void = () => undefined): Draft {
  return edited(file, (draft) => {
    put(draft, 'parentHash', `0x${toHex(policyDigest(parent))}`);
    edit(draft);
  });
}

const first = policyFrom(rich());
const narrower = (draft: Draft): unknown => put(draft, 'rules.small.match.amount.max', '5');
const wider = (draft: Draft): unknown => drop(draft, 'rules.small.match.amount');
const code = (admitted: Result<Admitted, { readonly code: string }>): string =>
  admitted.ok ? 'ok' : admitted.error.code;

describe('a version that two admins have signed', () => {
  test('narrows at once, widens after the delay; the signers are persons', () => {
    const next = admitPolicy(first, signed(following(first, rich(), narrower), ['ada', 'dan']), roster);
    expect(next).toMatchObject({ ok: true, value: { direction: 'narrows', delaySec: 0, signers: ['Ada', 'Dan'] } });
    const wide = admitPolicy(first, signed(following(first, rich(), wider), ['ada', 'dan']), roster);
    expect(wide).toMatchObject({ ok: true, value: { direction: 'widens', delaySec: 259_200 } });
  });

  test('may be signed on other days, in another order, and by more than need be', () => {
    const draft = following(first, rich(), narrower);
    const twice = { ...draft, signatures: [...signed(draft, ['dan', 'ada', 'ben', 'dan']).signatures] };
    expect(code(admitPolicy(first, policyFrom(twice), roster))).toBe('ok');
  });
});

describe('a version is refused', () => {
  const draft = following(first, rich(), narrower);
  const refused = (next: Policy, current = first): string => code(admitPolicy(current, next, roster, NOW));

  test('unsigned, signed by one, by somebody of another group, or for something else', () => {
    expect(refused(policyFrom(draft))).toBe('POLICY_UNSIGNED');
    expect(refused(signed(draft, ['ada']))).toBe('POLICY_UNSIGNED');
    expect(refused(signed(draft, ['ada', 'ben']))).toBe('POLICY_UNSIGNED');
    for (const change of [
      { policy: new Uint8Array(32) },
      { parent: new Uint8Array(32) },
      { version: 3 },
      { id: 'other' },
      { approver: 'ben' },
    ]) {
      expect(refused(signed(draft, ['ada', 'dan'], change))).toBe('POLICY_UNSIGNED');
    }
  });

  test('unsigned before anything else is looked at: else whoever sends it could keep everybody busy', () => {
    const broken = following(first, rich(), (policy) => {
      put(policy, 'counterparties.acme', { ...entryFile('acme', 2, [`0x${'ac'.repeat(20)}`]), label: 'Another' });
    });
    expect(refused(policyFrom(broken))).toBe('POLICY_UNSIGNED');
    expect(refused(signed(broken, ['ada', 'dan']))).toBe('ENTRY_SIGNATURE');
  });

  test('signed twice by one person on two devices', () => {
    const file = edited(rich(), (policy) => {
      put(policy, 'version', 1);
      drop(policy, 'parentHash');
      put(policy, 'approvers.dan', approverFile('Ada', 4, 'token'));
      put(policy, 'approvers.eve', approverFile('Eve', 5));
      put(policy, 'groups.board', ['ada', 'dan', 'eve']);
    });
    const parent = policyFrom(file);
    const next = signed(following(parent, file, narrower), ['ada', 'dan']);
    expect(code(admitPolicy(parent, next, roster))).toBe('POLICY_UNSIGNED');
  });

  test('with the signatures of its own admins instead of its parent’s', () => {
    const coup = following(first, rich(), (policy) => {
      put(policy, 'groups.board', ['ben', 'cem']);
    });
    expect(refused(signed(coup, ['ben', 'cem']))).toBe('POLICY_UNSIGNED');
  });

  test('with another parent, another name, a version that is not higher', () => {
    const stranger = policyFrom(edited(rich(), (policy) => put(policy, 'version', 2)));
    expect(refused(signed(following(stranger, rich(), narrower), ['ada', 'dan']))).toBe('POLICY_PARENT');
    const renamed = following(first, rich(), (policy) => put(policy, 'id', 'other'));
    expect(refused(signed(renamed, ['ada', 'dan']))).toBe('POLICY_ID');
    const second = signed(draft, ['ada', 'dan']);
    expect(refused(first, second)).toBe('POLICY_VERSION_OLD');
    expect(refused(second, second)).toBe('POLICY_VERSION_OLD');
  });

  test('too late, or too long to travel', () => {
    const over = following(first, rich(), (policy) => put(policy, 'expiresAt', NOW));
    expect(refused(signed(over, ['ada', 'dan']))).toBe('POLICY_EXPIRED');
    const long = following(first, rich(), (policy) => {
      for (let list = 0; list < 3; list++) {
        const entries = Array.from({ length: 4000 }, (_, i) => ({
          chainId: 1,
          address: `0x${(0x1111 + list * 4001 + i).toString(16).padStart(40, '9')}`,
          label: 'a label that is as long as labels may be, to the last of them',
        }));
        put(policy, `addressLists.long-${list}`, entries);
      }
    });
    expect(refused(signed(long, ['ada', 'dan']))).toBe('POLICY_TOO_LARGE');
  });

  test('with a key that somebody else uses for something else', () => {
    const key = roster.parties[0]?.statementKey ?? new Uint8Array();
    const reused = following(first, rich(), (policy) => put(policy, 'approvers.ben.key', `ed25519:${toHex(key)}`));
    expect(refused(signed(reused, ['ada', 'dan']))).toBe('APPROVER_KEY_REUSED');
    const dialled = `0x${toHex(roster.operators[0]?.transportKey ?? new Uint8Array())}`;
    const transport = following(first, rich(), (policy) => put(policy, 'approvers.ben.transportKey', dialled));
    expect(refused(signed(transport, ['ada', 'dan']))).toBe('APPROVER_KEY_REUSED');
    const weak = following(first, rich(), (policy) => put(policy, 'approvers.ben.key', `ed25519:${'00'.repeat(32)}`));
    expect(refused(signed(weak, ['ada', 'dan']))).toBe('APPROVER_KEY_UNUSABLE');
  });

  test('with an entry of the book that was not signed by whom it names, or is for another name', () => {
    const moved = following(first, rich(), (policy) => {
      put(policy, 'counterparties.acme.addresses.0.address', `0x${'99'.repeat(20)}`);
    });
    expect(refused(signed(moved, ['ada', 'dan']))).toBe('ENTRY_SIGNATURE');
    const renamed = following(first, rich(), (policy) => {
      put(policy, 'counterparties.ajax', get(policy, 'counterparties.acme'));
      drop(policy, 'counterparties.acme');
      put(policy, 'rules.small.match.counterparties', ['@payees', '@ajax']);
    });
    expect(refused(signed(renamed, ['ada', 'dan']))).toBe('ENTRY_SIGNATURE');
  });

  test('as a first version with a bad entry or key; as a first version nobody has to sign it', () => {
    expect(admitPolicy(undefined, first, roster)).toMatchObject({ ok: true, value: { signers: [] } });
    const bad = policyFrom(edited(rich(), (policy) => put(policy, 'counterparties.acme.label', 'Own treasury')));
    expect(code(admitPolicy(undefined, bad, roster))).toBe('ENTRY_SIGNATURE');
  });
});

describe('every single byte of a signature and of what it is about counts', () => {
  test('flipped anywhere, the version is unsigned', () => {
    const good = signed(following(first, rich(), narrower), ['ada', 'dan']);
    const [one, two] = good.signatures as readonly {
      readonly payload: string;
      readonly signatures: readonly { sig: string }[];
    }[];
    if (one === undefined || two === undefined) throw new Error('no signatures');
    for (const field of ['payload', 'sig'] as const) {
      const text = Buffer.from(field === 'payload' ? one.payload : (one.signatures[0]?.sig ?? ''), 'base64');
      for (let at = 0; at < text.length; at += 7) {
        const other = Buffer.from(text);
        other[at] = (other[at] ?? 0) ^ 1;
        const encoded = other.toString('base64');
        const changed = field === 'payload' ? { ...one, payload: encoded } : { ...one, signatures: [{ sig: encoded }] };
        const next: Policy = { ...good, signatures: [changed, two] };
        expect(code(admitPolicy(first, next, roster))).toBe('POLICY_UNSIGNED');
      }
    }
  });
});

test('the smaller quorum of the book adds entries and nothing else', () => {
  const file = edited(rich(), (policy) => {
    put(policy, 'version', 1);
    drop(policy, 'parentHash');
    put(policy, 'admin.book', { group: 'finance', quorum: 1, delaySec: 3600 });
  });
  const parent = policyFrom(file);
  const added = following(parent, file, (policy) => {
    put(policy, 'counterparties.new', entryFile('new', 1, [`0x${'ee'.repeat(20)}`]));
  });
  const byOne = admitPolicy(parent, signed(added, ['ben']), roster);
  expect(byOne).toMatchObject({ ok: true, value: { direction: 'book', delaySec: 3600, signers: ['Ben'] } });
  const more = following(parent, file, (policy) => {
    put(policy, 'counterparties.new', entryFile('new', 1, [`0x${'ee'.repeat(20)}`]));
    put(policy, 'rules.small.match.amount.max', '2000000000000000000');
  });
  expect(code(admitPolicy(parent, signed(more, ['ben', 'cem']), roster))).toBe('POLICY_UNSIGNED');
  expect(requirementOf(first, 'book')).toMatchObject({ group: 'board', quorum: 2, delaySec: 259_200 });
});

test('where no admins are named, the next version is a matter of hand', () => {
  const bare = edited(rich(), (policy) => {
    put(policy, 'version', 1);
    drop(policy, 'parentHash');
    drop(policy, 'admin');
  });
  const parent = policyFrom(bare);
  const next = policyFrom(edited(bare, (policy) => drop(policy, 'parentHash')));
  expect(admitPolicy(parent, next, roster)).toMatchObject({ ok: true, value: { delaySec: 0, signers: [] } });
  expect(requirementOf(parent, 'widens')).toBeUndefined();
});

test('an entry is for its name, its addresses and its identity alone', () => {
  const entry = first.document.counterparties?.get('acme');
  if (entry === undefined) throw new Error('no entry');
  expect(isEntrySigned('acme', entry)).toBe(true);
  expect(isEntrySigned('ajax', entry)).toBe(false);
  expect(isEntrySigned('acme', { ...entry, label: 'Acme' })).toBe(false);
  expect(isEntrySigned('acme', { ...entry, version: 2 })).toBe(false);
  expect(isEntrySigned('acme', { ...entry, expires: 1_900_000_000 })).toBe(false);
  expect(isEntrySigned('acme', { ...entry, addresses: entry.addresses.slice(1) })).toBe(false);
  expect(isEntrySigned('acme', { ...entry, identity: `0x${'01'.repeat(32)}` })).toBe(false);
});
