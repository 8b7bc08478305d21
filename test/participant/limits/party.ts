/** Party 1 of the trio with a real journal, ledger and settlements; only its network and its clock are make-believe. */
import type { LimitsNode } from '../../../participant/limits/limits.ts';
import { Limits } from '../../../participant/limits/limits.ts';
import { LOG_SETTLEMENT } from '../../../participant/limits/settlements.ts';
import { CeremonyBook } from '../../../protocol/ceremony/book.ts';
import type { Judgement } from '../../../protocol/ceremony/judgement.ts';
import type { Proposal } from '../../../protocol/ceremony/proposal.ts';
import { openSettlement, signSettlement } from '../../../protocol/ceremony/settlement.ts';
import { parseEnvelope, type Statement } from '../../../protocol/ceremony/statement.ts';
import { signVerdict, type VerdictBody, type VerdictStatement } from '../../../protocol/ceremony/verdict-statement.ts';
import { fromHex, toHex } from '../../../protocol/common/bytes.ts';
import type { Address } from '../../../protocol/payload/address.ts';
import type { Assessment } from '../../../protocol/payload/risk/assess.ts';
import { judge } from '../../../protocol/policy/judge.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import { Questions } from '../../../protocol/policy/usage.ts';
import { answer, keyOf, NOW, propose, ROSTER, signingBody } from '../../ceremony/support/members.ts';
import { limitsOf } from '../../policy/support/desk.ts';
import { ALICE, transaction, WALLET } from '../../policy/support/payloads.ts';
import { must } from '../../support/must.ts';
import { vec } from '../../threshold/support/labels.ts';
import { type Opened, openJournal, reopenJournal } from '../journal/samples.ts';

export const WALLET_ID: Uint8Array = vec('members/wallet');

/** At most so much in a day. */
export function dayLimit(max: bigint): Policy {
  return limitsOf([{ id: 'day', measure: 'amount', asset: 'ETH', windowSec: 86_400, max: String(max) }]);
}

let nonces = 0n;

export function accountOf(address: Address): Uint8Array {
  return fromHex(address.slice(2)) ?? new Uint8Array();
}

export function payment(value: bigint): Assessment {
  nonces += 1n;
  return transaction({ to: ALICE, value, nonce: nonces });
}

export function proposalOf(payload: Assessment, changes: object = {}): Proposal {
  return propose(signingBody({ payload: payload.decoded.payload, address: accountOf(WALLET), ...changes }));
}

function addressOf({ body }: Proposal): Uint8Array {
  return body.ceremony === 'sign' ? body.address : new Uint8Array();
}

export class Party {
  readonly index: number;
  readonly opened: Opened;
  readonly book: CeremonyBook = new CeremonyBook(ROSTER);
  readonly limits: Limits;
  readonly log: Uint8Array[];
  readonly sent: Uint8Array[] = [];
  readonly notes: string[] = [];
  readonly timers: { readonly at: number; readonly action: () => void }[] = [];
  now = NOW;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(index: number, opened: Opened, policy: Policy, log: readonly Uint8Array[]) {
    this.index = index;
    this.opened = opened;
    this.log = [...log];
    const clock = {
      now: () => this.now,
      monotonic: () => this.now * 1000,
      after: (milliseconds: number, action: () => void) => {
        const timer = { at: this.now + milliseconds / 1000, action };
        this.timers.push(timer);
        return () => void this.timers.splice(this.timers.indexOf(timer) >>> 0, 1);
      },
    };
    const node = {
      book: this.book,
      clock,
      exchange: {
        exclusively: async <T>(action: () => Promise<T>): Promise<T> => await this.exclusively(action),
        keep: async (kind: string, bytes: Uint8Array) => {
          if (kind === LOG_SETTLEMENT) this.log.push(bytes);
        },
      },
      journal: opened.journal,
      members: () => ({
        send: async () => undefined,
        sendAll: async (frame: { readonly envelope: Uint8Array }) => void this.sent.push(frame.envelope),
      }),
      note: (code: string) => void this.notes.push(code),
      policies: { common: policy, own: undefined },
      roster: ROSTER,
      self: index,
      signer: keyOf(`party:${index}`),
    } as unknown as LimitsNode;
    this.policy = policy;
    this.limits = new Limits(node, log);
  }

  readonly policy: Policy;

  static async open(policy: Policy, index = 1, seed = index): Promise<Party> {
    return new Party(index, await openJournal(undefined, undefined, seed), policy, []);
  }

  /** The same home in a later process. @param log what is left of the log; all of it if absent */
  async restarted(log: readonly Uint8Array[] = this.log): Promise<Party> {
    const later = new Party(this.index, await reopenJournal(this.opened), this.policy, log);
    for (const { ceremony } of this.book.entries()) {
      const { outcomes, proposal, verdicts, withdrawals } = ceremony;
      later.hears(proposal, ...verdicts.values(), ...withdrawals.values(), ...outcomes.values());
    }
    return later;
  }

  hears(...statements: readonly Statement<unknown>[]): void {
    for (const { envelope } of statements) must(this.book.apply(envelope, NOW));
  }

  /** Judges as the node does, by what is charged now. */
  judge(proposal: Proposal, payload: Assessment): Judgement {
    const questions = new Questions(this.limits.view(proposal));
    const verdict = judge({
      assessment: payload,
      wallet: { name: 'treasury', address: `0x${toHex(addressOf(proposal))}`, threshold: 2, parties: 3 },
      initiator: proposal.body.initiator,
      now: this.now,
      common: this.policy,
      ledger: questions.ask,
    });
    const { decision, consents, rejections } = verdict;
    const reading = { digest: payload.decoded.digest, tree: vec('members/tree') };
    const said = { judgement: decision, consents, rejections, rules: [], reasons: [], risks: [] };
    return { ...said, reading, limits: questions.rows(), verdict };
  }

  /** Records the answer that follows from a judgement: `consent`, `reject`, or the code of a refusal. */
  async record(proposal: Proposal, judgement: Judgement, changes: Partial<VerdictBody> = {}): Promise<string> {
    const entry = this.book.get(proposal.digest);
    if (entry === undefined) throw new Error('not in the book');
    const decision = judgement.judgement === 'deny' ? 'reject' : 'consent';
    const counter = await this.opened.journal.nextCounter();
    const statement = this.says(proposal, {
      ...{ decision, reading: judgement.reading, counter, created: this.now, expires: this.now + 600 },
      ...changes,
    });
    const done = await this.limits.record(statement, entry, judgement);
    if (!done.ok) return done.error.code;
    this.hears(statement);
    return decision;
  }

  /** Hears of it, judges and answers. */
  async answers(proposal: Proposal, payload: Assessment): Promise<string> {
    if (this.book.get(proposal.digest) === undefined) this.hears(proposal);
    return await this.record(proposal, this.judge(proposal, payload));
  }

  says(proposal: Proposal, changes: Partial<VerdictBody>): VerdictStatement {
    return signVerdict({ ...answer(proposal, this.index).body, ...changes }, keyOf(`party:${this.index}`));
  }

  async note(proposal: Proposal): Promise<void> {
    const entry = this.book.get(proposal.digest);
    if (entry !== undefined) await this.exclusively(() => this.limits.note(entry));
  }

  /** The settlement of another party comes in. */
  async settledBy(proposal: Proposal, party: number): Promise<void> {
    const { attempt } = proposal.body;
    const said = signSettlement(
      { proposal: proposal.digest, attempt, party, created: this.now },
      keyOf(`party:${party}`),
    );
    await this.receive(said.envelope.bytes, party);
  }

  async receive(bytes: Uint8Array, party: number): Promise<void> {
    const envelope = must(parseEnvelope(bytes));
    await this.exclusively(() => this.limits.receive(envelope, `party:${party}`));
  }

  /** Own settlements that were sent; those of others are passed on, too. */
  get said(): number {
    return this.sent.filter(
      (bytes) => must(openSettlement(must(parseEnvelope(bytes)), ROSTER)).body.party === this.index,
    ).length;
  }

  /** What the day limit says is used up. */
  get used(): bigint {
    const { ledger } = this.opened.journal.state;
    const need = { layer: 'common', limit: 'day', bucket: 'wallet=treasury', charge: 0n } as const;
    return ledger.view(this.now, { common: this.policy })(need)?.used ?? -1n;
  }

  async exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return await done;
  }
}
