/**
 * n parties of which t-1 do whatever somebody tells them: they consent to everything, pass nothing on that they should
 * not, sign together with any honest party that has enough consents before it, and say afterwards that nothing was
 * released. The honest ones judge, count and settle with the real code; quorums are those of the lifecycle.
 */
import type { Signer } from '../../../protocol/ceremony/ed25519.ts';
import { addVerdict, type Ceremony, newCeremony } from '../../../protocol/ceremony/lifecycle.ts';
import type { Outcome } from '../../../protocol/ceremony/outcome.ts';
import { signProposal } from '../../../protocol/ceremony/proposal.ts';
import { quorum } from '../../../protocol/ceremony/quorum.ts';
import type { RosterBody } from '../../../protocol/ceremony/roster.ts';
import { hasReleasedNothing } from '../../../protocol/ceremony/settlement.ts';
import { signVerdict } from '../../../protocol/ceremony/verdict-statement.ts';
import type { Assessment } from '../../../protocol/payload/risk/assess.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import { Desk, keyOf } from './desk.ts';
import { ALICE, transaction } from './payloads.ts';
import { NOW } from './policies.ts';

export interface Shape {
  readonly n: number;
  readonly t: number;
  readonly q: number;
}

export interface Deal {
  readonly payload: Assessment;
  readonly nonce: bigint;
  readonly value: bigint;
  ceremony: Ceremony;
  /** When the signature came about. */
  signed?: number;
  mined?: number;
  /** Another transaction used up its nonce, or one behind it. */
  dead?: boolean;
}

/** Longer than anything here takes; consents live less. */
const LIFE = 7 * 86_400;
const CONSENT = 3600;
/** No signature is looked at here. */
const NOBODY: Signer = {
  publicKey: new Uint8Array(32),
  sign: () => new Uint8Array(64),
  transferable() {
    throw new Error('nobody has a key here');
  },
};

export class Committee {
  readonly shape: Shape;
  readonly honest: ReadonlyMap<number, Desk>;
  readonly deals: Deal[] = [];
  now: number = NOW;
  readonly #roster: RosterBody;

  constructor(shape: Shape, policy: Policy) {
    this.shape = shape;
    const indices = Array.from({ length: shape.n }, (_, i) => i + 1);
    this.honest = new Map(indices.slice(shape.t - 1).map((index) => [index, new Desk(policy)] as const));
    const key = new Uint8Array(32);
    this.#roster = {
      name: 'model',
      version: 1,
      threshold: shape.t,
      parties: indices.map((index) => ({
        index,
        name: `party-${index}`,
        person: `Person ${index}`,
        statementKey: key,
        transportKey: key,
        addresses: [],
      })),
      operators: [{ name: 'olivia', person: 'Olivia', key, transportKey: key }],
      network: key,
      announcement: 0,
    };
  }

  get corrupt(): readonly number[] {
    return Array.from({ length: this.shape.t - 1 }, (_, i) => i + 1);
  }

  /** A payment of the next nonce, to which all corrupt parties consent at once. */
  propose(value: bigint): Deal {
    const nonce = BigInt(this.deals.length);
    const payload = paymentOf(nonce, value);
    const proposal = signProposal(
      {
        roster: new Uint8Array(32),
        initiator: 'olivia',
        nonce: new Uint8Array(16),
        attempt: 1,
        created: this.now,
        expires: this.now + LIFE,
        note: String(nonce),
        ceremony: 'sign',
        wallet: 'treasury',
        walletId: new Uint8Array(32),
        epochId: new Uint8Array(32),
        path: [],
        address: new Uint8Array(20),
        payload: payload.decoded.payload,
      },
      NOBODY,
    );
    const deal: Deal = { payload, nonce, value, ceremony: newCeremony(proposal) };
    for (const party of this.corrupt) this.#consent(deal, party);
    this.deals.push(deal);
    return deal;
  }

  /** Shows it to one honest party. Whether it consents; a rejection reaches nobody. */
  show(deal: Deal, party: number): boolean {
    const desk = this.honest.get(party);
    if (desk === undefined || deal.ceremony.verdicts.has(party)) return false;
    const verdict = desk.consent(deal.payload, { at: this.now, lives: CONSENT });
    if (verdict.decision === 'deny') return false;
    this.#consent(deal, party);
    return true;
  }

  /** The signature, if there are consents enough: one honest party signs, and no other one hears of it. */
  sign(deal: Deal, pick: number): boolean {
    if (deal.signed !== undefined || !quorum(deal.ceremony, this.#roster, this.now).ok) return false;
    const willing = [...deal.ceremony.verdicts.keys()].filter((party) => this.honest.has(party));
    const signer = willing[pick % willing.length];
    const desk = signer === undefined ? undefined : this.honest.get(signer);
    if (signer === undefined || desk === undefined) return false;
    // Right before its share is used it judges once more.
    if (desk.judge(deal.payload, { at: this.now }).decision === 'deny') return false;
    desk.ledger.release(keyOf(deal.payload), this.now);
    const outcome = { body: { party: signer, released: true } } as Outcome;
    deal.ceremony = { ...deal.ceremony, outcomes: new Map([[signer, outcome]]) };
    deal.signed = this.now;
    return true;
  }

  /** Everybody says that nothing was released, but for an honest party that knows better. */
  settle(deal: Deal): void {
    const { outcomes } = deal.ceremony;
    const settled = new Set(this.#roster.parties.map(({ index }) => index).filter((index) => !outcomes.has(index)));
    if (!hasReleasedNothing(deal.ceremony, this.#roster, settled)) return;
    for (const desk of this.honest.values()) desk.ledger.settle(keyOf(deal.payload), 'attempt 1');
    // Who has settled takes no part any more.
    deal.dead = true;
  }

  /** The next signed transaction in order of nonces is executed; those that it overtakes never will be. */
  mine(): boolean {
    const next = this.deals.find((deal) => isWaiting(deal));
    if (next === undefined) return false;
    next.mined = this.now;
    for (const deal of this.deals) if (deal.nonce < next.nonce && deal.mined === undefined) deal.dead = true;
    return true;
  }

  /** One honest party sees which nonces are used up. */
  see(party: number): void {
    const mined = this.deals.filter((deal) => deal.mined !== undefined).at(-1);
    if (mined !== undefined) this.honest.get(party)?.mined(mined.nonce, this.now);
  }

  /** The most that was executed within any such number of seconds. */
  outflow(seconds: number): bigint {
    const mined = this.deals.flatMap(({ mined: at, value }) => (at === undefined ? [] : [{ at, value }]));
    const sums = mined.map(({ at }) =>
      mined.filter((other) => other.at >= at && other.at < at + seconds).reduce((sum, { value }) => sum + value, 0n),
    );
    return sums.toSorted((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
  }

  #consent(deal: Deal, party: number): void {
    const { body, digest } = deal.ceremony.proposal;
    const verdict = signVerdict(
      {
        proposal: digest,
        attempt: body.attempt,
        party,
        decision: 'consent',
        reading: { digest: deal.payload.decoded.digest, tree: new Uint8Array(32) },
        judgement: 'allow',
        byHand: false,
        consents: this.shape.q,
        rejections: 1,
        rules: [],
        reasons: [],
        risks: [],
        inputs: new Uint8Array(32),
        claimedSoftware: 'model',
        counter: 1,
        nonce: new Uint8Array(16),
        created: this.now,
        expires: this.now + CONSENT,
      },
      NOBODY,
    );
    const added = addVerdict(deal.ceremony, verdict);
    if (added.ok) deal.ceremony = added.value;
  }
}

function isWaiting({ dead, mined, signed }: Deal): boolean {
  return signed !== undefined && mined === undefined && dead !== true;
}

/** The same ones come up for every shape; decoding them is what takes the time. */
const payments = new Map<string, Assessment>();

function paymentOf(nonce: bigint, value: bigint): Assessment {
  const name = `${nonce}/${value}`;
  const known = payments.get(name) ?? transaction({ to: ALICE, value, nonce });
  payments.set(name, known);
  return known;
}
