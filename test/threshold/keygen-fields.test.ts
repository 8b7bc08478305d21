/**
 * Every field of every message of KEYGEN, RESHARE, REMOVE and IMPORT, changed in every way (docs/protocol.md i.3): which
 * check finds it, and whom it blames. The table is complete: its fields fill every body that has a place in a run.
 */
import { describe, expect, it } from 'vitest';
import { concat, equalBytes } from '../../protocol/common/bytes.ts';
import type { FailureClass } from '../../protocol/threshold/errors.ts';
import { bodyLength } from '../../protocol/threshold/keygen/messages.ts';
import { type EnvelopeFields, encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import {
  CEREMONIES,
  expectEvidenceIsPublic,
  expectVerdict,
  honestMembers,
  honestRun,
  honestSid,
  is,
  isNew,
  OTHER_ATTEMPTS,
  ROLES,
  type Role,
  runCorrupt,
} from './support/keygen-attacks.ts';
import { type Ceremony, KeygenNetwork, labelRandom, patch, signerOf } from './support/keygen-network.ts';

interface Found {
  readonly failure: FailureClass;
  readonly check: string;
  readonly by: 'all' | 'holders';
  /** What a member without a share finds, if something else. */
  readonly outside?: string;
}

interface Field {
  readonly name: string;
  readonly length: number;
  /** Which byte a flip hits: a prefix that stays one, or the low end of a number. */
  readonly flips: number;
  /** Who finds a change; `undefined`: the message does not count, and everybody waits for the right one. */
  readonly found: Found | undefined;
}

interface Message {
  readonly type: number;
  readonly round: number;
  readonly fields: readonly Field[];
  /** What a wrong length of it is. */
  readonly length: Found | undefined;
  /** In the place of which message a corrupt member sends it, if it does not belong to a run that goes well. */
  readonly instead?: readonly [number, number];
}

const blame = (check: string, by: Found['by'] = 'all'): Found => ({ failure: 'BLAME', check, by });
const split = (check: string, by: Found['by'] = 'all'): Found => ({ failure: 'INCONSISTENT', check, by });

function field(name: string, length: number, found: Found | undefined, flips = 0): Field {
  return { name, length, found, flips };
}

function messagesOf(setup: Ceremony, dealer: boolean): readonly Message[] {
  const each = (make: (k: number) => readonly Field[]) =>
    Array.from({ length: setup.threshold }, (_, k) => k).flatMap(make);
  const opening = [
    field('echo1', 32, split('K2')),
    ...each((k) => [field(`A_${k}`, 33, blame('K4'))]),
    field('hc', 32, blame(isNew(setup) ? 'K4' : 'K3')),
    field('blind', 32, blame('K4')),
    ...each((k) => [field(`T_${k}`, 33, blame('K5')), field(`z_${k}`, 32, blame('K5'), 31)]),
  ];
  const ignored = (name: string, length: number) => field(name, length, undefined);
  return [
    {
      type: 0x10,
      round: 1,
      fields: [field('nonce', 32, split('K2')), field('com', 32, split('K2'))],
      length: blame('K1'),
    },
    { type: 0x10, round: 2, fields: dealer ? opening : opening.slice(0, 1), length: blame('K3') },
    {
      type: 0x10,
      round: 3,
      fields: [field('echo2', 32, dealer ? { ...split('K11'), outside: 'K6' } : split('K6'))],
      length: blame('K1'),
    },
    {
      type: 0x11,
      round: 3,
      fields: [
        field('bh', 32, split('K11', 'holders')),
        field('share', 32, blame('K7'), 31),
        field('cc', 32, blame('K8', 'holders')),
      ],
      length: blame('K1', 'holders'),
    },
    {
      type: 0x10,
      round: 4,
      fields: [
        field('digest', 32, blame('K9', 'holders')),
        field('T', 33, blame('K10', 'holders')),
        field('z', 32, blame('K10', 'holders'), 31),
      ],
      length: blame('K1', 'holders'),
    },
    {
      type: 0x12,
      round: 5,
      fields: [
        ignored('epochId', 32),
        ignored('parent', 32),
        ignored('gen', 4),
        ignored('cfgHash', 32),
        ignored('digest', 32),
      ],
      length: undefined,
    },
    { type: 0x13, round: 6, fields: [ignored('epochId', 32), ignored('gen', 4)], length: undefined },
    {
      type: 0x14,
      round: 7,
      fields: [ignored('epochId', 32), ignored('gen', 4)],
      length: undefined,
      instead: [0x12, 5],
    },
    {
      type: 0x15,
      round: 8,
      fields: [field('envelope', 203, blame('K7'), 150)],
      length: blame('K1'),
      // Before anybody is done; a member without a share has no later message.
      instead: [0x10, 3],
    },
    { type: 0x40, round: 0, fields: [ignored('reason', 1)], length: undefined, instead: [0x10, 1] },
  ];
}

/** The same ceremony with other ids and other randomness. */
const otherRuns = new Map(
  OTHER_ATTEMPTS.map((setup, i) => [
    CEREMONIES[i],
    new KeygenNetwork(setup, { random: (pid) => labelRandom(`other/${pid}`) }).run(),
  ]),
);

/** What stands in the place of a field, by kind of change; `undefined` where there is nothing to take it from. */
function changes(
  role: Role,
  message: Message,
  at: number,
  changed: Field,
): ReadonlyMap<string, Uint8Array | undefined> {
  const { setup, corrupt } = role;
  const part = (body: Uint8Array | undefined) => body?.subarray(at, at + changed.length);
  const own = bodyOf(honestRun(setup), message, corrupt);
  const flipped = part(own)?.slice();
  if (flipped !== undefined) flipped[changed.flips] = (flipped[changed.flips] ?? 0) ^ 1;
  const others = setup.pids.filter((pid) => pid !== corrupt);
  const length = own?.length;
  const lent = others.map((pid) => bodyOf(honestRun(setup), message, pid)).find((body) => body?.length === length);
  return new Map([
    ['flipped', flipped],
    ['out of another session', part(bodyOf(otherRuns.get(setup), message, corrupt))],
    ['of another sender', part(lent)],
  ]);
}

function bodyOf(network: KeygenNetwork | undefined, { type, round }: Message, pid: number): Uint8Array | undefined {
  return network?.envelopes(type, round, pid)[0]?.body;
}

function expectFound(network: KeygenNetwork, role: Role, found: Found | undefined, label: string): void {
  const { corrupt, setup } = role;
  const { honest, holders } = honestMembers(setup, corrupt);
  if (found === undefined) {
    expect(
      [...network.aborts.keys()].filter((pid) => pid !== corrupt),
      label,
    ).toEqual([]);
    expectEvidenceIsPublic(network);
    return;
  }
  const { failure, check, by, outside = check } = found;
  const culprits = failure === 'BLAME' ? [corrupt] : [];
  expectVerdict(network, holders, { failure, check, culprits });
  const others = honest.filter((pid) => by === 'all' && !holders.includes(pid));
  expectVerdict(network, others, { failure, check: outside, culprits });
}

/** One member of each role, with t = 2 and t = 3. */
const SOME = ROLES.filter(
  ({ setup, deals, holds }, i, all) =>
    setup !== CEREMONIES[0] &&
    all.findIndex((role) => role.setup === setup && role.deals === deals && role.holds === holds) === i &&
    !(setup === CEREMONIES[3] && holds),
);

describe.each(SOME)('$name, member $corrupt (deals: $deals, holds: $holds)', (role) => {
  const { setup, corrupt, deals, holds } = role;
  const dry = honestRun(setup);
  const messages = messagesOf(setup, deals);
  const sent = messages.filter((message) => dry.envelopes(message.type, message.round, corrupt).length > 0);

  it('sends every kind of message that its role has, and no other', () => {
    const names = sent.map(({ type, round }) => `${type}/${round}`);
    const expected = ['16/1', '16/2', '16/3', ...(deals ? ['17/3'] : []), ...(holds ? ['16/4', '18/5', '19/6'] : [])];
    expect(names).toEqual(expected);
  });

  it.each(sent.map((message) => [message.type.toString(16), message.round, message] as const))(
    'message 0x%s of round %i: every field, every change',
    (_, __, message) => {
      let at = 0;
      let tried = 0;
      for (const changed of message.fields) {
        for (const [kind, bytes] of changes(role, message, at, changed)) {
          const own = bodyOf(dry, message, corrupt)?.subarray(at, at + changed.length);
          if (bytes === undefined || own === undefined || equalBytes(bytes, own)) continue;
          const offset = at;
          const network = runCorrupt(setup, corrupt, (fields) =>
            is(fields, message.type, message.round) ? { ...fields, body: patch(fields.body, offset, bytes) } : fields,
          );
          expectFound(network, role, changed.found, `${changed.name} ${kind}`);
          tried++;
        }
        at += changed.length;
      }
      expect(tried).toBeGreaterThanOrEqual(message.fields.length);
      // Before the acknowledgements of all there is no key; after them nobody can take it back.
      const late = message.type === 0x12 || message.type === 0x13;
      expect(late).toBe(message.fields.every(({ found }) => found === undefined));
    },
  );

  it.each(messages.map((message) => [message.type.toString(16), message.round, message] as const))(
    'message 0x%s of round %i: a byte too few, one too many',
    (_, __, message) => {
      const [type, round] = message.instead ?? [message.type, message.round];
      const own = dry.envelopes(type, round, corrupt).length > 0;
      const length = bodyLength(message.type, message.round, setup.threshold, deals) ?? 0;
      for (const resize of [
        (body: Uint8Array) => body.subarray(1),
        (body: Uint8Array) => concat(body, Uint8Array.of(0)),
      ]) {
        if (!own) continue;
        const says = (fields: EnvelopeFields, _: number, net: KeygenNetwork): EnvelopeFields => {
          if (!is(fields, type, round)) return fields;
          if (message.instead === undefined) return { ...fields, body: resize(fields.body) };
          const sid = message.type === 0x40 ? setup.sessionId : honestSid(net);
          return { ...fields, type: message.type, round: message.round, sid, body: resize(new Uint8Array(length)) };
        };
        const network = runCorrupt(setup, corrupt, says, { deliverAborts: message.type === 0x40 });
        expectFound(network, role, message.length, 'length');
      }
    },
  );

  it('messages that nobody asked for: each field of them', () => {
    for (const message of messages.filter(({ instead }) => instead !== undefined)) {
      const [type, round] = message.instead ?? [0, 0];
      const length = bodyLength(message.type, message.round, setup.threshold, deals) ?? 0;
      for (const { found, flips } of message.fields) {
        const body = new Uint8Array(length);
        body[flips] = 1;
        const network = runCorrupt(
          setup,
          corrupt,
          (fields, _, net) => {
            if (!is(fields, type, round)) return fields;
            const sid = message.type === 0x40 ? setup.sessionId : honestSid(net);
            return { ...fields, type: message.type, round: message.round, sid, body };
          },
          { deliverAborts: message.type === 0x40 },
        );
        if (dry.envelopes(type, round, corrupt).length > 0)
          expectFound(network, role, found, message.type.toString(16));
      }
    }
  });
});

describe('the table', () => {
  it('has every message that a run has a place for, and its fields fill the body', () => {
    for (const setup of CEREMONIES) {
      for (const dealer of [true, false]) {
        const messages = messagesOf(setup, dealer);
        for (let type = 0; type < 256; type++) {
          for (let round = 0; round < 16; round++) {
            const length = bodyLength(type, round, setup.threshold, dealer);
            const message = messages.find((candidate) => candidate.type === type && candidate.round === round);
            expect(message?.fields.reduce((sum, { length: part }) => sum + part, 0)).toBe(length);
          }
        }
      }
    }
  });
});

describe.each(CEREMONIES.map((setup, i) => [setup.name, setup, OTHER_ATTEMPTS[i] ?? setup] as const))(
  'whole messages that are not of this run: %s',
  (_, setup, other) => {
    it('of another session, even of the same members: no effect, at any time', () => {
      const foreign = honestRun(other);
      const network = new KeygenNetwork(setup);
      network.start();
      for (let step = 0; step < 12; step++) {
        for (const { to, bytes } of foreign.sent) expect(network.machine(to).deliver(bytes)).toEqual([]);
        for (let i = 0; i < setup.pids.length; i++) network.step();
      }
      network.settle();
      expect([...network.aborts.values()]).toEqual([]);
      expect(network.outputs.size).toBe(setup.pids.length);
    });

    it('signed by another member, or in the name of another one: no effect', () => {
      const network = new KeygenNetwork(setup);
      network.start();
      while (network.queue.length > 0) {
        const next = network.queue[0];
        const envelope = network.sent.find((entry) => entry.bytes === next?.bytes)?.envelope;
        if (next === undefined || envelope === undefined) throw new Error('a message');
        for (const pid of setup.pids.filter((candidate) => candidate !== next.from)) {
          const { sign } = signerOf(setup, pid);
          expect(network.machine(next.to).deliver(encodeEnvelope(envelope, sign))).toEqual([]);
          const renamed = encodeEnvelope({ ...envelope, from: pid }, signerOf(setup, next.from).sign);
          expect(network.machine(next.to).deliver(renamed)).toEqual([]);
        }
        network.step();
      }
      expect(network.outputs.size).toBe(setup.pids.length);
    });
  },
);
