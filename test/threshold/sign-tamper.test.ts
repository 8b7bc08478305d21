import { describe, expect, it } from 'vitest';
import type { Abort } from '../../protocol/threshold/errors.ts';
import { encodeEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { type DealtKey, dealKey } from './support/dealer.ts';
import { vec } from './support/labels.ts';
import {
  type Change,
  flip,
  increase,
  type Kind,
  LAYOUTS,
  lengthen,
  orderBytes,
  set,
  shift,
  shorten,
} from './support/sign-fields.ts';
import { type Corruption, corrupt, makeHosts, SignNetwork } from './support/sign-network.ts';

/** What every honest signer ends with: class, check, whether it names (and then bans) the corrupt signer. */
interface Expected {
  readonly failure: Abort['failure'];
  readonly check: string;
  readonly names: boolean;
}

const leak = { failure: 'LEAK', check: 'C1', names: true } as const;
const cheat = (check: string): Expected => ({ failure: 'CHEAT', check, names: true });
const inconsistent = (check: string): Expected => ({ failure: 'INCONSISTENT', check, names: false });
const group = { failure: 'GROUP', check: 'combine', names: false } as const;
const blame = { failure: 'BLAME', check: 'R3', names: true } as const;

interface Case {
  readonly kind: Kind;
  /** The field that is changed; absent for changes of the length. */
  readonly field?: string;
  readonly name: string;
  readonly change: Change;
  readonly expected: Expected;
}

const flips: readonly Case[] = (
  [
    ['commit', 'nonce', leak], // its OT extension was made under the other nonce
    ['commit', 'com', inconsistent('S0')], // its own echo is about the com it did not send
    ['ote', 'bh', inconsistent('bh')],
    ['ote', 'pairEpoch', inconsistent('pairEpoch')],
    ['ote', 'u', leak],
    ['ote', 'xh', leak],
    ['ote', 'th', leak],
    ['open', 'echo', inconsistent('S0')],
    ['open', 'blind', cheat('S2')],
    ['mul', 'bh', inconsistent('S0')],
    ['mul', 'at', cheat('S3')],
    ['mul', 'eta', cheat('S3')],
    ['mul', 'mu', cheat('S3')],
    ['mul', 'psi', group],
    ['share', 'u', group],
    ['share', 'w', group],
  ] as const
).map(([kind, field, expected]) => ({ kind, field, name: 'flipped', change: flip(kind, field), expected }));

const points: readonly Case[] = (
  [
    ['open', 'noncePoint', cheat('S2')],
    ['open', 'keyPoint', cheat('S5')],
    ['mul', 'gu', cheat('S4')],
    ['mul', 'gv', cheat('S5')],
  ] as const
).flatMap(([kind, field, expected]) => [
  { kind, field, name: 'another point', change: shift(kind, field), expected },
  { kind, field, name: '33 zero bytes', change: set(kind, field, new Uint8Array(33)), expected: cheat('S1') },
  {
    kind,
    field,
    name: 'off the curve',
    change: set(kind, field, Uint8Array.of(2, ...new Uint8Array(31), 5)),
    expected: cheat('S1'),
  },
  { kind, field, name: 'prefix 04', change: set(kind, field, Uint8Array.of(4)), expected: cheat('S1') },
]);

const scalars: readonly Case[] = (
  [
    ['mul', 'at', cheat('S1'), cheat('S3')],
    ['mul', 'eta', cheat('S1'), cheat('S3')],
    ['mul', 'psi', cheat('S1'), group],
    ['share', 'u', blame, group],
    ['share', 'w', blame, group],
  ] as const
).flatMap(([kind, field, notCanonical, otherValue]) => [
  { kind, field, name: '= q', change: set(kind, field, orderBytes()), expected: notCanonical },
  { kind, field, name: '= 0', change: set(kind, field, new Uint8Array(32)), expected: otherValue },
  { kind, field, name: '+ 1', change: increase(kind, field), expected: otherValue },
]);

const sizes: readonly Case[] = (
  [
    ['commit', cheat('d.2-size')],
    ['ote', cheat('d.2-size')],
    ['open', cheat('S1')],
    ['mul', cheat('S1')],
    ['share', blame],
  ] as const
).flatMap(([kind, expected]) => [
  { kind, name: 'truncated', change: shorten, expected },
  { kind, name: 'extended', change: lengthen, expected },
]);

const cases = [...flips, ...points, ...scalars, ...sizes];

const keys: readonly (readonly [DealtKey, readonly number[]])[] = [
  [dealKey(2, 3, 'tamper/2-of-3'), [1, 2]],
  [dealKey(3, 4, 'tamper/3-of-4'), [1, 2, 4]],
];
const CORRUPT = 2;

it('every field of every message is changed somewhere', () => {
  const all = Object.entries(LAYOUTS).flatMap(([kind, { fields }]) => Object.keys(fields).map((f) => `${kind}.${f}`));
  const tested = new Set(cases.flatMap((one) => (one.field === undefined ? [] : [`${one.kind}.${one.field}`])));
  expect([...tested].sort()).toEqual(all.sort());
  for (const kind of Object.keys(LAYOUTS)) {
    expect(cases.filter((one) => one.kind === kind && one.field === undefined)).toHaveLength(2);
    const lengths = Object.values(LAYOUTS[kind as Kind].fields).reduce((sum, [, length]) => sum + length, 0);
    expect(lengths).toBe(LAYOUTS[kind as Kind].bytes);
  }
});

for (const [key, signers] of keys) {
  describe(`a corrupt signer among ${signers.length}`, () => {
    for (const { kind, field, name, change, expected } of cases) {
      it(`${kind}${field === undefined ? '' : `.${field}`} ${name}: ${expected.failure} ${expected.check}`, () => {
        const hosts = makeHosts(key);
        const corruption = corruptionOf(kind, change, field === 'bh');
        const network = SignNetwork.of(key, hosts, signers, corrupt(key, CORRUPT, corruption))
          .start()
          .run();
        for (const index of signers) if (index !== CORRUPT) expectAbort(network, index, expected);
        for (const index of signers) {
          if (index === CORRUPT) continue;
          const setup = hosts.get(index)?.store.lease(key.epochId, CORRUPT, 0)?.setup;
          const burnt = expected.failure === 'LEAK' || expected.failure === 'CHEAT';
          expect(setup === undefined).toBe(burnt);
          expect([...(hosts.get(index)?.banned ?? [])]).toEqual(burnt ? [CORRUPT] : []);
        }
      });
    }

    // What is dropped is dropped before the number of signers matters.
    const kinds = signers.length === 2 ? (Object.keys(LAYOUTS) as Kind[]) : [];
    for (const kind of kinds) {
      it(`${kind} under another session id, from another sender, to another receiver, unsigned: dropped`, () => {
        for (const spoil of spoilers(key)) {
          const { broadcast, round } = LAYOUTS[kind];
          const network = SignNetwork.of(key, makeHosts(key), signers, ({ from, bytes }) => {
            const envelope = parseEnvelope(bytes);
            const hit = from === CORRUPT && envelope?.round === round && (envelope.to === 0) === broadcast;
            return [hit ? spoil(bytes) : bytes];
          });
          network.start().run();
          for (const index of signers) {
            if (index !== CORRUPT)
              expect(network.log(index).filter(({ kind: effect }) => effect === 'abort' || effect === 'done')).toEqual(
                [],
              );
          }
        }
      });
    }

    it('everything delivered twice: no effect', () => {
      const network = SignNetwork.of(key, makeHosts(key), signers, ({ bytes }) => [bytes, bytes])
        .start()
        .run();
      for (const index of signers) expect(network.outline(index).at(-1)).toBe('done');
    });
  });
}

function corruptionOf(kind: Kind, change: Change, staleBh: boolean): Corruption {
  const { broadcast, round } = LAYOUTS[kind];
  const apply = (at: number, body: Uint8Array): Uint8Array => (at === round ? change(body) : body);
  return broadcast ? { broadcast: apply } : { pair: apply, staleBh };
}

function expectAbort(network: SignNetwork, index: number, expected: Expected): void {
  const abort = network.abortOf(index);
  expect(abort && { failure: abort.failure, check: abort.check, culprits: abort.culprits }).toEqual({
    failure: expected.failure,
    check: expected.check,
    culprits: expected.names ? [CORRUPT] : [],
  });
  const outline = network.outline(index);
  const bans = expected.failure === 'LEAK' || expected.failure === 'CHEAT';
  // The durable ban stands right before the abort, and nothing is sent after it.
  expect(outline.slice(bans ? -2 : -1)).toEqual(bans ? ['ban', 'abort'] : ['abort']);
  expect(outline.filter((effect) => effect === 'ban')).toHaveLength(bans ? 1 : 0);
  expect(outline).not.toContain('done');
  if (expected.check === 'C1' || expected.check === 'bh' || expected.check === 'pairEpoch') {
    expect(outline).not.toContain('r2-sent');
  }
  if (/^S[0-6]$/.test(expected.check)) expect(outline).not.toContain('r3-sent');
  if (expected.failure === 'GROUP' && expected.check === 'combine') expect(outline).toContain('r3-sent');
}

/** Ways to make an envelope that is not an authentic message of the session. */
function spoilers(key: DealtKey): readonly ((bytes: Uint8Array) => Uint8Array)[] {
  const fields = (bytes: Uint8Array): NonNullable<ReturnType<typeof parseEnvelope>> => {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined) throw new Error('not an envelope');
    return envelope;
  };
  const own = key.identities.get(CORRUPT);
  if (own === undefined) throw new Error('no corrupt party');
  const sign = (message: Uint8Array): Uint8Array => own.sign(message);
  const patched = (at: number, value: number) => (bytes: Uint8Array) => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };
  return [
    (bytes) => encodeEnvelope({ ...fields(bytes), sid: vec('another session') }, sign),
    (bytes) => encodeEnvelope({ ...fields(bytes), from: 3 }, sign),
    (bytes) => encodeEnvelope({ ...fields(bytes), from: 1 }, sign),
    (bytes) => encodeEnvelope({ ...fields(bytes), to: 200 }, sign),
    (bytes) => encodeEnvelope({ ...fields(bytes), round: 4 }, sign),
    (bytes) => encodeEnvelope({ ...fields(bytes), type: 0x32 }, sign),
    // Version 1, suite 2, a flipped signature.
    patched(0, 1),
    patched(2, 2),
    (bytes) => patched(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)(bytes),
    (bytes) => bytes.slice(0, -1),
    () => new Uint8Array(0),
  ];
}
