/** Tools of a corrupt KEYGEN party: bodies taken apart and put together, and what every honest verdict must satisfy. */
import { expect } from 'vitest';
import { verify } from '../../../protocol/ceremony/ed25519.ts';
import { concat, toHex } from '../../../protocol/common/bytes.ts';
import type { FailureClass } from '../../../protocol/threshold/errors.ts';
import { deriveSid } from '../../../protocol/threshold/keygen/checks.ts';
import { makeFrame } from '../../../protocol/threshold/keygen/config.ts';
import type { EnvelopeFields } from '../../../protocol/threshold/rounds/envelope.ts';
import { findEquivocations } from '../../../protocol/threshold/rounds/equivocation.ts';
import {
  type Ceremony,
  type Corruption,
  ceremony,
  KeygenNetwork,
  type NetworkOptions,
  patch,
  signerOf,
} from './keygen-network.ts';

/** The ceremonies of docs/protocol.md i.3: t = 2 and t = 3, with pid orders that differ from the index orders. */
export const CEREMONIES: readonly Ceremony[] = [ceremony(2, 3), ceremony(3, 3)];

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
  corrupt: number,
  says: (fields: EnvelopeFields, to: number, network: KeygenNetwork) => ReturnType<Corruption>,
  options: NetworkOptions = {},
): KeygenNetwork {
  const holder: { network?: KeygenNetwork } = {};
  const lazy: Corruption = (fields, to) => says(fields, to, need(holder));
  const network = new KeygenNetwork(setup, { ...options, corrupt: { index: corrupt, says: lazy } });
  holder.network = network;
  return network.run();
}

function need(holder: { readonly network?: KeygenNetwork }): KeygenNetwork {
  if (holder.network === undefined) throw new Error('the network is not there yet');
  return holder.network;
}

/** The sid that the honest parties compute, so that a corrupt party can echo it. */
export function honestSid(network: KeygenNetwork): Uint8Array {
  const { ceremony: setup } = network;
  const frame = makeFrame(setup.sessionId, setup.config);
  const round1 = frame.members.flatMap((member) => network.envelopes(0x10, 1, member.index).slice(0, 1));
  const sid = deriveSid(frame, round1);
  if (sid === undefined) throw new Error('round 1 is not complete');
  return sid;
}

export function withEcho(network: KeygenNetwork, body: Uint8Array): Uint8Array {
  return patch(body, 0, honestSid(network));
}

export interface Verdict {
  readonly failure: FailureClass;
  readonly check: string;
  readonly culprits: readonly number[];
}

export function honestOf({ ceremony: setup }: KeygenNetwork, corrupt: number): readonly number[] {
  return setup.parties.map(({ index }) => index).filter((index) => index !== corrupt);
}

export function verdict(network: KeygenNetwork, index: number): Verdict | undefined {
  const abort = network.aborts.get(index);
  return abort && { failure: abort.failure, check: abort.check, culprits: abort.culprits };
}

/** All of these parties come to this verdict; nobody at all gets a key. */
export function expectVerdict(network: KeygenNetwork, parties: readonly number[], expected: Verdict): void {
  for (const index of parties) expect({ index, ...verdict(network, index) }).toEqual({ index, ...expected });
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
  return [...new Set(found.map(({ from }) => config.parties[from - 1]?.newIndex ?? 0))];
}

/** Everything that went out in the open. */
export function publicBytes(network: KeygenNetwork): string {
  return toHex(concat(...network.sent.filter((entry) => entry.envelope.type !== 0x11).map((entry) => entry.bytes)));
}

export function signAs(setup: Ceremony, index: number): (message: Uint8Array) => Uint8Array {
  return signerOf(setup, index).sign;
}
