/**
 * docs/protocol.md i.3 20 to 24 and 26: every field of every PAIRSETUP message changed by its sender, every message cut,
 * lengthened, and taken from another run; and a network that adds whatever it likes. Who notices, by which check, who
 * is named, and what must be on disk.
 */
import { describe, expect, it } from 'vitest';
import { installPlatformHash } from '../../participant/hashing.ts';
import { type Signer, verify } from '../../protocol/ceremony/ed25519.ts';
import { concat } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { u8 } from '../../protocol/threshold/encoding.ts';
import { H } from '../../protocol/threshold/hash.ts';
import { drawTransfer, hashToPoint, transfer } from '../../protocol/threshold/pair-setup/base-ot.ts';
import type { PairSetupConfig } from '../../protocol/threshold/pair-setup/machine.ts';
import { PAIR, PAIR_LAYOUT, PAIR_ROUNDS, readChoose } from '../../protocol/threshold/pair-setup/messages.ts';
import { extendMirror, mirrorSid } from '../../protocol/threshold/pair-setup/mirror.ts';
import { drawHighValues, drawLowValues } from '../../protocol/threshold/pair-setup/run.ts';
import { PairSetup } from '../../protocol/threshold/pair-setup/setup.ts';
import { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import { encodeEnvelope, type ParsedEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { vec } from './support/labels.ts';
import { PairNetwork, pairConfig, pairIdentity, resigned } from './support/pair-network.ts';
import { labelRandom } from './support/sign-network.ts';

installPlatformHash();

const [LOW, HIGH] = [1, 2] as const;
type Message = keyof typeof PAIR_LAYOUT;

/** Where each message comes from, and its round. `extend`, `multiply` and `pack` come from both. */
const SENT: { readonly [M in Message]: { readonly from: readonly number[]; readonly round: number } } = {
  hello: { from: [LOW], round: PAIR_ROUNDS.hello },
  answer: { from: [HIGH], round: PAIR_ROUNDS.hello },
  choose: { from: [LOW], round: PAIR_ROUNDS.choose },
  transfer: { from: [HIGH], round: PAIR_ROUNDS.transfer },
  extend: { from: [LOW, HIGH], round: PAIR_ROUNDS.extend },
  multiply: { from: [LOW, HIGH], round: PAIR_ROUNDS.multiply },
  pack: { from: [LOW, HIGH], round: PAIR_ROUNDS.pack },
};

/**
 * `waits`: nobody notices, nothing happens. `P2 back`: the sender of the changed message notices by the answer. The
 * others are noticed by the receiver; P1, P3 and P4 name the sender and are counted, the rest names nobody.
 */
type Outcome = 'waits' | 'ctr' | 'P1' | 'P2' | 'P2 back' | 'P3' | 'P4' | 'P5';

/** A bit of a field flipped, so that points stay points and scalars canonical. */
const FLIPPED: { readonly [M in Message]: { readonly [F in keyof (typeof PAIR_LAYOUT)[M]]: Outcome } } = {
  hello: { counter: 'waits', nonce: 'waits' },
  answer: { counter: 'ctr', nonce: 'waits', echo: 'waits' },
  choose: { points: 'P2 back', z: 'P2 back' },
  transfer: { heard: 'P2', points: 'P3', z: 'P3', u: 'P3', xh: 'P3', th: 'P3' },
  extend: { conf: 'P2', u: 'P3', xh: 'P3', th: 'P3' },
  multiply: { at: 'P4', eta: 'P4', mu: 'P4', ga0: 'P4', ga1: 'P4', gc0: 'P4', gc1: 'P4' },
  pack: { pairEpoch: 'P5' },
};

const RESIZED: { readonly [M in Message]: Outcome } = {
  hello: 'waits',
  answer: 'waits',
  choose: 'P1',
  transfer: 'P1',
  extend: 'P1',
  multiply: 'P1',
  pack: 'P5',
};

/** The body of the same message of another run, under the sid of this one. */
const CROSSED: { readonly [M in Message]: Outcome } = {
  hello: 'waits',
  answer: 'waits',
  choose: 'P2 back',
  transfer: 'P2',
  extend: 'P2',
  multiply: 'P4',
  pack: 'P5',
};

const MESSAGES = Object.keys(PAIR_LAYOUT) as Message[];
const CASES = MESSAGES.flatMap((message) => SENT[message].from.map((from) => ({ message, from })));

describe('a message changed by its sender', () => {
  it('is expected for every field that there is', () => {
    const fields = (table: object): readonly string[] =>
      Object.entries(table).flatMap(([message, of]) => Object.keys(of as object).map((field) => `${message}.${field}`));
    expect(fields(FLIPPED).toSorted()).toEqual(fields(PAIR_LAYOUT).toSorted());
  });

  for (const { message, from } of CASES) {
    let at = 0;
    for (const [field, length] of Object.entries<number>(PAIR_LAYOUT[message])) {
      const start = at;
      at += length;
      const expected = (FLIPPED[message] as Readonly<Record<string, Outcome>>)[field];
      it(`${message} of ${from}: a bit of ${field} flipped: ${expected}`, () => {
        expectOutcome(message, from, expected, (body) => {
          // The first byte of a point is its prefix, of a scalar its highest, of anything else as good as any.
          const bit = field === 'at' || field === 'eta' ? start + 31 : start;
          body[bit] = (body[bit] ?? 0) ^ 1;
          return body;
        });
      });
    }
    it(`${message} of ${from}: too short or too long: ${RESIZED[message]}`, () => {
      expectOutcome(message, from, RESIZED[message], (body) => body.slice(0, -1));
      expectOutcome(message, from, RESIZED[message], (body) => concat(body, u8(0)));
    });
    it(`${message} of ${from}: that of another run: ${CROSSED[message]}`, () => {
      expectOutcome(message, from, CROSSED[message], () => bodyOf(otherRun, from, SENT[message].round));
    });
  }
});

describe('points that are none (20, 21)', () => {
  const bad = [new Uint8Array(33), Uint8Array.of(4, ...vec('x')), Uint8Array.of(2, ...new Uint8Array(31), 5)];
  const put = (at: number, point: Uint8Array) => (body: Uint8Array) => {
    body.set(point, at);
    return body;
  };

  it('R_0 or R_1 that is O, off the curve or of another form: P1', () => {
    for (const [n, point] of bad.entries()) expectOutcome('choose', LOW, 'P1', put(33 * (254 + (n & 1)), point));
  });

  it('a malformed V: P1 for either choice bit', () => {
    // Both of the pair, so that in each run one is the chosen one and one is not.
    for (const at of [0, 33]) expectOutcome('transfer', HIGH, 'P1', put(32 + at, new Uint8Array(33)));
  });

  it('Ga or Gc that is no point, a scalar that is not below q: P1', () => {
    for (const from of [LOW, HIGH]) {
      expectOutcome('multiply', from, 'P1', put(40_000, new Uint8Array(33)));
      expectOutcome('multiply', from, 'P1', put(39_936, new Uint8Array(32).fill(255)));
    }
  });
});

describe('a sender of base OT that knows no logarithm of one V_b (23)', () => {
  it('goes unnoticed exactly if that is not the chosen one; else P3, counted, and nothing is left', () => {
    for (const [r, side] of [
      [0, 0],
      [0, 1],
      [127, 0],
      [127, 1],
    ] as const) {
      const values = drawLowValues(labelRandom('guess'));
      const chosen = 1 - (((values.chooser.delta[r >> 3] ?? 0) >> (r & 7)) & 1);
      const draws = { nonce: () => vec('guess'), low: () => values, high: () => drawHighValues(labelRandom('none')) };
      const network = new PairNetwork({ ...configOf(LOW), draws }, configOf(HIGH), (from, round, bytes) =>
        from === HIGH && round === 3 ? undefined : from === HIGH && round === 4 ? undefined : bytes,
      );
      network.run();
      const ps2 = network
        .sent(LOW)
        .map((bytes) => parseEnvelope(bytes))
        .find((envelope) => envelope?.round === 2);
      if (ps2 === undefined) throw new Error('no PS2');
      network.give(LOW, cheatingTransfer(ps2, r, side));
      const isCaught = side === chosen;
      expect(network.outline(LOW).slice(2)).toEqual(isCaught ? ['pair-fail', 'abort'] : ['send']);
      if (isCaught) expect(network.abortOf(LOW)).toMatchObject({ failure: 'SETUP', check: 'P3', culprits: [HIGH] });
      const left = [values.chooser.delta, values.z, values.selfTest.choice].some((secret) =>
        secret.some((byte) => byte !== 0),
      );
      expect(left).toBe(!isCaught);
    }
  });
});

/** PS3 with a V_b that nobody knows the logarithm of, made as well as its sender can. */
function cheatingTransfer(ps2: ParsedEnvelope, r: number, side: 0 | 1): Uint8Array {
  const random = labelRandom('cheat');
  const points = readChoose(ps2.body)?.points ?? new Uint8Array(0);
  const base = transfer(H('bot/sid', ps2.sid, u8(HIGH), u8(LOW)), points, drawTransfer(random), hashToPoint);
  if (base === undefined) throw new Error('PS2 is malformed');
  base.reply.set(curve.encode(hashToPoint(vec('unknown'))), 33 * (2 * r + side));
  base.keys.set(vec('guessed key'), 32 * (2 * r + side));
  const head = concat(ps2.eh, base.reply, vec('z'));
  const { message } = extendMirror(mirrorSid(ps2.sid, HIGH, LOW, head), base.keys, vec('choice'));
  const fields = { type: PAIR, round: 3, from: HIGH, to: LOW, sid: ps2.sid, body: concat(head, message) };
  return encodeEnvelope(fields, (bytes) => pairIdentity(HIGH).sign(bytes));
}

describe('a network that adds what it likes (22, 26)', () => {
  it('each message after forgeries of it, and twice; messages of another run in between: the run ends well', () => {
    const network = new PairNetwork(configOf(LOW), configOf(HIGH), (from, round, bytes) => {
      const to = from === LOW ? HIGH : LOW;
      const envelope = parseEnvelope(bytes);
      if (envelope === undefined) throw new Error('not an envelope');
      const forged = (signer: Signer, fields: object): Uint8Array =>
        encodeEnvelope({ ...envelope, ...fields }, (message) => signer.sign(message));
      const flipped = envelope.body.slice();
      flipped[0] = (flipped[0] ?? 0) ^ 1;
      const transit = bytes.slice();
      transit[50] = (transit[50] ?? 0) ^ 1;
      for (const junk of [
        forged(pairIdentity(3), { body: flipped }),
        forged(pairIdentity(3), { from: 3 }),
        forged(pairIdentity(from), { to: 3 }),
        forged(pairIdentity(from), { type: 0x21 }),
        forged(pairIdentity(from), { round: 7 }),
        forged(pairIdentity(from), { sid: vec('another sid') }),
        transit,
        bytes.slice(0, -1),
        ...otherRun.sent(from).filter((message) => parseEnvelope(message)?.round === round),
      ]) {
        network.give(to, junk);
      }
      network.give(to, bytes);
      return bytes;
    });
    network.run();
    for (const index of [LOW, HIGH]) {
      expect(network.abortOf(index)).toBeUndefined();
      expect(network.outputOf(index)?.setup.wiped).toBe(false);
    }
  });

  it('a PS3 from the lower index and a PS2 from the higher one are nothing', () => {
    const network = new PairNetwork(configOf(LOW), configOf(HIGH), (from, round, bytes) => {
      const envelope = parseEnvelope(bytes);
      const isOther = (from === LOW && round === 2) || (from === HIGH && round === 3);
      if (isOther && envelope !== undefined) {
        const fields = { ...envelope, round: round === 2 ? 3 : 2 };
        network.give(
          envelope.to,
          encodeEnvelope(fields, (message) => pairIdentity(from).sign(message)),
        );
      }
      return bytes;
    });
    network.run();
    expect([network.outputOf(LOW), network.outputOf(HIGH)].every((output) => output !== undefined)).toBe(true);
  });

  it('an abort of the peer ends the run as BENIGN and is not counted; of anybody else it is nothing', () => {
    const abortAs = (signer: number): PairNetwork =>
      new PairNetwork(configOf(LOW), configOf(HIGH), (from, round, bytes) => {
        const envelope = parseEnvelope(bytes);
        if (from === HIGH && round === 3 && envelope !== undefined) {
          const fields = { ...envelope, type: 0x40, round: 0, body: u8(0) };
          network.give(
            LOW,
            encodeEnvelope(fields, (message) => pairIdentity(signer).sign(message)),
          );
        }
        return bytes;
      });
    let network = abortAs(HIGH);
    network.run();
    expect(network.outline(LOW)).toEqual(['send', 'send', 'abort']);
    expect(network.abortOf(LOW)).toMatchObject({ failure: 'BENIGN', culprits: [] });
    network = abortAs(3);
    network.run();
    expect(network.outputOf(LOW)).toBeDefined();
  });
});

describe('no two runs share a secret (33)', () => {
  it('Delta, keys and zs of every ordered pair and run differ', () => {
    const runs = [cleanRun, otherRun, new PairNetwork(configOf(1, 3, 'third'), configOf(3, 1, 'third')).run()];
    const setups = runs.flatMap((run) => [1, 2, 3].flatMap((index) => run.outputOf(index)?.setup ?? []));
    const deltas = setups.map(({ sender }) => sender.delta.join());
    const keys = setups.flatMap(({ sender, receiverSeeds }) => [
      ...Array.from({ length: 128 }, (_, r) => sender.seeds.slice(32 * r, 32 * r + 32).join()),
      ...Array.from({ length: 256 }, (_, r) => receiverSeeds.slice(32 * r, 32 * r + 32).join()),
    ]);
    expect(setups).toHaveLength(6);
    expect(new Set(deltas).size).toBe(6);
    // A chosen key is known to both sides of its direction, the other one to one side.
    expect(new Set(keys).size).toBe(6 * 256);
    expect(new Set(setups.map(({ zeroSeed }) => zeroSeed.join())).size).toBe(3);
    const points = runs.flatMap((run) =>
      [1, 2, 3].flatMap((from) => [2, 3].flatMap((round) => pointsOf(run, from, round))),
    );
    expect(new Set(points).size).toBe(points.length);
    expect(points).toHaveLength(3 * 512);
  });
});

/** Everything random is fixed by the label, so a run says the same every time until it hears something else. */
const cleanRun = new PairNetwork(configOf(LOW), configOf(HIGH)).run();
const otherRun = new PairNetwork(configOf(LOW, HIGH, 'other'), configOf(HIGH, LOW, 'other')).run();

function configOf(self: number, peer: number = self === LOW ? HIGH : LOW, label = 'tamper'): PairSetupConfig {
  return pairConfig(self, peer, label);
}

function pointsOf(run: PairNetwork, from: number, round: number): readonly string[] {
  if (!run.logs.has(from) || !run.sent(from).some((message) => parseEnvelope(message)?.round === round)) return [];
  const body = bodyOf(run, from, round);
  const start = round === 2 ? 0 : 32;
  return Array.from({ length: 256 }, (_, i) => body.slice(start + 33 * i, start + 33 * i + 33).join());
}

function bodyOf(run: PairNetwork, from: number, round: number): Uint8Array {
  const found = run.sent(from).map((message) => parseEnvelope(message));
  const body = found.find((envelope) => envelope?.round === round)?.body;
  if (body === undefined) throw new Error(`no PS${round} of ${from}`);
  return body;
}

/** Gives one side what the other one said in the clean run, with one message of it changed. */
function expectOutcome(
  message: Message,
  from: number,
  expected: Outcome | undefined,
  change: (body: Uint8Array) => Uint8Array,
): void {
  if (expected === 'P5') expectInconsistentPack(from, change);
  else if (expected === 'P2 back') expectNoticedBack(message, from, change);
  else {
    const { round } = SENT[message];
    const to = from === LOW ? HIGH : LOW;
    const network = new PairNetwork(configOf(LOW), configOf(HIGH), () => undefined);
    if (to === LOW) network.run();
    for (const bytes of cleanRun.sent(from)) {
      const sent = parseEnvelope(bytes)?.round;
      // A PACK that comes early waits in the machine.
      if (sent !== PAIR_ROUNDS.pack)
        network.give(to, sent === round ? resigned(pairIdentity(from), bytes, change) : bytes);
    }
    expectNoticed(network, to, expected);
  }
}

/** The sender of the changed message finds it in the answer. */
function expectNoticedBack(message: Message, from: number, change: (body: Uint8Array) => Uint8Array): void {
  const network = new PairNetwork(configOf(LOW), configOf(HIGH), (sender, round, bytes) =>
    sender === from && round === SENT[message].round ? resigned(pairIdentity(from), bytes, change) : bytes,
  ).run();
  expectNoticed(network, from, 'P2');
  const other = from === LOW ? HIGH : LOW;
  expect(network.outline(other).filter((kind) => kind !== 'send')).toEqual([]);
}

function expectNoticed(network: PairNetwork, index: number, check: Outcome | undefined): void {
  expect(network.outputOf(index)).toBeUndefined();
  if (check === 'waits') {
    expect(network.abortOf(index)).toBeUndefined();
    return;
  }
  const isSetup = check === 'P1' || check === 'P3' || check === 'P4';
  expect(network.abortOf(index)).toMatchObject({
    failure: isSetup ? 'SETUP' : 'INCONSISTENT',
    check,
    culprits: isSetup ? [index === LOW ? HIGH : LOW] : [],
  });
  // The record comes before the abort, and nothing is sent in between or afterwards.
  const outline = network.outline(index);
  const end = isSetup ? ['pair-fail', 'abort'] : ['abort'];
  expect(outline.slice(-end.length)).toEqual(end);
  expect(outline.filter((kind) => kind !== 'send')).toEqual(end);
}

function expectInconsistentPack(from: number, change: (body: Uint8Array) => Uint8Array): void {
  const to = from === LOW ? HIGH : LOW;
  const output = cleanRun.outputOf(to);
  const pack = cleanRun.outputOf(from)?.pack;
  if (output === undefined || pack === undefined) throw new Error('the run gave no setup');
  const { self, peer: other, epochId, pairSid, pairEpoch, zeroSeed, sender, receiverSeeds } = output.setup;
  const setup = PairSetup.of({ self, peer: other, epochId, pairSid, pairEpoch, zeroSeed, sender, receiverSeeds });
  const store = new PairStore({ identityKey: (_, peer) => pairIdentity(peer).publicKey, verify });
  store.prepare({ ...output, setup, active: false }, 0);
  expect(store.deliver(resigned(pairIdentity(from), pack, change), 0)).toBe('inconsistent');
  expect(setup.wiped).toBe(true);
  expect(store.has(epochId, from, 0)).toBe(false);
}
