/**
 * What approvers have said: checked against this node's own reading and policy before anything rests on it, written
 * down, passed on once to every other party. As a gate it holds an answer back until people have approved, and turns
 * it into a rejection when they refuse.
 */
import type { RecordLog } from '../../proto/rest/record-log.ts';
import { duration } from '../../protocol/ceremony/announcement.ts';
import { APPROVAL_DOCUMENT, APPROVAL_SCHEMA, type Approval, openApproval } from '../../protocol/ceremony/approval.ts';
import { type ApprovalContext, approvalFault, approvalName } from '../../protocol/ceremony/approval-check.ts';
import { type ApprovalCount, countApprovals } from '../../protocol/ceremony/approval-count.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Judgement } from '../../protocol/ceremony/judgement.ts';
import { type Envelope, parseEnvelope, shortName } from '../../protocol/ceremony/statement.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { read } from '../../protocol/common/schema.ts';
import type { Gate } from '../ceremonies/gate.ts';
import type { NodeContext } from '../context.ts';
import { LOG_APPROVAL } from '../home.ts';
import { checkConsents } from './consents.ts';

export type StoreNode = Pick<
  NodeContext,
  'book' | 'clock' | 'documents' | 'members' | 'note' | 'policies' | 'roster' | 'wallets'
>;

export interface ApprovalStoreOptions {
  readonly node: StoreNode;
  readonly log: RecordLog;
  /** Envelopes that the log held when the home was opened. */
  readonly kept: readonly Uint8Array[];
  /** What this node makes of a proposal at this moment. */
  readonly judge: (entry: BookEntry, now: number) => Judgement;
  /** Told of every proposal about which something new is known; runs inside the exchange's turn. */
  readonly changed: (entry: BookEntry) => Promise<void>;
}

/** Statements of one approver about one proposal: an honest one makes two or three. */
const MAX_SAID = 8;
/** Of one approver: statements that came too early. */
const MAX_EARLY = 8;

interface SetAside {
  readonly approver: string;
  readonly envelope: Envelope;
  /** Who brought it. */
  readonly from: string;
  readonly refuses: boolean;
}

export class ApprovalStore implements Gate {
  readonly #options: ApprovalStoreOptions;
  /** By proposal, then by digest of the statement. */
  readonly #said = new Map<string, Map<string, Approval>>();
  /** By the digest that consents name. */
  readonly #byName = new Map<string, Approval>();
  /** Came before their proposal, or before this node's next policy; by proposal and statement, oldest first. */
  readonly #early = new Map<string, SetAside>();

  constructor(options: ApprovalStoreOptions) {
    this.#options = options;
    const policy = options.node.policies.common;
    for (const bytes of options.kept) {
      const envelope = parseEnvelope(bytes);
      const approval = envelope.ok && policy !== undefined ? openApproval(envelope.value, policy) : undefined;
      if (approval?.ok) this.#keep(approval.value);
    }
  }

  /** Everything that approvers have said about it, refusals too, as far as it was valid when it came. */
  of(proposal: Uint8Array): readonly Approval[] {
    return [...(this.#said.get(toHex(proposal))?.values() ?? [])];
  }

  /** By the digest that a consent names it by. */
  byDigest(name: Uint8Array): Approval | undefined {
    return this.#byName.get(toHex(name));
  }

  /**
   * What an approver said, from itself, from another party or from a file. Call it inside `exclusively`.
   *
   * @returns the approval, or why it is worth nothing here
   */
  async receive(envelope: Envelope, from: string): Promise<Result<Approval, VerdictReason>> {
    const { book, clock, members, note, policies } = this.#options.node;
    const policy = policies.common;
    if (policy === undefined) return refused('NO_COMMON_POLICY', 'this party has adopted no common policy');
    const opened = openApproval(envelope, policy);
    if (!opened.ok) return refused(opened.error.code, opened.error.message);
    const approval = opened.value;
    if (this.#isKnown(approval)) {
      this.#alsoNamed(approval);
      return ok(approval);
    }
    const entry = book.get(approval.body.proposal);
    if (entry === undefined) {
      this.#setAside(approval, envelope, from);
      return refused('APPROVAL_EARLY', 'no such proposal is known here yet');
    }
    const own = this.of(approval.body.proposal).filter(({ body }) => body.approver === approval.body.approver);
    // Whoever has stolen its key must not use up what it may say before it says no.
    const isFirstRefusal = isRefusal(approval) && !own.some(isRefusal);
    if (own.length >= MAX_SAID && !isFirstRefusal)
      return refused('APPROVAL_FLOOD', `${approval.body.approver} has said enough about it`);
    const now = clock.now();
    const context = this.#contextOf(entry, this.#options.judge(entry, now));
    if (context === undefined) return refused('APPROVAL_FOREIGN', 'this node cannot read what it is about');
    const fault = approvalFault(approval, context, now);
    if (fault !== undefined) {
      note(fault.code, `approval from ${from} about ${shortName(approval.body.proposal)}: ${fault.detail}`);
      // The approver may have heard of a version sooner than this node: it is looked at again under the next one.
      if (fault.code === 'APPROVAL_POLICY') this.#setAside(approval, envelope, from);
      return err(fault);
    }
    await this.#options.log.append({ at: now, kind: LOG_APPROVAL, bytes: envelope.bytes });
    this.#keep(approval);
    const frame = { kind: 'statement', envelope: envelope.bytes } as const;
    void members().sendAll(frame, (member) => member !== from && hears(member));
    await this.#options.changed(entry);
    return ok(approval);
  }

  /** The same as a document, which a party sends that was asked for what its consent names. */
  async document(json: Json, from: string): Promise<void> {
    const document = read(APPROVAL_DOCUMENT, json);
    if (document.ok) await this.receive(document.value.statement, from);
  }

  /** A proposal has come: whatever was said about it before is taken in now. */
  async proposed({ ceremony: { proposal } }: BookEntry): Promise<void> {
    await this.#takeUp(`${toHex(proposal.digest)}/`);
  }

  /** Another version of the common policy is in force: what was said under it may have come before. */
  async policyChanged(): Promise<void> {
    await this.#takeUp('');
  }

  async #takeUp(prefix: string): Promise<void> {
    for (const [name, { envelope, from }] of [...this.#early]) {
      if (!name.startsWith(prefix)) continue;
      this.#early.delete(name);
      await this.receive(envelope, from);
    }
  }

  /** A verdict has come: approvals that it names and that are not here are asked for. */
  async verdict({ ceremony }: BookEntry, party: number): Promise<void> {
    const named = ceremony.verdicts.get(party)?.body.approvals ?? [];
    await this.#want(
      party,
      named.filter((name) => this.byDigest(name) === undefined),
    );
  }

  /** What a member that has just connected may have missed. */
  async greet(member: string): Promise<void> {
    if (!hears(member)) return;
    const { book, clock, members } = this.#options.node;
    for (const { ceremony } of book.entries()) {
      if (ceremony.proposal.body.expires <= clock.now()) continue;
      for (const { envelope } of this.of(ceremony.proposal.digest)) {
        await members().send(member, { kind: 'statement', envelope: envelope.bytes });
      }
    }
  }

  /** How far it is approved; undefined if no group is asked. */
  count(entry: BookEntry, judgement: Judgement, now: number): ApprovalCount | undefined {
    const { policies, roster } = this.#options.node;
    const { obligations } = judgement;
    const policy = policies.common;
    if (obligations === undefined || obligations.groups.length === 0 || policy === undefined) return undefined;
    const { digest, body } = entry.ceremony.proposal;
    const context = this.#contextOf(entry, judgement);
    if (context === undefined) return undefined;
    const valid = this.of(digest).filter((approval) => approvalFault(approval, context, now) === undefined);
    return countApprovals(obligations, policy, roster, body.initiator, valid, now);
  }

  hold(entry: BookEntry, judgement: Judgement, now: number): VerdictReason | undefined {
    if (judgement.judgement !== 'require' || judgement.obligations === undefined) return undefined;
    const { delaySec } = judgement.obligations;
    const { created, seen } = entry.ceremony.announced;
    const end = Math.max(created, seen) + delaySec;
    const count = this.count(entry, judgement, now);
    if (count?.rejected) return undefined;
    if (delaySec > 0 && now < end) {
      return { code: 'APPROVAL_DELAY', detail: `nobody consents for another ${duration(end - now)}` };
    }
    if (count?.satisfied === true) return undefined;
    if (count === undefined) {
      if (judgement.obligations.groups.length === 0) return undefined;
      return { code: 'APPROVALS_MISSING', detail: 'this node cannot count approvals of what it cannot read' };
    }
    const lacks = count.missing.map(({ group, have, need }) => {
      return `${have.length} of ${need} of group ${group}${have.length === 0 ? '' : ` (${have.join(', ')})`}`;
    });
    return { code: 'APPROVALS_MISSING', detail: `approvals so far: ${lacks.join('; ')}` };
  }

  veto(entry: BookEntry, judgement: Judgement, now: number): VerdictReason | undefined {
    const count = this.count(entry, judgement, now);
    if (count?.rejected !== true) return undefined;
    return { code: 'APPROVER_REJECTED', detail: `refused by ${count.refusing.join(', ')}` };
  }

  mayContinue(entry: BookEntry): true | { readonly reason: string } {
    const { start, verdicts } = entry.ceremony;
    const listed = (start?.body.standings ?? []).flatMap(({ answer, party }) => {
      const verdict = verdicts.get(party);
      return answer === 'consent' && verdict !== undefined ? [verdict] : [];
    });
    const checked = checkConsents(this.#options.node, this, entry, listed);
    return checked.ok ? true : { reason: checked.error.detail };
  }

  /** Asks a party for approvals that its consent names. */
  async #want(party: number, digests: readonly Uint8Array[]): Promise<void> {
    if (digests.length === 0) return;
    await this.#options.node.members().send(`party:${party}`, { kind: 'want', digests: [...digests] });
  }

  #contextOf(entry: BookEntry, { decoded, reading }: Judgement): ApprovalContext | undefined {
    const { policies, roster } = this.#options.node;
    const policy = policies.common;
    if (policy === undefined || reading === undefined || decoded === undefined) return undefined;
    return { roster, proposal: entry.ceremony.proposal, reading, chainId: decoded.chainId, policy };
  }

  #isKnown({ body, digest }: Approval): boolean {
    return this.#said.get(toHex(body.proposal))?.has(toHex(digest)) === true;
  }

  #keep(approval: Approval): void {
    const name = toHex(approval.body.proposal);
    const said = this.#said.get(name) ?? new Map<string, Approval>();
    this.#said.set(name, said.set(toHex(approval.digest), approval));
    this.#byName.set(toHex(approvalName(approval)), approval);
  }

  /** A security key signs the same words differently each time: one statement, several documents that consents name. */
  #alsoNamed(approval: Approval): void {
    const same = [...this.#byName.values()].filter(({ digest }) => equalBytes(digest, approval.digest));
    if (same.length < MAX_SAID) this.#byName.set(toHex(approvalName(approval)), approval);
  }

  /** Of each approver the latest few, so that nobody can push out what others have said. */
  #setAside({ body, digest }: Approval, envelope: Envelope, from: string): void {
    const { approver } = body;
    const refuses = body.decision !== 'approve';
    this.#early.set(`${toHex(body.proposal)}/${toHex(digest)}`, { approver, envelope, from, refuses });
    const own = [...this.#early].filter(([, other]) => other.approver === approver);
    // A refusal goes last, for the same reason as above.
    const [oldest = own[0]] = own.filter(([, other]) => !other.refuses);
    if (own.length > MAX_EARLY && oldest !== undefined) this.#early.delete(oldest[0]);
  }
}

/** Whether a document is one that `document` takes. */
export function isApproval(json: Json): boolean {
  return typeof json === 'object' && !Array.isArray(json) && (json as { schema?: Json }).schema === APPROVAL_SCHEMA;
}

function isRefusal({ body }: Approval): boolean {
  return body.decision !== 'approve';
}

/** Operators are shown approvals beside the consents that name them, not before. */
function hears(member: string): boolean {
  return member.startsWith('party:') || member.startsWith('approver:');
}

function refused(code: string, detail: string): Result<never, VerdictReason> {
  return err({ code, detail });
}
