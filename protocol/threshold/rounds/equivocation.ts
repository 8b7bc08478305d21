/**
 * Finds who told two parties different things (docs/protocol.md h.1). After an INCONSISTENT abort the parties swap
 * the signed broadcasts they got; two different ones of one sender in one slot are a proof that anybody can check.
 */
import { toHex } from '../../common/bytes.ts';
import { type ParsedEnvelope, parseEnvelope, type VerifySignature, verifyEnvelope } from './envelope.ts';
import type { Equivocation } from './inbox.ts';

/**
 * `envelopes`: complete envelopes out of any number of views. `keyOf` gives the identity key of a `from`, if it has
 * one. Only broadcasts count: p2p messages to different receivers differ rightly. What does not verify is ignored.
 */
export function findEquivocations(
  envelopes: readonly Uint8Array[],
  keyOf: (from: number) => Uint8Array | undefined,
  verify: VerifySignature,
): readonly Equivocation[] {
  const slots = new Map<string, ParsedEnvelope>();
  const found = new Map<string, Equivocation>();
  for (const bytes of envelopes) {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || envelope.to !== 0) continue;
    const key = keyOf(envelope.from);
    if (key === undefined || !verifyEnvelope(envelope, key, verify)) continue;
    const slot = `${envelope.type}/${envelope.round}/${envelope.from}/${toHex(envelope.sid)}`;
    const first = slots.get(slot);
    if (first === undefined) slots.set(slot, envelope);
    else if (toHex(first.eh) !== toHex(envelope.eh) && !found.has(slot)) {
      found.set(slot, { from: envelope.from, first, second: envelope });
    }
  }
  return [...found.values()];
}
