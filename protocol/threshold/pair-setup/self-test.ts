/**
 * The self-test of a fresh pair setup (docs/protocol.md p.4): one multiplication of random values in each direction,
 * with the results in the exponent. All values are discarded.
 */
import { concat } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { curve } from '../curve/accelerated.ts';
import type { Point } from '../curve/curve.ts';
import { u8 } from '../encoding.ts';
import { H, ZERO_SID } from '../hash.ts';
import { extend, finish, hasCanonicalScalars, RECEIVER_RANDOM_BYTES, type ReceiverKeep } from '../multiply/receiver.ts';
import { checkExtension, multiply, type SenderSetup } from '../multiply/sender.ts';
import { randomScalar } from '../random.ts';
import { sessionId } from '../session-id.ts';
import { readMultiply } from './messages.ts';

export interface SelfTestValues {
  /** As B: 68 bytes. */
  readonly choice: Uint8Array;
  /** As A: a_0, a_1 and the scalar of the check column, not 0. */
  readonly inputs: readonly [bigint, bigint];
  readonly mask: bigint;
}

export function drawSelfTest(random: Random): SelfTestValues {
  return {
    choice: random.bytes(RECEIVER_RANDOM_BYTES),
    inputs: [randomScalar(random), randomScalar(random)],
    mask: randomScalar(random),
  };
}

/** What both sides know before the self-test. */
export interface SelfTestFrame {
  readonly epochId: Uint8Array;
  readonly pairEpoch: Uint8Array;
  readonly sessionId: Uint8Array;
}

export function selfTestFrame(options: {
  readonly epochId: Uint8Array;
  readonly rosterDigest: Uint8Array;
  readonly pairSid: Uint8Array;
  readonly counter: number;
  readonly signers: readonly [number, number];
  readonly conf: Uint8Array;
}): SelfTestFrame {
  return {
    epochId: options.epochId,
    pairEpoch: H('pair/epoch', options.pairSid, options.conf),
    sessionId: sessionId({
      rosterDigest: options.rosterDigest,
      epochId: options.epochId,
      purpose: 'SELFTEST',
      path: [],
      childPk: ZERO_SID.subarray(0, 0),
      proposalDigest: options.pairSid,
      attempt: options.counter,
      signers: options.signers,
      digest: options.conf,
      consents: [],
    }),
  };
}

/** One direction: who is B and who is A in it. */
export interface Direction {
  readonly receiver: number;
  readonly sender: number;
  /** B's nonce of PS1. */
  readonly receiverNonce: Uint8Array;
}

function extensionSid(frame: SelfTestFrame, direction: Direction): Uint8Array {
  const { receiver, sender, receiverNonce } = direction;
  return H('ote/sid', frame.epochId, frame.pairEpoch, frame.sessionId, u8(receiver), u8(sender), receiverNonce);
}

/** fullSid is the session id here. */
function productSid(frame: SelfTestFrame, direction: Direction, oteSid: Uint8Array, ote: Uint8Array): Uint8Array {
  return H('rv/sid', frame.sessionId, u8(direction.receiver), u8(direction.sender), H('ote/msg', oteSid, ote));
}

export interface TestExtension {
  readonly ote: Uint8Array;
  readonly keep: ReceiverKeep;
  readonly rvSid: Uint8Array;
}

/** B, PS4. */
export function testExtend(
  frame: SelfTestFrame,
  direction: Direction,
  seeds: Uint8Array,
  values: SelfTestValues,
): TestExtension {
  const oteSid = extensionSid(frame, direction);
  const { message, keep } = extend(oteSid, seeds, values.choice);
  return { ote: message, keep, rvSid: productSid(frame, direction, oteSid, message) };
}

/**
 * A, PS5: the body. `P3` if C1 fails; `own-zero` if an own point is O.
 */
export function testMultiply(
  frame: SelfTestFrame,
  direction: Direction,
  setup: SenderSetup,
  ote: Uint8Array,
  values: SelfTestValues,
): Uint8Array | 'P3' | 'own-zero' {
  const oteSid = extensionSid(frame, direction);
  const zeta = checkExtension(oteSid, setup, ote);
  if (zeta === undefined) return 'P3';
  const ids = { oteSid, rvSid: productSid(frame, direction, oteSid, ote) };
  const { message, c } = multiply(ids, setup.delta, zeta, values.inputs, values.mask);
  const points = [...values.inputs, ...c].map((scalar) => curve.base(scalar));
  if (points.some((point) => curve.isIdentity(point))) return 'own-zero';
  return concat(message, ...points.map((point) => curve.encode(point)));
}

/** B, after PS5: `undefined` if all is well, else the failed check. `body` has the right length. */
export function testFinish(test: TestExtension, body: Uint8Array): 'P1' | 'P4' | undefined {
  const parts = readMultiply(body);
  if (parts === undefined || !hasCanonicalScalars(parts.mul)) return 'P1';
  const points = parts.points.flatMap((encoded) => curve.decode(encoded) ?? []);
  const [a0, a1, c0, c1] = points;
  if (a0 === undefined || a1 === undefined || c0 === undefined || c1 === undefined) return 'P1';
  const d = finish(test.rvSid, test.keep, parts.mul);
  if (d === undefined) return 'P4';
  const holds = (a: Point, product: bigint, c: Point): boolean =>
    curve.equals(curve.multiply(a, test.keep.b), curve.add(curve.base(product), c));
  return holds(a0, d[0], c0) && holds(a1, d[1], c1) ? undefined : 'P4';
}
