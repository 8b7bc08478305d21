/** Evidence in a reshare: a dealer that deals something else than its share (F1), proven with the parent's certificate. */
import { describe, expect, it } from 'vitest';
import { gatherEvidence, type Seen } from '../../protocol/ceremony/evidence/gather.ts';
import { judgeEvidence } from '../../protocol/ceremony/evidence/judge.ts';
import { newCeremony } from '../../protocol/ceremony/lifecycle.ts';
import type { ReshareProposal } from '../../protocol/ceremony/proposal.ts';
import { resharePlan } from '../../protocol/ceremony/run-plan.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { ZERO_SID } from '../../protocol/threshold/hash.ts';
import { commitDealing, commitmentStatement, deriveSid } from '../../protocol/threshold/keygen/checks.ts';
import { type Frame, makeFrame } from '../../protocol/threshold/keygen/config.ts';
import { DKG_BROADCAST, writeRound1, writeRound2 } from '../../protocol/threshold/keygen/messages.ts';
import { proveSchnorr } from '../../protocol/threshold/proof/schnorr.ts';
import { encodeEnvelope, type ParsedEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { Network } from '../support/bus.ts';
import { reshare } from '../support/key-changes.ts';
import { must } from '../support/must.ts';
import type { Story } from '../support/story.ts';
import { readyMoot } from '../support/treasury.ts';
import { vec, vscalar } from '../threshold/support/labels.ts';

const { moot, from } = readyMoot('evidence of a reshare');
const { roster } = moot;
const DEALER = 2;
const key = moot.keyOf(`party:${DEALER}`);

function seenOf({ proposal, start, verdicts }: Story, envelopes: readonly Uint8Array[]): Seen {
  const known = new Map(verdicts.map((item) => [item.body.party, item]));
  const ceremony = { ...newCeremony(proposal), start, verdicts: known };
  return { roster, ceremony, wallet: from.wallet.document, envelopes };
}

function parsed(bytes: Uint8Array): ParsedEnvelope {
  const envelope = parseEnvelope(bytes);
  if (envelope === undefined) throw new Error('no envelope');
  return envelope;
}

/** Rounds 1 and 2 of a dealer, well formed and opening, about a polynomial of its own choice. */
class StrangeDealer {
  readonly #frame: Frame;
  readonly #pid: number;
  readonly #coefficients: readonly bigint[];
  readonly #parts: Parameters<typeof commitDealing>[2];

  constructor(frame: Frame, pid: number) {
    this.#frame = frame;
    this.#pid = pid;
    this.#coefficients = Array.from({ length: frame.threshold }, (_, k) => vscalar(`strange/${k}`));
    const commitments = this.#coefficients.map((a) => curve.encode(curve.base(a)));
    this.#parts = { nonce: vec('nonce'), commitments, chainCodeHash: ZERO_SID, blind: vec('blind') };
  }

  round1(): Uint8Array {
    const com = commitDealing(this.#frame, this.#pid, this.#parts);
    return this.#sealed(1, writeRound1({ nonce: this.#parts.nonce, com }));
  }

  round2(round1: readonly ParsedEnvelope[]): Uint8Array {
    const sid = deriveSid(
      this.#frame,
      [...round1].sort((a, b) => a.from - b.from),
    );
    if (sid === undefined) throw new Error('no sid');
    const proofs = this.#coefficients.map((a, k) => {
      const statement = commitmentStatement(this.#pid, k, this.#parts.commitments[k] ?? new Uint8Array());
      return proveSchnorr('dkg/pok', sid, statement, a, vscalar(`proof/${k}`));
    });
    return this.#sealed(2, writeRound2({ ...this.#parts, echo: sid, proofs }));
  }

  #sealed(round: number, body: Uint8Array): Uint8Array {
    const { sessionId: sid } = this.#frame;
    return encodeEnvelope({ type: DKG_BROADCAST, round, from: this.#pid, to: 0, sid, body }, key.sign);
  }
}

/** A reshare in which party 2 deals what it likes. */
function strangely(): { readonly story: Story; readonly heard: readonly Uint8Array[] } {
  const heard: Uint8Array[] = [];
  let terms: ReshareProposal | undefined;
  let dealer: StrangeDealer | undefined;
  let corrupt = 0;
  const network: Network = ({ bytes }) => {
    const message = parsed(bytes);
    if (terms === undefined) throw new Error('no proposal');
    if (dealer === undefined) {
      const { config, members, parent } = must(resharePlan(roster, from.wallet.epoch, terms));
      corrupt = members.find(({ party }) => party === DEALER)?.pid ?? 0;
      dealer = new StrangeDealer(makeFrame(message.sid, config, parent), corrupt);
    }
    const isOwn = message.from === corrupt && message.type === DKG_BROADCAST;
    const round1 = heard.map(parsed).filter(({ round, type }) => type === DKG_BROADCAST && round === 1);
    const unique = [...new Map(round1.map((envelope) => [envelope.from, envelope])).values()];
    const sent =
      isOwn && message.round === 1 ? dealer.round1() : isOwn && message.round === 2 ? dealer.round2(unique) : bytes;
    if (parsed(sent).to === 0) heard.push(sent);
    return sent;
  };
  const { story } = reshare(moot, from, {
    dealers: [1, DEALER],
    network,
    proposal: (body) => {
      terms = body;
      return body;
    },
  });
  return { story, heard };
}

describe('a reshare', () => {
  it('of honest parties shows nothing', () => {
    const { story, wallet } = reshare(moot, from, { dealers: [1, DEALER] });
    expect(wallet).toBeDefined();
    expect(gatherEvidence(seenOf(story, story.rounds))).toEqual([]);
  });

  it('F1: a dealer that deals another key is noticed by all, and proven guilty by the parent certificate', () => {
    const { story, heard } = strangely();
    expect(story.outcomes.map(({ body }) => body.abort?.check).filter((check) => check === 'F1')).toHaveLength(2);
    const found = gatherEvidence(seenOf(story, heard));
    expect(found.map(({ guilt }) => `${guilt.accused} ${guilt.check}`)).toEqual([`party:${DEALER} F1`]);
    const [{ document } = { document: {} as Json }] = found;
    expect(must(judgeEvidence(document, roster))).toMatchObject({ check: 'F1', members: false });
    const { wallet: _, ...without } = document as { readonly [name: string]: Json };
    expect(judgeEvidence(without, roster).ok).toBe(false);
  });
});
