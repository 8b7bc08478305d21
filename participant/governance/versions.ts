/**
 * Versions of the common policy at one node: what is in force, what its admins have signed and still waits, and what was
 * refused. The versions that wait form a chain, each the parent of the next.
 */

import { type Admitted, admitPolicy } from '../../protocol/ceremony/policy-chain.ts';
import { announcementName, announcementOf } from '../../protocol/ceremony/policy-version.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import { equalBytes, fromHex, toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { NodeContext } from '../context.ts';

/** A version that its admins have signed and that is not in force yet. */
export interface PendingPolicy {
  readonly policy: Policy;
  readonly admitted: Admitted;
  /** When this node saw it for the first time; Unix seconds. */
  readonly at: number;
}

/**
 * `added`: it waits, or will be in force in a moment. `early`: its parent is not known here yet. `untimed`: it has to wait,
 * and nobody knows from when on, since this node's clock is in doubt.
 */
export type Placed = 'added' | 'known' | 'early' | 'untimed';

export type VersionsNode = Pick<NodeContext, 'clock' | 'journal' | 'policies' | 'roster'>;

export class Versions {
  readonly #node: VersionsNode;
  #pending: readonly PendingPolicy[] = [];

  constructor(node: VersionsNode) {
    this.#node = node;
  }

  /** What waits, the next one first. */
  pending(): readonly PendingPolicy[] {
    return this.#pending;
  }

  /** Takes up what an earlier process had seen. */
  async restore(): Promise<void> {
    const { journal, policies } = this.#node;
    const { governance } = journal.state;
    for (const { at, digest, version } of governance.announcements()) {
      if (version <= (policies.common?.document.version ?? 0)) continue;
      const policy = this.isHere(digest) ? undefined : await policies.stored(digest);
      const admitted = policy && this.#admit(policy, at);
      if (policy === undefined || admitted?.ok !== true || this.#isStopped(policy, admitted.value)) continue;
      this.#pending = [...this.#pending, { policy, admitted: admitted.value, at }];
    }
  }

  /** Admits a version if it follows what is here. Durable when it resolves. */
  async place(policy: Policy, inDoubt: boolean): Promise<Result<Placed, VerdictReason>> {
    const { clock, journal, policies } = this.#node;
    const digest = policyDigest(policy);
    if (this.isHere(digest)) return ok('known');
    const now = clock.now();
    const { version } = policy.document;
    const follows = this.#parentOf(policy);
    if (
      follows === 'unknown' &&
      policy.document.parentHash !== undefined &&
      version > (policies.common?.document.version ?? 0)
    )
      return ok('early');
    if (follows === 'replaced' || this.#hasOther(version)) {
      const detail = `another document of version ${version}, or of its successor, is in force or announced here`;
      return err({ code: 'POLICY_FORK', detail });
    }
    const admitted = this.#admit(policy, now);
    if (!admitted.ok) return admitted;
    if (this.#isStopped(policy, admitted.value)) {
      return err({ code: 'POLICY_VETOED', detail: `version ${version} was vetoed; it never takes effect` });
    }
    if (inDoubt && admitted.value.direction !== 'narrows') return ok('untimed');
    await policies.store('common', policy);
    // A clock that was set back does not let it wait less.
    const since = Math.max(now, journal.state.ledger.latest);
    if (journal.state.governance.announcement(digest) === undefined) {
      await journal.record({ type: 'policy-announced', digest, version, at: since });
    }
    const at = journal.state.governance.announcement(digest)?.at ?? since;
    this.#pending = [...this.#pending, { policy, admitted: admitted.value, at }];
    return ok('added');
  }

  /** The next version, if its time has come; while the clock is in doubt only what does not have to wait. */
  due(inDoubt: boolean): PendingPolicy | undefined {
    const [next] = this.#pending;
    if (next === undefined || (inDoubt && next.admitted.direction !== 'narrows')) return undefined;
    return this.waitsFor(next) === 0 ? next : undefined;
  }

  /** Seconds until it takes effect, as far as this node's clock and no freeze stand against it. */
  waitsFor({ admitted, at, policy }: PendingPolicy): number {
    if (admitted.delaySec === 0 && admitted.direction === 'narrows') return 0;
    const now = this.#node.clock.now();
    const waited = this.#node.journal.state.governance.waited(at, now);
    return Math.max(0, admitted.delaySec - waited, (policy.document.effectiveAt ?? 0) - now);
  }

  /** The first of those that wait is in force now. */
  taken(): void {
    this.#pending = this.#pending.slice(1);
  }

  /** Drops a version, and what was to follow it; a version that narrows is in force before anybody can object. */
  stop(digest: Uint8Array): readonly PendingPolicy[] {
    const at = this.#pending.findIndex(({ policy }) => equalBytes(policyDigest(policy), digest));
    if (at < 0) return [];
    const dropped = this.#pending.slice(at);
    this.#pending = this.#pending.slice(0, at);
    return dropped;
  }

  /** What peers and approvers should have: the version in force and what waits, as far as admins decide on it. */
  announcements(): readonly Json[] {
    const { common } = this.#node.policies;
    if (common?.document.admin === undefined) return [];
    return [common, ...this.#pending.map(({ policy }) => policy)].map(announcementOf);
  }

  /** The version behind a name that a node asks for; also one that is in force no longer. */
  async byName(name: Uint8Array): Promise<Json | undefined> {
    const { journal, policies } = this.#node;
    for (const { digest } of journal.state.governance.announcements()) {
      if (!equalBytes(announcementName(digest), name)) continue;
      const policy = await policies.stored(digest);
      return policy && announcementOf(policy);
    }
    return undefined;
  }

  /** In force, or waiting. */
  isHere(digest: Uint8Array): boolean {
    const here = [this.#node.policies.common, ...this.#pending.map(({ policy }) => policy)];
    return here.some((policy) => policy !== undefined && equalBytes(policyDigest(policy), digest));
  }

  /** What nobody has to sign is a matter of the key holder's hand, and never comes this way. */
  #admit(policy: Policy, at: number): Result<Admitted, VerdictReason> {
    const tip = this.#tip();
    if (tip?.document.admin === undefined) {
      const detail = 'the version before it names no admins; the next one is adopted by hand when that is in force';
      return err({ code: 'POLICY_UNSIGNED', detail });
    }
    return admitPolicy(tip, policy, this.#node.roster, at);
  }

  #tip(): Policy | undefined {
    return this.#pending.at(-1)?.policy ?? this.#node.policies.common;
  }

  /** `last`: nothing has followed it yet. */
  #parentOf({ document }: Policy): 'last' | 'replaced' | 'unknown' {
    const parent = document.parentHash === undefined ? undefined : fromHex(document.parentHash.slice(2));
    if (parent === undefined) return 'unknown';
    const tip = this.#tip();
    if (tip !== undefined && equalBytes(policyDigest(tip), parent)) return 'last';
    return this.isHere(parent) ? 'replaced' : 'unknown';
  }

  #hasOther(version: number): boolean {
    const here = [this.#node.policies.common, ...this.#pending.map(({ policy }) => policy)];
    return here.some((policy) => policy?.document.version === version);
  }

  /** What narrows cannot be vetoed: else whoever heard of it first could stop it everywhere. */
  #isStopped(policy: Policy, { direction }: Admitted): boolean {
    return direction !== 'narrows' && this.#node.journal.state.governance.isVetoed(policyDigest(policy));
  }
}

/** How screens name a version. */
export function versionName({ document }: Policy): string {
  return `${document.id} version ${document.version}`;
}

export function parentName({ document }: Policy): Uint8Array | undefined {
  const parent = document.parentHash === undefined ? undefined : fromHex(document.parentHash.slice(2));
  return parent && announcementName(parent);
}

export function shortDigest(policy: Policy): string {
  return toHex(policyDigest(policy)).slice(0, 16);
}
