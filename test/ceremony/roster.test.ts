import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createRoster,
  fingerprint,
  MAX_ANNOUNCEMENT,
  matchesFingerprint,
  members,
  type Party,
  parseRosterFile,
  type RosterBody,
  type RosterFile,
  rosterDigest,
  rosterFileJson,
  sealRoster,
  signRoster,
  unsignedParties,
} from '../../protocol/ceremony/roster.ts';
import {
  networkKeyHash,
  networkKeyText,
  readNetworkKey,
  readRoster,
  rosterText,
} from '../../protocol/ceremony/roster-file.ts';
import { signStatement } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { must } from '../support/must.ts';
import { bytes, vec } from '../threshold/support/labels.ts';
import { codeOf, keyOf, ROSTER, rosterBody, sealed } from './support/members.ts';

const [FIRST, SECOND, THIRD] = rosterBody().parties as readonly [Party, Party, Party];
const OPERATORS = rosterBody().operators;

function signed(body: RosterBody, parties: readonly number[] = [1, 2, 3]): RosterFile {
  let file = must(createRoster(body));
  for (const index of parties)
    file = signRoster(file, index, keyOf(`party:${index}`), keyOf(`party:${index}/transport`));
  return file;
}

interface FileJson {
  readonly roster: { readonly [key: string]: Json };
  readonly signatures: readonly Json[];
}

function jsonOf(file: RosterFile): FileJson {
  return rosterFileJson(file) as unknown as FileJson;
}

/** Reads a changed file as somebody would who was handed it. */
function parsed(json: Json | FileJson): string {
  const file = parseRosterFile(json as Json);
  return file.ok ? codeOf(sealRoster(file.value)) : file.error.code;
}

describe('a roster', () => {
  test('binds once all have signed, and survives its file', () => {
    const file = signed(rosterBody());
    expect(readRoster(rosterText(file))).toEqual({ ok: true, value: must(sealRoster(file)) });
    expect(unsignedParties(signed(rosterBody(), [2])).map((party) => party.index)).toEqual([1, 3]);
    for (const some of [[], [1], [1, 3], [2, 3]])
      expect(parsed(jsonOf(signed(rosterBody(), some)))).toBe('ROSTER_UNSIGNED');
  });

  const faulty: readonly (readonly [string, Partial<RosterBody>])[] = [
    ['a gap in the indices', { parties: [FIRST, SECOND, { ...THIRD, index: 4 }] }],
    ['an index twice', { parties: [FIRST, { ...SECOND, index: 1 }, THIRD] }],
    ['indices out of order', { parties: [SECOND, FIRST, THIRD] }],
    ['indices from 2', { parties: [SECOND, THIRD] }],
    ['one party listed twice', { parties: [FIRST, SECOND, { ...SECOND, index: 3 }] }],
    ['a statement key twice', { parties: [FIRST, { ...SECOND, statementKey: FIRST.statementKey }, THIRD] }],
    ['a transport key twice', { parties: [FIRST, { ...SECOND, transportKey: FIRST.transportKey }, THIRD] }],
    ['one key for both ends', { parties: [{ ...FIRST, transportKey: FIRST.statementKey }, SECOND, THIRD] }],
    ['a name twice', { parties: [FIRST, { ...SECOND, name: FIRST.name }, THIRD] }],
    ['an operator with a party’s name', { operators: OPERATORS.map((item) => ({ ...item, name: FIRST.name })) }],
    [
      'an operator with a party’s key',
      { operators: [{ name: 'ops', person: 'o', key: FIRST.statementKey, transportKey: vec('x') }] },
    ],
    [
      'a key of small order',
      { parties: [FIRST, SECOND, { ...THIRD, statementKey: bytes(ED25519_TORSION_SUBGROUP[3] ?? '') }] },
    ],
    [
      'the key 01 00…00',
      { parties: [{ ...FIRST, transportKey: Uint8Array.of(1, ...new Uint8Array(31)) }, SECOND, THIRD] },
    ],
    ['t = 1', { threshold: 1 }],
    ['t = n + 1', { threshold: 4 }],
    ['t = 0', { threshold: 0 }],
    ['a first version with a previous one', { previous: vec('previous') }],
    ['a second version without a previous one', { version: 2 }],
    ['an announcement that outlasts every proposal', { announcement: MAX_ANNOUNCEMENT + 1 }],
  ];

  test.each(faulty)('with %s is invalid', (_, change) => {
    expect(codeOf(createRoster(rosterBody(change)))).toBe('ROSTER_INVALID');
  });

  test('t = n and a later version with its previous one are fine', () => {
    expect(codeOf(createRoster(rosterBody({ threshold: 3 })))).toBe('ok');
    expect(codeOf(createRoster(rosterBody({ version: 2, previous: vec('previous') })))).toBe('ok');
  });

  test('every field is part of the digest', () => {
    const variants: readonly Partial<RosterBody>[] = [
      { name: 'other' },
      { threshold: 3 },
      { announcement: 1 },
      { network: vec('other') },
      { version: 2, previous: vec('previous') },
      { version: 3, previous: vec('previous') },
      { version: 2, previous: vec('another') },
      { operators: OPERATORS.slice(1) },
      { parties: [FIRST, SECOND] },
      ...(['name', 'person'] as const).map((field) => ({ parties: [{ ...FIRST, [field]: 'zoe' }, SECOND, THIRD] })),
      ...(['statementKey', 'transportKey'] as const).map((field) => ({
        parties: [{ ...FIRST, [field]: vec('k') }, SECOND, THIRD],
      })),
      { parties: [{ ...FIRST, addresses: ['/ip4/127.0.0.1/tcp/1'] }, SECOND, THIRD] },
    ];
    const digests = [rosterBody(), ...variants.map(rosterBody)].map((body) => toHex(rosterDigest(body)));
    expect(new Set(digests).size).toBe(digests.length);
  });
});

describe('signatures under a roster', () => {
  test('of another roster do not count', () => {
    const other = jsonOf(signed(rosterBody({ name: 'other' })));
    expect(parsed({ roster: jsonOf(signed(rosterBody())).roster, signatures: other.signatures })).toBe(
      'ROSTER_MALFORMED',
    );
  });

  test('must be the parties’ own, once each and in order', () => {
    const { roster, signatures } = jsonOf(signed(rosterBody()));
    const [one = '', two = '', three = ''] = signatures;
    expect(parsed({ roster, signatures: [one, two, three] })).toBe('ok');
    for (const wrong of [
      [two, one, three],
      [one, one, three],
      [one, two, three, three],
      [one, two, two],
    ]) {
      expect(parsed({ roster, signatures: wrong })).toBe('ROSTER_MALFORMED');
    }
    const file = must(createRoster(rosterBody()));
    const forged = signRoster(file, 3, keyOf('party:2'), keyOf('party:3/transport'));
    expect(parsed({ roster, signatures: [one, two, ...jsonOf(forged).signatures] })).toBe('ROSTER_MALFORMED');
    const stranger = signRoster(file, 4, keyOf('party:3'), keyOf('party:3/transport'));
    expect(parsed({ roster, signatures: [one, two, ...jsonOf(stranger).signatures] })).toBe('ROSTER_MALFORMED');
  });

  test('prove the transport key: another key, another index or another roster prove nothing', () => {
    const { roster, signatures } = jsonOf(signed(rosterBody()));
    const file = must(createRoster(rosterBody()));
    const swapped = signRoster(file, 3, keyOf('party:3'), keyOf('party:2/transport'));
    expect(parsed({ roster, signatures: [...signatures.slice(0, 2), ...jsonOf(swapped).signatures] })).toBe(
      'ROSTER_MALFORMED',
    );
    // Party 3 reuses the proof that party 2 gave.
    const [, second] = signed(rosterBody()).signatures;
    const stolen = signStatement(
      'keymoot.roster-signature.v1',
      {
        party: '3',
        roster: toHex(file.digest),
        transportProof: toHex(second?.body.transportProof ?? new Uint8Array()),
      },
      (body) => body,
      keyOf('party:3'),
    );
    const json = jsonOf({ ...file, signatures: [stolen as never] });
    expect(parsed({ roster, signatures: [...signatures.slice(0, 2), ...json.signatures] })).toBe('ROSTER_MALFORMED');
  });

  test('signing again replaces, it does not add', () => {
    const file = signed(rosterBody(), [1, 2, 3, 2, 1]);
    expect(file.signatures.map((item) => item.body.party)).toEqual([1, 2, 3]);
  });

  test('a file with any field changed, missing or added is refused', () => {
    const file = jsonOf(signed(rosterBody()));
    const { roster, signatures } = file;
    for (const key of Object.keys(roster)) {
      const { [key]: _, ...rest } = roster;
      expect(parsed({ roster: rest, signatures }), `without ${key}`).toBe('ROSTER_MALFORMED');
    }
    expect(parsed({ roster: { ...roster, capability: 'digest' }, signatures })).toBe('ROSTER_MALFORMED');
    expect(parsed({ roster, signatures, extra: true })).toBe('ROSTER_MALFORMED');
    expect(parsed({ roster: { ...roster, threshold: '3' }, signatures })).toBe('ROSTER_MALFORMED');
    expect(parsed({ roster: { ...roster, threshold: '02' }, signatures })).toBe('ROSTER_MALFORMED');
    expect(parsed({ roster: { ...roster, network: 'FF'.repeat(32) }, signatures })).toBe('ROSTER_MALFORMED');
    expect(codeOf(readRoster('{"roster":{}'))).toBe('ROSTER_MALFORMED');
    expect(codeOf(readRoster('{"roster":{},"roster":{},"signatures":[]}'))).toBe('ROSTER_MALFORMED');
  });
});

describe('a fingerprint', () => {
  test('is the same 128 bits as words and as digits', () => {
    // All zero and all one bits, as BIP-39 spells them.
    expect(fingerprint(new Uint8Array(32))).toEqual({
      words: `${'abandon '.repeat(11)}about`,
      digits: '00000 00000 00000 00000 00000 00000 00000 0000',
    });
    expect(fingerprint(new Uint8Array(32).fill(0xff))).toEqual({
      words: `${'zoo '.repeat(11)}wrong`,
      digits: '34028 23669 20938 46346 33746 07431 76821 1455',
    });
  });

  test('matches by all words or all digits, whatever the case and spacing, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 0, max: 127 }), (digest, bit) => {
        const { digits, words } = fingerprint(digest);
        const other = digest.slice();
        other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return (
          [words, digits, words.toUpperCase(), `  ${words.replaceAll(' ', '  ')}\n`, digits.replaceAll(' ', '')].every(
            (given) => matchesFingerprint(digest, given) && !matchesFingerprint(other, given),
          ) &&
          ['', words.split(' ').slice(0, 11).join(' '), digits.slice(0, -1)].every(
            (given) => !matchesFingerprint(digest, given),
          )
        );
      }),
      { numRuns: 60 },
    );
  });
});

test('members are named by role; operators have no address', () => {
  const all = members(ROSTER);
  expect([...all.keys()]).toEqual(['party:1', 'party:2', 'party:3', 'operator:ops', 'operator:eve']);
  expect(all.get('operator:ops')?.addresses).toEqual([]);
});

test('a network key is taken only if the roster has its hash', () => {
  const key = vec('psk');
  const roster = sealed(rosterBody({ network: networkKeyHash(key) }));
  expect(readNetworkKey(networkKeyText(key), roster)).toEqual(key);
  for (const text of [
    networkKeyText(vec('other')),
    '',
    `${networkKeyText(key)}00`,
    networkKeyText(key).toUpperCase(),
  ]) {
    expect(readNetworkKey(text, roster)).toBeUndefined();
  }
});
