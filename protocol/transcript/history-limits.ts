/**
 * What limits a party's earlier consents must have used up. Only the party's own ledger knows all of it, but what it
 * consented to within the window before, and was signed, it cannot have counted as less: no nonce is used up before it
 * was signed, and nothing that was signed is ever freed.
 */
import { CLOCK_TOLERANCE } from '../ceremony/lifecycle.ts';
import type { SignProposal } from '../ceremony/proposal.ts';
import { toHex } from '../common/bytes.ts';
import { decode } from '../payload/payload.ts';
import { assess } from '../payload/risk/assess.ts';
import { chargesOf } from '../policy/charges.ts';
import { payloadFacts } from '../policy/facts.ts';
import type { PreparedLimit } from '../policy/prepare.ts';
import { type Spend, spendOf } from '../policy/spend.ts';
import type { Finding } from './codes.ts';

/** A consent to a signing, by one party. */
export interface SpentConsent {
  readonly seq: number;
  readonly party: number;
  /** The party's statement key. */
  readonly key: Uint8Array;
  /** Its counters tell the order of its consents. */
  readonly counter: number;
  /** When it judged, in Unix seconds. */
  readonly at: number;
  /** Wallet, digest and account: all attempts of one payload are one charge. */
  readonly payload: string;
  /** A signature came about. */
  readonly signed: boolean;
  /** Read when a limit first asks; the same for all consents to one proposal. */
  readonly spend: () => Spend | undefined;
  /** What its limits asked its ledger, and were told. */
  readonly asked: readonly AskedLimit[];
}

export interface AskedLimit {
  readonly limit: PreparedLimit;
  readonly bucket: string;
  readonly used: bigint;
}

export class LimitHistory {
  readonly #byKey = new Map<string, SpentConsent[]>();

  /** A consent, of these or of those before, that rests on less than its party had consented to by then. */
  contradiction(fresh: readonly SpentConsent[]): Finding | undefined {
    for (const consent of fresh) {
      const known = [...(this.#byKey.get(toHex(consent.key)) ?? []), consent];
      // Transcripts may come in any order: a later one may have been here before.
      const later = consent.signed ? known.filter(({ counter }) => counter > consent.counter) : [];
      for (const judged of [consent, ...later]) {
        const low = understated(judged, known);
        if (low === undefined) continue;
        const { seq, party } = consent;
        const { bucket, limit, used } = low.asked;
        const message = `party ${party} consented as if ${used} of limit "${limit.limit.id}" (${bucket}) were used up, and had consented to at least ${low.least} that was signed`;
        return { code: 'LIMIT_UNDERSTATED', seq, message };
      }
    }
    return undefined;
  }

  remember(fresh: readonly SpentConsent[]): void {
    for (const consent of fresh) {
      const name = toHex(consent.key);
      this.#byKey.set(name, [...(this.#byKey.get(name) ?? []), consent]);
    }
  }
}

/** The spend of a proposal, read once. */
export function spendOfProposal(body: SignProposal): () => Spend | undefined {
  let spend: Spend | undefined;
  let isRead = false;
  return () => {
    if (!isRead) spend = readSpend(body);
    isRead = true;
    return spend;
  };
}

function readSpend({ address, initiator, payload, wallet }: SignProposal): Spend | undefined {
  const decoded = decode(payload);
  if (!decoded.ok) return undefined;
  const account = `0x${toHex(address)}` as const;
  const assessment = assess(decoded.value, { wallet: account });
  const request = { wallet, address: account, initiator, now: 0 };
  return spendOf(decoded.value, payloadFacts(assessment, decoded.value.chainId), request);
}

function understated(
  consent: SpentConsent,
  known: readonly SpentConsent[],
): { readonly asked: AskedLimit; readonly least: bigint } | undefined {
  for (const asked of consent.asked) {
    const least = atLeast(consent, asked, known);
    if (least > asked.used) return { asked, least };
  }
  return undefined;
}

/** The sum of what certainly counts. Which nonces are used up only the party knows, so those are not asked for. */
function atLeast(consent: SpentConsent, { bucket, limit }: AskedLimit, known: readonly SpentConsent[]): bigint {
  const { measure, windowSec } = limit.limit;
  if (measure === 'outstanding' || windowSec === undefined) return 0n;
  // Its clock may have gone back by as much as clocks may differ.
  const since = consent.at + CLOCK_TOLERANCE - windowSec;
  const counted = new Set<string>([consent.payload]);
  let sum = 0n;
  for (const { at, counter, payload, signed, spend } of known) {
    if (!signed || counter >= consent.counter || at <= since || counted.has(payload)) continue;
    counted.add(payload);
    const read = spend();
    if (read === undefined || (read.place.kind === 'until' && read.place.at <= since)) continue;
    for (const charge of chargesOf(limit, read)) if (charge.bucket === bucket) sum += charge.charge ?? 0n;
  }
  return sum;
}
