/**
 * How the common policy changes at a node, and how wallets stop (docs/governance.md). Signed versions come from peers or
 * from the key holder's hand; what narrows takes effect at once, what widens waits and can be vetoed. A file that is
 * refused changes nothing: the last good version stays in force, and `status` says what was refused.
 */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Judgement } from '../../protocol/ceremony/judgement.ts';
import { type Admitted, admitPolicy, contentFault } from '../../protocol/ceremony/policy-chain.ts';
import {
  openPolicyVeto,
  type PolicyVeto,
  readAnnouncement,
  signPolicyVeto,
} from '../../protocol/ceremony/policy-version.ts';
import type { ProposalBody } from '../../protocol/ceremony/proposal.ts';
import { type Envelope, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import type { PolicyReference, VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument, KeymootError, Refusal } from '../../protocol/common/errors.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { Gate } from '../ceremonies/gate.ts';
import type { NodeContext } from '../context.ts';
import { LOG_GOVERNANCE } from '../home.ts';
import type { PolicyScope } from '../policies.ts';
import { announcedDigest } from './announcements.ts';
import { type FreezeRow, Freezes, isFreeze } from './freezes.ts';
import { type PendingPolicy, type Placed, parentName, shortDigest, Versions, versionName } from './versions.ts';

export type GovernanceNode = Pick<
  NodeContext,
  'book' | 'clock' | 'exchange' | 'journal' | 'members' | 'note' | 'policies' | 'random' | 'roster' | 'self' | 'signer'
>;

export interface GovernanceOptions {
  readonly node: GovernanceNode;
  /** Envelopes that the log held when the home was opened. */
  readonly kept: readonly Uint8Array[];
  /** Why this node's clock is not to be relied on, if so: then nothing that has to wait begins or ends to wait. */
  readonly doubt?: (() => VerdictReason | undefined) | undefined;
  /** Told, inside the exchange's turn, when another policy is in force or something is frozen or free. */
  readonly changed: (what: 'policy' | 'freeze') => Promise<void>;
}

/** A version that this node did not take, and why; the one in force stays. */
export interface PolicyRefusal {
  /** Absent if it could not even be read. */
  readonly digest?: Uint8Array | undefined;
  readonly from: string;
  readonly code: string;
  readonly message: string;
  readonly at: number;
}

/** Versions of one member that came before their parents. */
const MAX_EARLY = 4;
/** Seconds after which waiting versions are looked at again at the latest; clocks of machines are set now and then. */
const LOOK_AGAIN = 600;
/** Vetoes of one author. */
const MAX_VETOES = 256;

export class Governance implements Gate {
  readonly #options: GovernanceOptions;
  readonly #versions: Versions;
  readonly #freezes: Freezes;
  readonly #vetoes = new Map<string, PolicyVeto>();
  /** By digest: their parents have been asked for. */
  readonly #early = new Map<string, { readonly policy: Policy; readonly from: string }>();
  #refusal: PolicyRefusal | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: GovernanceOptions) {
    this.#options = options;
    this.#versions = new Versions(options.node);
    this.#freezes = new Freezes(options.node);
    for (const bytes of options.kept) {
      const envelope = parseEnvelope(bytes);
      if (!envelope.ok || this.#freezes.replay(envelope.value)) continue;
      const veto = this.#openVeto(envelope.value);
      if (veto !== undefined) this.#vetoes.set(toHex(veto.digest), veto);
    }
  }

  /** Takes up what waited when the last process ended; before anybody can show it again. */
  async start(): Promise<void> {
    await this.#versions.restore();
    await this.#options.node.exchange.exclusively(() => this.#advance());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** What its admins have signed and is not in force yet. */
  pending(): readonly (PendingPolicy & { readonly waits: number })[] {
    return this.#versions.pending().map((item) => ({ ...item, waits: this.#versions.waitsFor(item) }));
  }

  freezes(): readonly FreezeRow[] {
    return this.#freezes.rows();
  }

  lastRefusal(): PolicyRefusal | undefined {
    return this.#refusal;
  }

  // Gate

  hold({ ceremony: { proposal } }: BookEntry, _judgement: Judgement, _now: number): VerdictReason | undefined {
    if (!usesKey(proposal.body)) return undefined;
    if (this.#isFrozen(proposal.body)) {
      return { code: 'WALLET_FROZEN', detail: 'the wallet is frozen; it is answered when it is let go again' };
    }
    const known = this.#options.node.policies.common?.document.version ?? 0;
    const said = this.#highestSaid();
    if (said <= known) return undefined;
    const detail = `this party has answered by version ${said} of its policy and knows version ${known}; its disk is older`;
    return { code: 'POLICY_ROLLED_BACK', detail };
  }

  /** A consent under a policy that is in force no longer is taken back. */
  veto({ ceremony }: BookEntry, _judgement: Judgement, _now: number): VerdictReason | undefined {
    const { policies, self } = this.#options.node;
    const own = ceremony.verdicts.get(self)?.body;
    if (ceremony.proposal.body.ceremony !== 'sign' || own?.decision !== 'consent') return undefined;
    if (isOf(policies.common, own.commonPolicy) && isOf(policies.own, own.ownPolicy)) return undefined;
    return { code: 'POLICY_CHANGED', detail: 'the policy was changed after the consent' };
  }

  mayContinue({ ceremony: { proposal } }: BookEntry, _now: number): true | { readonly reason: string } {
    return usesKey(proposal.body) && this.#isFrozen(proposal.body) ? { reason: 'the wallet is frozen' } : true;
  }

  // Statements and documents of others; call these inside `exclusively`.

  /** A veto, a freeze or a thaw. @returns whether it was new */
  async receive(envelope: Envelope, from: string): Promise<boolean> {
    const { note } = this.#options.node;
    switch (envelope.type) {
      case 'keymoot.policy-veto.v1': {
        const veto = this.#openVeto(envelope);
        if (veto === undefined) note('STATEMENT_SIGNATURE', `${from} sent a veto by nobody who may veto`);
        return veto !== undefined && (await this.#takeVeto(veto, from));
      }
      case 'keymoot.freeze.v1':
      case 'keymoot.thaw.v1':
        return await this.#takeFreeze(envelope, from);
      default:
        note('STATEMENT_UNEXPECTED', `${from} sent a ${envelope.type} statement by itself`);
        return false;
    }
  }

  /** A version of the common policy. @returns whether it was new and admitted */
  async offered(document: Json, from: string): Promise<boolean> {
    const digest = announcedDigest(document);
    // Whoever connects shows what is in force: no need to read it again.
    if (digest !== undefined && this.#versions.isHere(digest)) return false;
    const policy = readAnnouncement(document);
    if (!policy.ok) {
      const { code, field, message } = policy.error;
      this.#refuse({ code, from, message: field === '' ? message : `${field}: ${message}` });
      return false;
    }
    // Where no admins are named, nobody but the key holder adopts.
    if (this.#options.node.policies.common?.document.admin === undefined) return false;
    return (await this.#place(policy.value, from)) === 'added';
  }

  /** What a member that asks for this name should get. */
  async wanted(name: Uint8Array): Promise<Json | undefined> {
    return await this.#versions.byName(name);
  }

  /** Whoever connects hears what it may have missed; vetoes before the versions that they stop. */
  async greet(member: string): Promise<void> {
    const { members } = this.#options.node;
    const said = [...this.#freezes.statements(), ...[...this.#vetoes.values()].map(({ envelope }) => envelope)];
    for (const { bytes } of said) await members().send(member, { kind: 'statement', envelope: bytes });
    for (const document of this.#versions.announcements()) {
      await members().send(member, { kind: 'document', content: canonicalBytes(document) });
    }
  }

  // The key holder's commands; each waits for its turn by itself.

  /**
   * Adopts a policy that the key holder gives: at once where that is a matter of hand, else as its admins have signed it
   * and after its time.
   */
  async adopt(
    scope: PolicyScope,
    text: string,
  ): Promise<{ readonly policy: Policy; readonly pending?: PendingPolicy }> {
    const { clock, exchange, policies, roster } = this.#options.node;
    return await exchange.exclusively(async () => {
      try {
        const policy = policies.preview(scope, text);
        if (scope === 'common' && policies.common?.document.admin !== undefined) {
          const placed = await this.#place(policy, 'hand');
          if (typeof placed !== 'string') throw new Refusal(placed.code, placed.detail);
          const doubt = placed === 'untimed' ? this.#options.doubt?.() : undefined;
          if (doubt !== undefined) throw new Refusal(doubt.code, doubt.detail);
          if (placed === 'early') {
            throw new Refusal('POLICY_PARENT', 'its parent is not known here; give the versions in between first');
          }
          const pending = this.#versions.pending().find((item) => sameDigest(item.policy, policy));
          return { policy, ...(pending === undefined ? {} : { pending }) };
        }
        const now = clock.now();
        const admitted = scope === 'common' ? admitPolicy(policies.common, policy, roster, now) : undefined;
        const fault = admitted?.ok === false ? admitted.error : contentFault(policy, roster);
        if (fault !== undefined) throw new Refusal(fault.code, fault.detail);
        await this.#enforce(scope, policy);
        return { policy };
      } catch (error) {
        if (error instanceof KeymootError) this.#refuse({ code: error.code, from: 'hand', message: error.message });
        throw error;
      }
    });
  }

  /** What adopting a file would do; changes nothing. */
  preview(scope: PolicyScope, text: string): { readonly policy: Policy; readonly admitted: Admitted | undefined } {
    const { clock, policies, roster } = this.#options.node;
    const policy = policies.preview(scope, text);
    if (scope === 'own') return { policy, admitted: undefined };
    const known = this.#versions.pending().find((item) => sameDigest(item.policy, policy));
    if (known !== undefined) return { policy, admitted: known.admitted };
    const tip = this.#versions.pending().at(-1)?.policy ?? policies.common;
    const admitted = admitPolicy(tip, policy, roster, clock.now());
    if (!admitted.ok) throw new Refusal(admitted.error.code, admitted.error.detail);
    return { policy, admitted: admitted.value };
  }

  /** This party vetoes a version that waits. @param digest its beginning in hex, as `policy show` prints it */
  async vetoVersion(digest: string, reason: string): Promise<Policy> {
    const { clock, exchange, self, signer } = this.#options.node;
    return await exchange.exclusively(async () => {
      const found = this.#versions.pending().filter(({ policy }) => toHex(policyDigest(policy)).startsWith(digest));
      const [only] = found;
      if (only === undefined || found.length > 1) {
        throw new InvalidArgument('POLICY_UNKNOWN', 'DIGEST', 'no one version that waits has a digest that begins so');
      }
      const body = { policy: policyDigest(only.policy), author: `party:${self}`, reason, created: clock.now() };
      const veto = this.#openVeto(signPolicyVeto(body, signer).envelope);
      if (veto === undefined) throw new Refusal('STATEMENT_UNUSABLE', 'nothing was signed: nobody could read the veto');
      await this.#takeVeto(veto, undefined);
      return only.policy;
    });
  }

  /** This party freezes a wallet, or all. */
  async freeze(walletId: Uint8Array, reason: string): Promise<Uint8Array> {
    return await this.#say(() => this.#freezes.freeze(walletId, reason));
  }

  /** This party thaws, where no policy names admins. */
  async thaw(walletId: Uint8Array | undefined): Promise<Uint8Array> {
    return await this.#say(() => this.#freezes.thaw(walletId));
  }

  async #say(make: () => { readonly digest: Uint8Array; readonly envelope: Envelope }): Promise<Uint8Array> {
    const { exchange } = this.#options.node;
    return await exchange.exclusively(async () => {
      const { digest, envelope } = make();
      const isNew = await this.#takeFreeze(envelope, undefined);
      if (!isNew) throw new Refusal('STATEMENT_UNUSABLE', 'it says nothing that was not said before');
      return digest;
    });
  }

  async #takeFreeze(envelope: Envelope, from: string | undefined): Promise<boolean> {
    const statement = this.#freezes.fresh(envelope);
    if (statement === undefined) return false;
    await this.#keep(envelope);
    const changed = await this.#freezes.apply(statement);
    // In the journal before anybody hears of it; then the others as fast as it goes.
    this.#pass(envelope.bytes, from);
    if (changed) await this.#options.changed('freeze');
    if (!isFreeze(statement)) await this.#advance();
    return true;
  }

  async #takeVeto(veto: PolicyVeto, from: string | undefined): Promise<boolean> {
    const { journal, note } = this.#options.node;
    const { author, policy, reason } = veto.body;
    if (journal.state.governance.isVetoed(policy)) return false;
    const own = [...this.#vetoes.values()].filter(({ body }) => body.author === author);
    if (own.length >= MAX_VETOES) return false;
    await this.#keep(veto.envelope);
    await journal.record({ type: 'policy-vetoed', digest: policy });
    this.#vetoes.set(toHex(veto.digest), veto);
    for (const dropped of this.#versions.stop(policy)) {
      note('POLICY_VETOED', `${versionName(dropped.policy)} never takes effect: vetoed by ${author}; ${reason}`);
    }
    this.#pass(veto.envelope.bytes, from);
    // Another version may take the place of what was dropped.
    await this.#retryEarly();
    await this.#advance();
    return true;
  }

  async #place(policy: Policy, from: string): Promise<Placed | VerdictReason> {
    const { members, note } = this.#options.node;
    const placed = await this.#versions.place(policy, this.#isInDoubt());
    if (!placed.ok) {
      const { code, detail } = placed.error;
      // A peer that is behind says so with every greeting; that is no news.
      if (code !== 'POLICY_VERSION_OLD' || from === 'hand') {
        this.#refuse({ code, from, message: `${versionName(policy)}: ${detail}`, digest: policyDigest(policy) });
      }
      if (code === 'POLICY_FORK') this.#park(policy, from);
      return placed.error;
    }
    if (placed.value === 'untimed' && from !== 'hand') {
      this.#park(policy, from);
      this.#comeBack(LOOK_AGAIN);
    }
    if (placed.value === 'early' && from !== 'hand') {
      this.#park(policy, from);
      const name = parentName(policy);
      if (name !== undefined) await members().send(from, { kind: 'want', digests: [name] });
    }
    if (placed.value !== 'added') return placed.value;
    note('POLICY_ANNOUNCED', `${versionName(policy)}, ${shortDigest(policy)}, by ${from}`);
    const announcement = this.#versions.announcements().at(-1);
    if (announcement !== undefined) {
      const content = canonicalBytes(announcement);
      void members().sendAll({ kind: 'document', content }, (member) => member !== from && isConcerned(member));
    }
    await this.#advance();
    await this.#retryEarly();
    return 'added';
  }

  /** Puts in force what has waited long enough, and comes back for the rest. */
  async #advance(): Promise<void> {
    const next = (): PendingPolicy | undefined => this.#versions.due(this.#isInDoubt());
    for (let due = next(); due !== undefined; due = next()) {
      await this.#enforce('common', due.policy);
      this.#versions.taken();
    }
    const [waiting] = this.#versions.pending();
    if (waiting !== undefined) this.#comeBack(this.#versions.waitsFor(waiting));
  }

  /** One look at a time is planned, the soonest. @param seconds at least one, and not for ever */
  #comeBack(seconds: number): void {
    const { clock, exchange, note } = this.#options.node;
    this.#cancel?.();
    const wait = Math.min(LOOK_AGAIN, Math.max(1, seconds));
    this.#cancel = clock.after(wait * 1000, () => {
      exchange
        .exclusively(async () => {
          await this.#retryEarly();
          await this.#advance();
        })
        .catch((error: unknown) => note('POLICY_NOT_TAKEN', error instanceof Error ? error.message : 'unknown'));
    });
  }

  #isInDoubt(): boolean {
    return this.#options.doubt?.() !== undefined;
  }

  async #enforce(scope: PolicyScope, policy: Policy): Promise<void> {
    const { note, policies } = this.#options.node;
    await policies.enforce(scope, policy);
    note('POLICY_IN_FORCE', `${scope}: ${versionName(policy)}, ${shortDigest(policy)}`);
    // By its admins some thaws may be enough now.
    if (scope === 'common' && (await this.#freezes.recount())) await this.#options.changed('freeze');
    await this.#options.changed('policy');
  }

  #park(policy: Policy, from: string): void {
    const name = toHex(policyDigest(policy));
    this.#early.delete(name);
    this.#early.set(name, { policy, from });
    const own = [...this.#early].filter(([, early]) => early.from === from);
    const [oldest] = own;
    if (oldest !== undefined && own.length > MAX_EARLY) this.#early.delete(oldest[0]);
  }

  async #retryEarly(): Promise<void> {
    const waiting = [...this.#early.values()].sort((a, b) => a.policy.document.version - b.policy.document.version);
    this.#early.clear();
    for (const { from, policy } of waiting) await this.#place(policy, from);
  }

  /** The highest version by which this party has ever answered, as its own statements say. */
  #highestSaid(): number {
    const { book, self } = this.#options.node;
    return Math.max(
      0,
      ...book.entries().map(({ ceremony }) => ceremony.verdicts.get(self)?.body.commonPolicy?.version ?? 0),
    );
  }

  #isFrozen(body: ProposalBody): boolean {
    return 'walletId' in body && this.#options.node.journal.state.isFrozen(body.walletId);
  }

  #openVeto(envelope: Envelope): PolicyVeto | undefined {
    const { policies, roster } = this.#options.node;
    const opened = openPolicyVeto(envelope, roster, policies.common);
    return opened.ok ? opened.value : undefined;
  }

  async #keep(envelope: Envelope): Promise<void> {
    await this.#options.node.exchange.keep(LOG_GOVERNANCE, envelope.bytes);
  }

  /** Not awaited: a slow member must not hold up the others. */
  #pass(bytes: Uint8Array, from: string | undefined): void {
    const frame = { kind: 'statement', envelope: bytes } as const;
    void this.#options.node.members().sendAll(frame, (member) => member !== from && isConcerned(member));
  }

  #refuse(refusal: Omit<PolicyRefusal, 'at'>): void {
    const { clock, note } = this.#options.node;
    this.#refusal = { ...refusal, at: clock.now() };
    note(refusal.code, `a policy from ${refusal.from} was refused: ${refusal.message}; the one in force stays`);
  }
}

/** Signing and export use the key; making, changing and renewing one does not, and is the way out of a freeze. */
function usesKey(body: ProposalBody): boolean {
  return body.ceremony === 'sign' || body.ceremony === 'export';
}

/** Operators take no part in policies, and were not asked about freezes. */
function isConcerned(member: string): boolean {
  return member.startsWith('party:') || member.startsWith('approver:');
}

function sameDigest(a: Policy, b: Policy): boolean {
  return equalBytes(policyDigest(a), policyDigest(b));
}

function isOf(policy: Policy | undefined, reference: PolicyReference | undefined): boolean {
  if (policy === undefined || reference === undefined) return policy === undefined && reference === undefined;
  return equalBytes(policyDigest(policy), reference.digest);
}
