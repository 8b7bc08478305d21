/**
 * A whole moot in memory: n parties and an operator with real keys, a roster that all signed, real policies and
 * judgement, real KEYGEN and SIGN machines, real statements, real transcripts. Only the network and the clock are
 * make-believe, and the pair setups may be dealt, because base OT takes seconds. Everything follows from the label, so
 * two runs give the same bytes.
 */
import { addressOf } from '../../protocol/ceremony/address.ts';
import { approvalDocument } from '../../protocol/ceremony/approval.ts';
import { approvalName } from '../../protocol/ceremony/approval-check.ts';
import { countApprovals } from '../../protocol/ceremony/approval-count.ts';
import { type Close, type CloseBody, signClose } from '../../protocol/ceremony/close.ts';
import { type Signer, signerFromSeed, verify } from '../../protocol/ceremony/ed25519.ts';
import { inputsJson } from '../../protocol/ceremony/inputs.ts';
import { judgeProposal, policyReference } from '../../protocol/ceremony/judgement.ts';
import { type NewKey, type Outcome, type OutcomeBody, signOutcome } from '../../protocol/ceremony/outcome.ts';
import {
  type KeygenProposal,
  type Proposal,
  type SignProposal,
  signProposal,
} from '../../protocol/ceremony/proposal.ts';
import { createRoster, type Roster, type RosterBody, sealRoster, signRoster } from '../../protocol/ceremony/roster.ts';
import { keygenPlan } from '../../protocol/ceremony/run-plan.ts';
import { runSessionId, signSessionId } from '../../protocol/ceremony/session-binding.ts';
import { type Start, type StartBody, signStart } from '../../protocol/ceremony/start.ts';
import { signVerdict, type VerdictBody, type VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { openWallet, type Wallet, walletDocument } from '../../protocol/ceremony/wallet.ts';
import { compareBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { canonicalPolicy } from '../../protocol/policy/canonical.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { type LedgerView, NO_OBLIGATIONS } from '../../protocol/policy/verdict.ts';
import { type DerivedKey, deriveKey } from '../../protocol/threshold/derivation.ts';
import type { KeygenOutput, KeygenRecord } from '../../protocol/threshold/keygen/activation.ts';
import { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import { dealPair } from '../threshold/support/dealer.ts';
import { vec } from '../threshold/support/labels.ts';
import type { Ran } from './bus.ts';
import { type Crew, runKeygen, runSign } from './machines.ts';
import { must, policyFrom } from './must.ts';
import type { MootWallet, Plan, SignPlan, Told } from './plan.ts';
import { closed, type Story } from './story.ts';

export interface MootOptions {
  readonly label?: string;
  readonly parties?: number;
  readonly threshold?: number;
  readonly common: object;
  /** Own policies by party index. */
  readonly own?: ReadonlyMap<number, object>;
  /** Version of the roster; 2 names a previous one. */
  readonly version?: number;
  /** Names of the parties' keys, by index; `1`, `2`, … if absent. The same name under one label is the same party. */
  readonly keys?: readonly string[];
  /** Key holders, by index; `Person 1`, … if absent. The operator is Olivia. */
  readonly persons?: readonly string[];
  /** The moot whose roster this one follows; both have one clock, and a party that stays goes on counting. */
  readonly after?: Moot;
  /** Seconds between announcing a change of keys and doing it. */
  readonly announcement?: number;
}

export class Moot {
  readonly roster: Roster;
  readonly common: Policy;
  readonly #label: string;
  readonly #own: ReadonlyMap<number, Policy>;
  readonly #keys: ReadonlyMap<string, Signer>;
  readonly #counters: Map<string, number>;
  readonly #clock: { time: number; ceremonies: number };

  constructor(options: MootOptions) {
    const { label = 'moot', parties = options.keys?.length ?? 3, threshold = 2, after } = options;
    const version = after === undefined ? (options.version ?? 1) : after.roster.version + 1;
    this.#clock = after === undefined ? { time: 1_795_000_000, ceremonies: 0 } : after.#clock;
    this.#counters = after === undefined ? new Map<string, number>() : after.#counters;
    this.#label = label;
    this.common = policyFrom(options.common);
    this.#own = new Map([...(options.own ?? [])].map(([party, file]) => [party, policyFrom(file)]));
    const indices = Array.from({ length: parties }, (_, i) => i + 1);
    const key = (name: string): Signer => signerFromSeed(vec(`${label}/${name}`));
    const nameOf = (index: number): string => options.keys?.[index - 1] ?? String(index);
    this.#keys = new Map([
      ...indices.map((index) => [`party:${index}`, key(`statement/${nameOf(index)}`)] as const),
      ['operator:olivia', key('operator')],
    ]);
    const body: RosterBody = {
      name: 'moot',
      version,
      ...(version === 1 ? {} : { previous: after?.roster.digest ?? vec(`${label}/previous`) }),
      threshold,
      parties: indices.map((index) => ({
        index,
        name: `party-${nameOf(index)}`,
        person: options.persons?.[index - 1] ?? `Person ${nameOf(index)}`,
        statementKey: this.keyOf(`party:${index}`).publicKey,
        transportKey: key(`transport/${nameOf(index)}`).publicKey,
        addresses: [`/ip4/127.0.0.1/tcp/${9000 + index}`],
      })),
      operators: [
        {
          name: 'olivia',
          person: 'Olivia',
          key: this.keyOf('operator:olivia').publicKey,
          transportKey: key('operator-transport').publicKey,
        },
      ],
      network: vec(`${label}/network`),
      announcement: options.announcement ?? 0,
    };
    let file = must(createRoster(body));
    for (const index of indices) {
      file = signRoster(file, index, this.keyOf(`party:${index}`), key(`transport/${nameOf(index)}`));
    }
    this.roster = must(sealRoster(file));
  }

  get indices(): readonly number[] {
    return this.roster.parties.map((party) => party.index);
  }

  keyOf(member: string): Signer {
    const key = this.#keys.get(member);
    if (key === undefined) throw new Error(`no ${member}`);
    return key;
  }

  /** Unix seconds; every statement takes one. */
  get time(): number {
    return this.#clock.time;
  }

  set time(value: number) {
    this.#clock.time = value;
  }

  now(): number {
    this.time += 1;
    return this.time;
  }

  /** The next statement counter of a party; operators keep none. */
  counter(author: string): number {
    if (!author.startsWith('party:')) return 0;
    const party = toHex(this.keyOf(author).publicKey);
    const next = (this.#counters.get(party) ?? 0) + 1;
    this.#counters.set(party, next);
    return next;
  }

  /** A whole keygen, from the proposal to the closed transcript. */
  keygen(name: string, plan: Plan = {}): Told & { readonly wallet: MootWallet | undefined } {
    const body: KeygenProposal = { ...this.head(), ceremony: 'keygen', wallet: name, exportable: false };
    const proposal = signProposal(body, this.keyOf('operator:olivia'));
    const planned = keygenPlan(this.roster, proposal.digest, body);
    const { cfgHash, walletId } = planned;
    const answers = this.answers(proposal, undefined, plan);
    const start = this.start(proposal, answers.verdicts, this.indices, plan, (consents) =>
      runSessionId(this.roster, proposal, planned, consents),
    );
    const { sessionId } = start.body;
    const ran = runKeygen(this.crew(`keygen/${name}`, plan), { sessionId, cfgHash, walletId });
    const document = [...ran.outputs.values()].map((output) => walletDocument(proposal, output.certificate))[0];
    const outcomes = this.outcomes(proposal, start, plan, (party): Partial<OutcomeBody> => {
      const output = ran.outputs.get(party);
      if (output === undefined || document === undefined) return { abort: abortOf(ran, party) };
      const { epochId, publicKey } = output.epoch;
      const key: NewKey = { walletId, epochId, publicKey, certificate: documentDigest(document) };
      return { key, released: true };
    });
    const documents = [...answers.documents, ...(document === undefined ? [] : [document])];
    const parts = { documents, verdicts: answers.verdicts, rounds: ran.broadcasts, outcomes };
    const story: Story = { roster: this.roster.digest, proposal, withdrawals: [], start, ...parts };
    return { ...this.finish(story, plan), wallet: document === undefined ? undefined : this.holding(document, ran) };
  }

  /** A whole signing or refusal. Without enough consents it ends there, unless the plan insists on its signers. */
  sign(from: MootWallet, plan: SignPlan): Told {
    const { wallet } = from;
    const child = childOf(from, plan.path ?? []);
    const honest: SignProposal = {
      ...this.head(),
      ceremony: 'sign',
      wallet: wallet.name,
      walletId: wallet.walletId,
      epochId: wallet.epochId,
      path: child.path,
      address: addressOf(child.publicKey),
      payload: plan.payload,
    };
    const body = plan.proposal === undefined ? honest : plan.proposal(honest);
    const proposal = signProposal(body, this.keyOf('operator:olivia'));
    const answers = this.answers(proposal, wallet, plan, body.path.length === 0 ? undefined : child.publicKey);
    const documents = [...answers.documents, wallet.document];
    const base = { roster: this.roster.digest, proposal, documents, verdicts: answers.verdicts, withdrawals: [] };
    const consents = answers.verdicts.filter((verdict) => verdict.body.decision === 'consent');
    const required = Math.max(this.roster.threshold, ...consents.map((consent) => consent.body.consents));
    if (consents.length < required && plan.signers === undefined) {
      return this.finish({ ...base, rounds: [], outcomes: [] }, plan);
    }
    const signers = plan.signers ?? consents.slice(0, this.roster.threshold).map((consent) => consent.body.party);
    const start = this.start(proposal, answers.verdicts, signers, plan, (listed, set, digest) =>
      signSessionId(this.roster, { digest: proposal.digest, body }, child.publicKey, set, digest, listed),
    );
    const ran = runSign(this.crew('sign', plan), from, start.body, child.tau);
    const outcomes = this.outcomes(proposal, start, plan, (party): Partial<OutcomeBody> => {
      const output = ran.outputs.get(party);
      const released = ran.records.some((entry) => entry.party === party && entry.record.kind === 'r3-sent');
      if (output === undefined) return { abort: abortOf(ran, party), released };
      const { r, s, recid } = output.signature;
      return { signature: { r, s, recovery: recid }, released };
    });
    return this.finish({ ...base, start, rounds: ran.broadcasts, outcomes }, plan);
  }

  /** Puts a story into a transcript and lets people close it. */
  finish(told: Story, plan: Plan = {}): Told {
    const story = plan.story === undefined ? told : plan.story(told);
    const results = story.outcomes.filter(({ body }) => body.abort === undefined);
    const done = story.start !== undefined && results.length >= story.start.body.signers.length;
    const lines = closed(story, {
      ending: plan.ending ?? (story.start === undefined ? 'refused' : done ? 'completed' : 'aborted'),
      authors: plan.authors ?? this.indices.map((index) => `party:${index}`),
      close: (body) => this.close(body),
      counter: (author) => this.counter(author),
      now: () => this.now(),
      entries: plan.entries,
      body: plan.close,
    });
    return { story, lines };
  }

  close(body: CloseBody): Close {
    return signClose(body, this.keyOf(body.author));
  }

  crew(what: string, plan: Plan): Crew {
    const label = plan.random ?? `${this.#label}/${what}/${this.#clock.ceremonies}`;
    return { roster: this.roster, keyOf: (member) => this.keyOf(member), label, network: plan.network };
  }

  /** The head of the next proposal. */
  head(): Omit<KeygenProposal, 'ceremony' | 'wallet' | 'exportable'> {
    this.#clock.ceremonies += 1;
    const created = this.now();
    return {
      roster: this.roster.digest,
      initiator: 'olivia',
      nonce: vec(`${this.#label}/nonce/${this.#clock.ceremonies}`, 16).slice(0, 16),
      attempt: 1,
      created,
      expires: created + 3600,
      note: 'monthly payment',
    };
  }

  /** Every party judges for itself. Who must decide by hand says yes. */
  answers(proposal: Proposal, wallet: Wallet | undefined, plan: Plan, childKey?: Uint8Array): Answers {
    const documents = new Map<string, Json>();
    const add = (document: Json): void => {
      documents.set(JSON.stringify(document), document);
    };
    const said = plan.approvals?.(proposal, this.common, this.now()) ?? [];
    const verdicts = this.indices.flatMap((party): readonly VerdictStatement[] => {
      const common = plan.policy === undefined ? this.common : plan.policy(party);
      const own = this.#own.get(party);
      const created = this.now();
      const seen = { now: created, observed: plan.observed?.(party) ?? [] };
      const ledger = plan.ledger?.(party) ?? UNUSED;
      const context = { roster: this.roster, wallet, childKey, common, own, inputs: seen, ledger };
      const judged = judgeProposal(proposal, context);
      const inputs = judged.limits.length === 0 ? seen : { ...seen, limits: judged.limits };
      const count = countApprovals(judged.obligations ?? NO_OBLIGATIONS, common, this.roster, 'olivia', said, created);
      if (!count.satisfied) return [];
      const honest: VerdictBody = {
        proposal: proposal.digest,
        attempt: proposal.body.attempt,
        party,
        decision: judged.judgement === 'deny' ? 'reject' : 'consent',
        reading: judged.reading,
        commonPolicy: policyReference(common),
        ...(own === undefined ? {} : { ownPolicy: policyReference(own) }),
        judgement: judged.judgement,
        byHand: judged.judgement === 'require' && judged.obligations?.holder !== false,
        consents: judged.consents,
        rejections: judged.rejections,
        rules: judged.rules,
        reasons: judged.reasons,
        risks: judged.risks,
        trace: judged.trace,
        obligations: judged.obligations,
        ...(count.used.length === 0 ? {} : { approvals: count.used.map(approvalName).sort(compareBytes) }),
        inputs: documentDigest(inputsJson(inputs)),
        claimedSoftware: 'keymoot test',
        counter: this.counter(`party:${party}`),
        nonce: vec(`${this.#label}/answer/${this.#clock.ceremonies}/${party}`).slice(0, 16),
        created,
        expires: Math.min(created + 600, count.until),
      };
      const body = plan.answer === undefined ? honest : plan.answer(honest);
      if (body === undefined) return [];
      add(inputsJson(inputs));
      add(canonicalPolicy(common));
      if (own !== undefined) add(canonicalPolicy(own));
      for (const approval of count.used) add(approvalDocument(approval));
      return [signVerdict(body, this.keyOf(`party:${party}`))];
    });
    return { verdicts, documents: [...documents.values()] };
  }

  start(
    proposal: Proposal,
    verdicts: readonly VerdictStatement[],
    signers: readonly number[],
    plan: Plan,
    bind: (consents: readonly VerdictStatement[], signers: readonly number[], digest: Uint8Array) => Uint8Array,
  ): Start {
    const standing = (party: number): StartBody['standings'][number] => {
      const verdict = verdicts.find(({ body }) => body.party === party);
      if (verdict === undefined) return { party, answer: 'unreachable' };
      return { party, answer: verdict.body.decision, verdict: verdict.digest };
    };
    const composed: StartBody = {
      proposal: proposal.digest,
      attempt: proposal.body.attempt,
      composer: 'operator:olivia',
      created: this.now(),
      signers,
      standings: this.indices.map(standing),
      digest: verdicts.find(({ body }) => body.decision === 'consent')?.body.reading?.digest ?? new Uint8Array(32),
      sessionId: new Uint8Array(32),
    };
    const body = plan.composing === undefined ? composed : plan.composing(composed);
    const consents = verdicts.filter(({ body: { party } }) =>
      body.standings.some((item) => item.party === party && item.answer === 'consent'),
    );
    const bound = { ...body, sessionId: bind(consents, body.signers, body.digest) };
    return signStart(plan.composed === undefined ? bound : plan.composed(bound), this.keyOf('operator:olivia'));
  }

  outcomes(
    proposal: Proposal,
    start: Start,
    plan: Plan,
    result: (party: number) => Partial<OutcomeBody>,
  ): readonly Outcome[] {
    return start.body.signers.flatMap((party) => {
      const honest: OutcomeBody = {
        proposal: proposal.digest,
        attempt: proposal.body.attempt,
        party,
        sessionId: start.body.sessionId,
        released: false,
        unicasts: [],
        counter: this.counter(`party:${party}`),
        created: this.now(),
        ...result(party),
      };
      const body = plan.outcome === undefined ? honest : plan.outcome(honest);
      return body === undefined ? [] : [signOutcome(body, this.keyOf(`party:${party}`))];
    });
  }

  /** The wallet of this roster that a run made, with the shares of all its holders. */
  holding(document: Json, ran: Ran<KeygenOutput, KeygenRecord>): MootWallet {
    const wallet = must(openWallet(document, this.roster));
    const shares = new Map(
      ran.records.flatMap(({ record }) =>
        record.kind === 'prepared' ? [[record.keyshare.index, record.keyshare] as const] : [],
      ),
    );
    const identityKey = (_epoch: Uint8Array, peer: number): Uint8Array | undefined =>
      this.roster.parties.find((party) => party.index === peer)?.statementKey;
    const pairs = new Map(this.indices.map((index) => [index, new PairStore({ identityKey, verify })]));
    return { wallet, shares, pairs };
  }
}

/** The key of a path, as any of the parties derives it. */
export function childOf({ shares, wallet }: MootWallet, path: readonly number[]): DerivedKey {
  const [share] = shares.values();
  if (share === undefined) throw new Error('nobody holds a share');
  return share.chainCode.use((chainCode) => must(deriveKey({ publicKey: wallet.publicKey, chainCode }, path)));
}

/** Pair setups between all parties, dealt by one hand instead of base OT. */
export function dealPairs(moot: Moot, { wallet, pairs }: MootWallet): void {
  for (const i of moot.indices) {
    for (const j of moot.indices) {
      if (i >= j) continue;
      for (const [index, { setup }] of dealPair(wallet.epochId, i, j, 'moot/')) {
        pairs.get(index)?.prepare({ setup, pack: new Uint8Array(0), active: true }, 0);
      }
    }
  }
}

/** Nothing was spent before. */
const UNUSED: LedgerView = () => ({ used: 0n, entries: 0 });

export interface Answers {
  readonly verdicts: readonly VerdictStatement[];
  readonly documents: readonly Json[];
}

export function abortOf(ran: Ran<unknown, unknown>, party: number): NonNullable<OutcomeBody['abort']> {
  const abort = ran.aborts.get(party);
  if (abort === undefined) return { failure: 'BENIGN', check: 'timeout', culprits: [] };
  return { failure: abort.failure, check: abort.check, culprits: abort.culprits };
}
