/** Whatever file a node is given, by hand or by a peer: it says what is wrong, and the last good policy stays in force. */
import { describe, expect, test } from 'vitest';
import { ANNOUNCEMENT_SCHEMA } from '../../../protocol/ceremony/policy-version.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { canonicalBytes, type Json } from '../../../protocol/common/canonical-json.ts';
import { policyDigest } from '../../../protocol/policy/canonical.ts';
import { add, approverFile, type Draft, get, policyFrom, put, rich } from '../../policy/support/versions.ts';
import { DAY, hashOf, nextVersion, roster, Town } from './town.ts';

type Edit = (draft: Draft) => unknown;

/** What no reader takes, however it is signed. */
const MALFORMED: Readonly<Record<string, Edit>> = {
  'an unknown field': (draft) => put(draft, 'extra', '1'),
  'an unknown field deep inside': (draft) => put(draft, 'rules.small.match.ammount', { max: '1' }),
  'an exponent': (draft) => put(draft, 'rules.small.match.amount.max', '1e3'),
  'a leading zero': (draft) => put(draft, 'rules.small.match.amount.max', '01'),
  'minus zero': (draft) => put(draft, 'rules.small.match.amount.max', '-0'),
  hex: (draft) => put(draft, 'limits.day.max', '0x10'),
  'a space': (draft) => put(draft, 'limits.day.max', ' 1'),
  '2^256': (draft) => put(draft, 'limits.day.max', (2n ** 256n).toString()),
  'an amount as a bare number': (draft) => put(draft, 'limits.day.max', 5),
  'an unknown group': (draft) => put(draft, 'rules.tokens.require.groups.0.group', 'nobody'),
  'a quorum above its group': (draft) => put(draft, 'rules.tokens.require.groups.0.quorum', 4),
  'two limits that count the same': (draft) =>
    add(draft, 'limits', { ...(get(draft, 'limits.day') as Draft), id: 'again', max: '7' }),
  'a pattern instead of an address': (draft) => put(draft, 'rules.safe.match.to', ['0x.*']),
  'a pattern instead of a name': (draft) => put(draft, 'rules.small.match.wallets', ['(a+)+$']),
  'a list that is not there': (draft) => put(draft, 'rules.small.match.counterparties', '@everybody'),
  'an unknown risk under hardDeny': (draft) => put(draft, 'hardDeny', ['NO_SUCH_RISK']),
  'an entry of the book that looks like a payee': (draft) => {
    const payee = String(get(draft, 'addressLists.payees.0.address'));
    put(draft, 'counterparties.acme.addresses', [
      { chainId: 31337, address: `${payee.slice(0, 10)}${'77'.repeat(12)}${payee.slice(-8)}`, kind: 'eoa' },
    ]);
  },
};

/** Texts that are no policy at all. */
const TEXTS: Readonly<Record<string, string>> = {
  nothing: '',
  'half a file': JSON.stringify(rich()).slice(0, 500),
  'a key twice': JSON.stringify(rich()).replace('"id":"rich"', '"id":"rich","id":"rich"'),
  'a comment': `// ours\n${JSON.stringify(rich())}`,
  'another schema': JSON.stringify({ ...rich(), schema: 'keymoot/policy/2' }),
  'deep nesting': '['.repeat(100_000),
  'four million characters and one': ' '.repeat(4_000_001),
};

/** Readable, and refused for what it is or where it comes from. */
const REFUSED: Readonly<Record<string, readonly [string, () => Draft]>> = {
  'one that nobody signed': ['POLICY_UNSIGNED', () => nextVersion(rich(), () => undefined, [])],
  'one that one admin signed': ['POLICY_UNSIGNED', () => nextVersion(rich(), () => undefined, ['dan'])],
  'one that others signed': ['POLICY_UNSIGNED', () => nextVersion(rich(), () => undefined, ['ben', 'cem'])],
  'one that was changed after it was signed': [
    'POLICY_UNSIGNED',
    () => ({ ...nextVersion(rich(), () => undefined), expiresAt: 1_850_000_000 }),
  ],
  'an expired one': ['POLICY_EXPIRED', () => nextVersion(rich(), (draft) => put(draft, 'expiresAt', 1_794_999_999))],
  'one of another policy': ['POLICY_ID', () => nextVersion(rich(), (draft) => put(draft, 'id', 'poor'))],
  'a rolled-back one': ['POLICY_VERSION_OLD', () => ({ ...rich(), expiresAt: 1_850_000_000 })],
  'one with another parent': [
    'POLICY_PARENT',
    () => nextVersion({ ...rich(), expiresAt: 1_850_000_000 }, () => undefined),
  ],
  'one with the key of a party among its approvers': [
    'APPROVER_KEY_REUSED',
    () =>
      nextVersion(rich(), (draft) => {
        put(draft, 'approvers.eve', {
          ...approverFile('Eve', 9),
          key: `ed25519:${toHex(roster.parties[1]?.statementKey ?? new Uint8Array())}`,
        });
      }),
  ],
  'one with an entry that was not signed so': [
    'ENTRY_SIGNATURE',
    () => nextVersion(rich(), (draft) => put(draft, 'counterparties.acme.label', 'Acme AG')),
  ],
};

function announcement(file: Draft): Json {
  const { signatures = [], ...policy } = file;
  const asText = (value: unknown): Json => {
    if (typeof value === 'number') return String(value);
    if (Array.isArray(value)) return value.map(asText);
    if (typeof value !== 'object' || value === null) return value as Json;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asText(member)]));
  };
  return { policy: asText(policy), schema: ANNOUNCEMENT_SCHEMA, signatures: asText(signatures) };
}

async function isUntouched(town: Town): Promise<void> {
  await town.wait(4 * DAY);
  const digest = toHex(policyDigest(policyFrom(rich())));
  for (const member of town.members) {
    expect(member.common && toHex(policyDigest(member.common))).toBe(digest);
    expect(member.governance.pending()).toEqual([]);
  }
  await town.member(1).restart();
  expect(town.member(1).version).toBe(1);
}

describe('by hand', () => {
  test('malformed files are refused with the field, and the last good policy stays', async () => {
    const town = await Town.under();
    for (const [name, edit] of Object.entries(MALFORMED)) {
      const draft = structuredClone(rich());
      put(draft, 'version', 2);
      put(draft, 'parentHash', hashOf(rich()));
      edit(draft);
      expect([name, await town.member(1).give(draft)]).toEqual([name, 'POLICY_INVALID']);
      expect(town.member(1).governance.lastRefusal()).toMatchObject({ code: 'POLICY_INVALID', from: 'hand' });
    }
    for (const [name, text] of Object.entries(TEXTS)) {
      expect([name, await town.member(1).give(text)]).toEqual([name, 'POLICY_INVALID']);
    }
    await isUntouched(town);
  });

  test('so are files that may not follow', async () => {
    const town = await Town.under();
    for (const [name, [code, make]] of Object.entries(REFUSED)) {
      expect([name, await town.member(1).give(make())]).toEqual([name, code]);
      expect(town.member(1).governance.lastRefusal()?.code).toBe(code);
    }
    await isUntouched(town);
  });

  test('a first policy is looked at as well', async () => {
    const town = await Town.open();
    expect(await town.member(1).give({ ...rich(), expiresAt: 1_794_999_999 })).toBe('POLICY_EXPIRED');
    const draft = rich();
    put(draft, 'counterparties.acme.label', 'Acme AG');
    expect(await town.member(1).give(draft)).toBe('ENTRY_SIGNATURE');
    expect(town.versions).toEqual([0, 0, 0]);
    expect(await town.member(1).give(rich())).toBe('ok');
  });
});

describe('by a peer', () => {
  test('the same, and nothing of it is passed on', async () => {
    const town = await Town.under();
    const member = town.member(2);
    const show = async (document: Json): Promise<string | undefined> => {
      await member.take('party:3', { kind: 'document', content: canonicalBytes(document) });
      await town.settle();
      return member.governance.lastRefusal()?.code;
    };
    for (const [name, edit] of Object.entries(MALFORMED)) {
      const draft = structuredClone(rich());
      put(draft, 'version', 2);
      put(draft, 'parentHash', hashOf(rich()));
      edit(draft);
      // A bare number is none of the statement subset, so nothing can carry it.
      if (name !== 'an amount as a bare number')
        expect([name, await show(announcement(draft))]).toEqual([name, 'POLICY_INVALID']);
    }
    for (const [name, [code, make]] of Object.entries(REFUSED)) {
      // What is merely old, or comes before its parent, every peer that is behind shows; that is no refusal.
      if (code === 'POLICY_VERSION_OLD' || code === 'POLICY_PARENT') continue;
      expect([name, await show(announcement(make()))]).toEqual([name, code]);
    }
    expect(await show({ schema: ANNOUNCEMENT_SCHEMA, policy: 'x' })).toBe('STATEMENT_MALFORMED');
    expect(town.member(1).codes.filter((code) => code === 'POLICY_ANNOUNCED')).toEqual([]);
    await isUntouched(town);
  });
});
