/**
 * The common policy as this device knows it. The first version is adopted by hand; each later one is followed when the
 * admins of the one before have signed it: at once if it narrows, after its delay if it widens, counted from when this
 * device first saw it. A version never goes back.
 */
import { admitPolicy, requirementOf } from '../../protocol/ceremony/policy-chain.ts';
import { announcementOf, openPolicyVeto, readAnnouncement } from '../../protocol/ceremony/policy-version.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { type Envelope, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { canonicalBytes, canonicalText, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { canonicalPolicy, policyDigest } from '../../protocol/policy/canonical.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { type ApproverHome, LOG_ANNOUNCED, LOG_POLICY, LOG_VETO } from './home.ts';

interface Announced {
  readonly policy: Policy;
  /** Unix seconds. */
  readonly seen: number;
}

/** Versions that people have stopped. */
const MAX_VETOES = 1024;
/** Versions that came before the one they follow. */
const MAX_LATER = 4;
/** Versions that wait at the same time. */
const MAX_ANNOUNCED = 8;

export class FollowedPolicy {
  readonly #home: ApproverHome;
  readonly #roster: Roster;
  readonly #clock: Clock;
  readonly #note: (code: string, detail: string) => void;
  /** By digest. */
  readonly #announced = new Map<string, Announced>();
  /** Digests of versions that somebody has stopped for good. */
  readonly #vetoed = new Set<string>();
  /** Newer versions whose parent is not in force yet; the latest few. */
  #later: readonly Policy[] = [];
  #current: Policy | undefined;

  constructor(home: ApproverHome, clock: Clock, note: (code: string, detail: string) => void) {
    this.#home = home;
    this.#roster = home.roster;
    this.#clock = clock;
    this.#note = note;
    this.#current = home.policy;
    for (const bytes of home.vetoes) {
      const envelope = parseEnvelope(bytes);
      if (envelope.ok) this.#stop(envelope.value);
    }
    for (const { at, bytes } of home.announced) {
      const json = parseCanonical(bytes);
      const policy = json.ok ? readAnnouncement(json.value) : json;
      if (policy.ok) this.#announced.set(toHex(policyDigest(policy.value)), { policy: policy.value, seen: at });
    }
  }

  get current(): Policy | undefined {
    return this.#current;
  }

  /** Versions that are signed and wait, with when each takes effect here. */
  waiting(): readonly { readonly policy: Policy; readonly at: number }[] {
    return [...this.#announced.values()].flatMap(({ policy, seen }) => {
      const at = this.#effectOf(policy, seen);
      return at === undefined ? [] : [{ policy, at }];
    });
  }

  /** A version that somebody shows, signed or not. */
  async offered(policy: Policy): Promise<void> {
    const now = this.#clock.now();
    const name = toHex(policyDigest(policy));
    const isNewer = policy.document.version > (this.#current?.document.version ?? 0);
    if (!isNewer) return;
    if (this.#effectOf(policy, now) === undefined) {
      this.#later = [...this.#later.filter((other) => toHex(policyDigest(other)) !== name), policy].slice(-MAX_LATER);
      return;
    }
    if (!this.#announced.has(name)) {
      if (this.#announced.size >= MAX_ANNOUNCED) return;
      const bytes = canonicalBytes(announcementOf(policy));
      await this.#home.log.append({ at: now, kind: LOG_ANNOUNCED, bytes });
      this.#announced.set(name, { policy, seen: now });
    }
    await this.ripen();
  }

  /** Somebody stops a version for good. One that narrows cannot be stopped. */
  async vetoed(envelope: Envelope): Promise<void> {
    const before = this.#vetoed.size;
    if (before >= MAX_VETOES) return;
    this.#stop(envelope);
    if (this.#vetoed.size === before) return;
    await this.#home.log.append({ at: this.#clock.now(), kind: LOG_VETO, bytes: envelope.bytes });
  }

  /** The same as the document in which it travels. */
  async announced(json: Json): Promise<void> {
    const policy = readAnnouncement(json);
    if (policy.ok) await this.offered(policy.value);
  }

  /** Takes up what has waited long enough. */
  async ripen(): Promise<void> {
    for (let due = this.#due(); due !== undefined; due = this.#due()) await this.adopt(due);
  }

  /** By hand, or when it is due. Fails with `POLICY_VERSION_OLD`. */
  async adopt(policy: Policy): Promise<void> {
    const before = this.#current?.document.version ?? 0;
    const { id, version } = policy.document;
    if (version <= before) {
      throw new Refusal('POLICY_VERSION_OLD', `version ${version} is not above version ${before}, which is in force`);
    }
    const bytes = utf8(canonicalText(canonicalPolicy(policy)));
    await this.#home.log.append({ at: this.#clock.now(), kind: LOG_POLICY, bytes });
    this.#current = policy;
    for (const [name, other] of [...this.#announced]) {
      if (other.policy.document.version <= version) this.#announced.delete(name);
    }
    const later = this.#later;
    this.#later = [];
    this.#note('POLICY_ADOPTED', `${id} version ${version}, digest ${toHex(policyDigest(policy))}`);
    for (const other of later) await this.offered(other);
  }

  #stop(envelope: Envelope): void {
    const veto = openPolicyVeto(envelope, this.#roster, this.#current);
    if (veto.ok) this.#vetoed.add(toHex(veto.value.body.policy));
  }

  #due(): Policy | undefined {
    const now = this.#clock.now();
    return this.waiting().find(({ at }) => at <= now)?.policy;
  }

  /** When a version takes effect here; undefined if it may not follow the one in force, or only by hand. */
  #effectOf(policy: Policy, seen: number): number | undefined {
    const current = this.#current;
    if (current === undefined) return undefined;
    const admitted = admitPolicy(current, policy, this.#roster, this.#clock.now());
    if (!admitted.ok || requirementOf(current, admitted.value.direction) === undefined) return undefined;
    const isStopped = this.#vetoed.has(toHex(policyDigest(policy)));
    if (isStopped && admitted.value.direction !== 'narrows') return undefined;
    return Math.max(seen + admitted.value.delaySec, policy.document.effectiveAt ?? 0);
  }
}
