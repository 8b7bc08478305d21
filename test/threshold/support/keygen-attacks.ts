/** Tools of a corrupt member of a keygen-family run: bodies taken apart and put together, and what every honest verdict must satisfy. */
import { expect } from 'vitest';
import { verify } from '../../../protocol/ceremony/ed25519.ts';
import { concat, toHex } from '../../../protocol/common/bytes.ts';
import { curve } from '../../../protocol/threshold/curve/accelerated.ts';
import type { FailureClass } from '../../../protocol/threshold/errors.ts';
import { commitDealing, commitmentStatement, deriveSid } from '../../../protocol/threshold/keygen/checks.ts';
import { makeFrame, memberOf, type Run } from '../../../protocol/threshold/keygen/config.ts';
import {
  readRound2,
  readShare,
  writeRound1,
  writeRound2,
  writeShare,
} from '../../../protocol/threshold/keygen/messages.ts';
import { sampleRound1 } from '../../../protocol/threshold/keygen/round-1.ts';
import { evaluate } from '../../../protocol/threshold/math/polynomial.ts';
import { proveSchnorr } from '../../../protocol/threshold/proof/schnorr.ts';
import type { EnvelopeFields } from '../../../protocol/threshold/rounds/envelope.ts';
import { findEquivocations } from '../../../protocol/threshold/rounds/equivocation.ts';
import {
  type Ceremony,
  type Corruption,
  ceremony,
  holdersOf,
  importCeremony,
  indexOf,
  KeygenNetwork,
  labelRandom,
  type NetworkOptions,
  patch,
  reshareCeremony,
  signerOf,
} from './keygen-network.ts';
import { vscalar } from './labels.ts';

const twoOfThree = new KeygenNetwork(ceremony(2, 3)).run();
const threeOfFour = new KeygenNetwork(ceremony(3, 4)).run();

/**
 * The ceremonies of docs/protocol.md i.3: t = 2 and t = 3, with pid orders that differ from the index orders, and all
 * roles: dealers that stay, leave, and hold nothing; holders that do not deal; newcomers; old index 3 = new index 1.
 */
export const CEREMONIES: readonly Ceremony[] = [
  ceremony(2, 3),
  ceremony(3, 3),
  reshareCeremony({ from: twoOfThree, dealers: [1, 3], holders: [3, 'new', 1, 2], threshold: 2 }),
  reshareCeremony({ from: threeOfFour, dealers: [1, 2, 4], holders: [4, 1, 'new'], threshold: 3 }),
  importCeremony(2, 2, true),
];

/** The same ceremony once more: other ids, the same parties and secrets. */
export const OTHER_ATTEMPTS: readonly Ceremony[] = [
  ceremony(2, 3, 'keygen', 2),
  ceremony(3, 3, 'keygen', 2),
  reshareCeremony({ from: twoOfThree, dealers: [1, 3], holders: [3, 'new', 1, 2], threshold: 2, attempt: 2 }),
  reshareCeremony({ from: threeOfFour, dealers: [1, 2, 4], holders: [4, 1, 'new'], threshold: 3, attempt: 2 }),
  importCeremony(2, 2, true, 'import', 2),
];

export interface Role {
  readonly setup: Ceremony;
  readonly other: Ceremony;
  readonly name: string;
  readonly corrupt: number;
  readonly deals: boolean;
  readonly holds: boolean;
}

/** Every member of the first ceremony, and one member of each kind of the others, as the corrupt one. */
export const ROLES: readonly Role[] = CEREMONIES.flatMap((setup, i) => {
  const kinds = new Set<string>();
  return setup.config.parties.flatMap((row, at) => {
    const [deals, holds, was] = [row.dealer, row.newIndex > 0, row.oldIndex > 0];
    const kind = i === 0 ? String(at) : [deals, holds, was].join();
    if (kinds.has(kind)) return [];
    kinds.add(kind);
    return [{ setup, other: OTHER_ATTEMPTS[i] ?? setup, name: setup.name, corrupt: at + 1, deals, holds }];
  });
});

/** Whether the key is new, so that dealers choose their constants and contribute to the chain code. */
export function isNew(setup: Ceremony): boolean {
  return setup.config.purpose === 'KEYGEN';
}

/** Offsets in a round 2 body of a dealer. */
export function round2Layout(threshold: number) {
  const chainCodeHash = 32 + 33 * threshold;
  const proofs = chainCodeHash + 64;
  return {
    point: (k: number) => 32 + 33 * k,
    chainCodeHash,
    blind: chainCodeHash + 32,
    proof: (k: number) => proofs + 65 * k,
  };
}

export function is(fields: EnvelopeFields, type: number, round: number): boolean {
  return fields.type === type && fields.round === round;
}

/** A corruption of the one message (type, round), to everybody or to one victim only. */
export function change(
  type: number,
  round: number,
  body: (body: Uint8Array, fields: EnvelopeFields) => Uint8Array,
  victim?: number,
): Corruption {
  return (fields, to) =>
    is(fields, type, round) && (victim === undefined || to === victim)
      ? { ...fields, body: body(fields.body, fields) }
      : fields;
}

/** Runs a ceremony in which `corrupt` says something else. */
export function runCorrupt(
  setup: Ceremony,
  corrupt: number | readonly number[],
  says: (fields: EnvelopeFields, to: number, network: KeygenNetwork) => ReturnType<Corruption>,
  options: NetworkOptions = {},
): KeygenNetwork {
  const holder: { network?: KeygenNetwork } = {};
  const lazy: Corruption = (fields, to) => says(fields, to, need(holder));
  const pids = typeof corrupt === 'number' ? [corrupt] : corrupt;
  const network = new KeygenNetwork(setup, { ...options, corrupt: { pids, says: lazy } });
  holder.network = network;
  return network.run();
}

function need(holder: { readonly network?: KeygenNetwork }): KeygenNetwork {
  if (holder.network === undefined) throw new Error('the network is not there yet');
  return holder.network;
}

export function runOf(setup: Ceremony, pid: number): Run {
  const frame = makeFrame(setup.sessionId, setup.config, setup.parent);
  return { ...frame, self: memberOf(frame, pid) };
}

/** The sid that the honest members compute, so that a corrupt one can echo it. */
export function honestSid(network: KeygenNetwork): Uint8Array {
  const { ceremony: setup } = network;
  const frame = makeFrame(setup.sessionId, setup.config);
  const round1 = setup.pids.flatMap((pid) => network.envelopes(0x10, 1, pid).slice(0, 1));
  const sid = deriveSid(frame, round1);
  if (sid === undefined) throw new Error('round 1 is not complete');
  return sid;
}

export function withEcho(network: KeygenNetwork, body: Uint8Array): Uint8Array {
  return patch(body, 0, honestSid(network));
}

/** The polynomial that this dealer deals in every test network. */
export function coefficientsOf(setup: Ceremony, pid: number): readonly bigint[] {
  const sample = sampleRound1(runOf(setup, pid), labelRandom(`network/${pid}`), setup.dealt(pid));
  if (sample.dealing === undefined) throw new Error(`member ${pid} does not deal`);
  return sample.dealing.coefficients.take();
}

/** A member that deals `coefficients`, of any degree, consistently: commitments, proofs and shares fit each other. */
export function dealing(
  setup: Ceremony,
  coefficients: readonly bigint[],
): (fields: EnvelopeFields, to: number, network: KeygenNetwork) => EnvelopeFields {
  const points = coefficients.map((coefficient) => curve.encode(curve.base(coefficient)));
  return (fields, _, network) => {
    const pid = fields.from;
    if (is(fields, 0x10, 1)) {
      const honest = dealtRound2(setup, pid);
      const nonce = fields.body.slice(0, 32);
      const { blind, chainCodeHash } = honest;
      const com = commitDealing(runOf(setup, pid), pid, { nonce, commitments: points, chainCodeHash, blind });
      return { ...fields, body: writeRound1({ nonce, com }) };
    }
    if (is(fields, 0x10, 2)) {
      const { blind, chainCodeHash } = dealtRound2(setup, pid);
      const echo = honestSid(network);
      const proofs = coefficients.map((coefficient, k) =>
        proveSchnorr(
          'dkg/pok',
          echo,
          commitmentStatement(pid, k, points[k] ?? new Uint8Array(33)),
          coefficient,
          vscalar(`dealing/${k}`),
        ),
      );
      return { ...fields, body: writeRound2({ echo, commitments: points, chainCodeHash, blind, proofs }) };
    }
    const share = is(fields, 0x11, 3) ? readShare(fields.body) : undefined;
    if (share === undefined) return fields;
    const index = indexOf(setup, fields.to);
    return { ...fields, body: writeShare(share.broadcastHash, evaluate(coefficients, index), share.chainCode) };
  };
}

const dry = new Map<Ceremony, KeygenNetwork>();

/** The ceremony without any corruption: what each member says is the same every time. */
export function honestRun(setup: Ceremony): KeygenNetwork {
  const known = dry.get(setup) ?? new KeygenNetwork(setup).run();
  dry.set(setup, known);
  return known;
}

function dealtRound2(setup: Ceremony, pid: number) {
  const body = readRound2(honestRun(setup).envelopes(0x10, 2, pid)[0]?.body ?? new Uint8Array(0), setup.threshold);
  if (body === undefined) throw new Error(`member ${pid} does not deal`);
  return body;
}

export interface Verdict {
  readonly failure: FailureClass;
  readonly check: string;
  readonly culprits: readonly number[];
}

export function verdict(network: KeygenNetwork, pid: number): Verdict | undefined {
  const abort = network.aborts.get(pid);
  return abort && { failure: abort.failure, check: abort.check, culprits: abort.culprits };
}

/** All of these members come to this verdict; nobody at all gets a key. */
export function expectVerdict(network: KeygenNetwork, pids: readonly number[], expected: Verdict): void {
  for (const pid of pids) expect({ pid, ...verdict(network, pid) }).toEqual({ pid, ...expected });
  expectNoKey(network);
}

export function expectNoKey(network: KeygenNetwork): void {
  expect(network.outputs.size).toBe(0);
  expect(network.records.filter(({ record }) => record.kind !== 'prepared')).toEqual([]);
  expectEvidenceIsPublic(network);
}

/** No share leaves in evidence, except inside a COMPLAINT. */
export function expectEvidenceIsPublic(network: KeygenNetwork): void {
  for (const abort of network.aborts.values()) {
    for (const bytes of abort.evidence) {
      expect(bytes[3], `${abort.check}: the type of evidence`).not.toBe(0x11);
      expect([0x10, 0x15]).toContain(bytes[3]);
    }
  }
}

/** Swaps the evidence of all aborts and looks for the equivocator. */
export function equivocators(network: KeygenNetwork): readonly number[] {
  const { config } = network.ceremony;
  const evidence = [...network.aborts.values()].flatMap((abort) => abort.evidence);
  const found = findEquivocations(evidence, (pid) => config.parties[pid - 1]?.identityKey, verify);
  return [...new Set(found.map(({ from }) => from))];
}

/** All subsets of `items` with `size` members. */
export function subsets(items: readonly number[], size: number): readonly (readonly number[])[] {
  const [first, ...rest] = items;
  if (size === 0) return [[]];
  if (first === undefined) return [];
  return [...subsets(rest, size - 1).map((subset) => [first, ...subset]), ...subsets(rest, size)];
}

/** Everything that went out in the open. */
export function publicBytes(network: KeygenNetwork): string {
  return toHex(concat(...network.sent.filter((entry) => entry.envelope.type !== 0x11).map((entry) => entry.bytes)));
}

export function signAs(setup: Ceremony, pid: number): (message: Uint8Array) => Uint8Array {
  return signerOf(setup, pid).sign;
}

/** Honest members: those that get a share, and all. */
export function honestMembers(setup: Ceremony, corrupt: number) {
  const honest = setup.pids.filter((pid) => pid !== corrupt);
  return { honest, holders: holdersOf(setup).filter((pid) => pid !== corrupt) };
}
