/**
 * What an auditor remembers from one transcript to the next: counters, the r of every signature, how each proposal
 * ended, and to which roster the keys were handed. It only ever holds facts of transcripts that verified: a completed
 * reshare hands the trust in the pinned roster to the next one, so that one pin verifies years.
 */

import { type Ceremony, CLOCK_TOLERANCE } from '../ceremony/lifecycle.ts';
import type { Roster } from '../ceremony/roster.ts';
import { equalBytes, toHex } from '../common/bytes.ts';
import type { Finding } from './codes.ts';
import { LimitHistory, type SpentConsent } from './history-limits.ts';

/** A statement that used up a counter of its party. */
export interface CountedStatement {
  readonly seq: number;
  readonly party: number;
  /** The party's statement key, so that histories survive a change of roster. */
  readonly key: Uint8Array;
  readonly counter: number;
  readonly digest: Uint8Array;
  readonly verdict: boolean;
  /** The common policy that a verdict rests on. */
  readonly policy?: { readonly id: string; readonly version: number; readonly digest: Uint8Array } | undefined;
}

/** What a verified transcript adds. */
export interface Facts {
  readonly proposal: Uint8Array;
  readonly ceremony: Ceremony;
  /** Hash of the last entry before the closes. */
  readonly head: Uint8Array;
  readonly counted: readonly CountedStatement[];
  /** Consents to a signing, and what each rested on. */
  readonly spent: readonly SpentConsent[];
  /** r of the signature, and the entry that names it. */
  readonly nonce?: { readonly r: Uint8Array; readonly seq: number } | undefined;
  /** Digest of the roster that it was made under. */
  readonly roster: Uint8Array;
  /** A use of a key: which epoch, when it was started (Unix seconds), in which entry. */
  readonly used?: Used | undefined;
  /** Set if a share of the wallet was handed over in an export. */
  readonly exported?: Uint8Array | undefined;
  /** A completed reshare. */
  readonly replaced?: Replaced | undefined;
}

export interface Used {
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  readonly started: number;
  readonly seq: number;
}

export interface Replaced {
  /** The epoch that was dealt anew. */
  readonly epochId: Uint8Array;
  /** Whether a holder of it has no place in the new one. */
  readonly removes: boolean;
  /** When the last party reported the new shares, in Unix seconds. */
  readonly at: number;
  /** The roster that the key was handed to, if it was. */
  readonly next?: Roster | undefined;
}

export class History {
  readonly #ceremonies = new Map<string, { readonly ceremony: Ceremony; readonly head: Uint8Array }>();
  readonly #counters = new Map<string, Set<string>>();
  readonly #verdicts = new Map<string, Set<string>>();
  readonly #nonces = new Set<string>();
  /** By digest: rosters that completed reshares lead to, and those that a caller has linked to them. */
  readonly #rosters = new Map<string, Roster>();
  /** By roster: the one that completed reshares led to. */
  readonly #successors = new Map<string, Roster>();
  /** Wallets that were exported. */
  readonly #exported = new Set<string>();
  /** By epoch. */
  readonly #replaced = new Map<string, Replaced>();
  /** By party key and policy id: which version was in force at which counter. */
  readonly #policies = new Map<string, Adopted[]>();
  readonly #limits = new LimitHistory();

  /** The ceremony with this proposal, if its transcript was seen. */
  ceremony(proposal: Uint8Array): Ceremony | undefined {
    return this.#ceremonies.get(toHex(proposal))?.ceremony;
  }

  /** A roster that is trusted by what was verified before. */
  roster(digest: Uint8Array): Roster | undefined {
    return this.#rosters.get(toHex(digest));
  }

  /**
   * Trusts an earlier roster, because a trusted one names it as the one that it replaced.
   *
   * @param later the pinned roster, or one before it that was trusted in this way
   */
  trustEarlier(earlier: Roster, later: Roster): boolean {
    if (later.previous === undefined || !equalBytes(later.previous, earlier.digest)) return false;
    this.#rosters.set(toHex(earlier.digest), earlier);
    return true;
  }

  /** Whether exactly this transcript was seen before; it may have had other closes. */
  knows(facts: Facts): boolean {
    const known = this.#ceremonies.get(toHex(facts.proposal));
    return known !== undefined && equalBytes(known.head, facts.head);
  }

  contradiction(facts: Facts): Finding | undefined {
    if (this.knows(facts)) return undefined;
    const proposal = toHex(facts.proposal);
    for (const statement of facts.counted) {
      const { seq, party, key, counter, digest, verdict } = statement;
      const name = toHex(digest);
      const said = this.#verdicts.get(slot(proposal, key));
      if (verdict && said !== undefined && !said.has(name)) {
        const message = `party ${party} gave another verdict on this proposal in another transcript`;
        return { code: 'EQUIVOCATION_HIDDEN', seq, message };
      }
      const used = this.#counters.get(slot(String(counter), key));
      if (used !== undefined && !used.has(name)) {
        const message = `party ${party} used counter ${counter} for another statement in another transcript`;
        return { code: 'COUNTER_REUSED', seq, message };
      }
      if (this.#wentBack(statement)) {
        const message = `party ${party} answered by an older policy than it had answered by before`;
        return { code: 'POLICY_ROLLBACK', seq, message };
      }
    }
    if (this.#ceremonies.has(proposal)) {
      return { code: 'TRANSCRIPT_FORK', seq: 0, message: 'another transcript of this proposal has other entries' };
    }
    const { nonce } = facts;
    if (nonce !== undefined && this.#nonces.has(toHex(nonce.r))) {
      const message = 'another transcript has a signature with the same r: the key must be considered lost';
      return { code: 'NONCE_REUSED', seq: nonce.seq, message };
    }
    const understated = this.#limits.contradiction(facts.spent);
    if (understated !== undefined) return understated;
    const successor = this.#successors.get(toHex(facts.roster));
    const next = facts.replaced?.next;
    if (successor !== undefined && next !== undefined && !equalBytes(successor.digest, next.digest)) {
      const message = 'another transcript hands keys of the same roster to another successor';
      return { code: 'SUCCESSION_FORK', seq: 1, message };
    }
    const late = this.#usedLate(facts);
    if (late === undefined || !late.removes) return undefined;
    const message = 'the epoch was used after a party had been removed from the key';
    return { code: 'EPOCH_REPLACED', seq: facts.used?.seq, message };
  }

  /** What an auditor should know although nothing is wrong. */
  remarks(facts: Facts): readonly string[] {
    const late = this.#usedLate(facts);
    const isExported = facts.used !== undefined && this.#exported.has(toHex(facts.used.walletId));
    return [
      ...(late === undefined || late.removes ? [] : ['the epoch was used although newer shares were complete']),
      ...(isExported ? ['this key was exported before: whoever received it can sign alone'] : []),
    ];
  }

  /** Adds a transcript that verified. */
  remember(facts: Facts): void {
    if (this.knows(facts)) return;
    const proposal = toHex(facts.proposal);
    this.#ceremonies.set(proposal, { ceremony: facts.ceremony, head: facts.head });
    for (const { key, counter, digest, verdict, policy } of facts.counted) {
      note(this.#counters, slot(String(counter), key), digest);
      if (verdict) note(this.#verdicts, slot(proposal, key), digest);
      if (policy === undefined) continue;
      const name = slot(policy.id, key);
      const adopted = { counter, version: policy.version, digest: toHex(policy.digest) };
      this.#policies.set(name, [...(this.#policies.get(name) ?? []), adopted]);
    }
    this.#limits.remember(facts.spent);
    if (facts.nonce !== undefined) this.#nonces.add(toHex(facts.nonce.r));
    if (facts.exported !== undefined) this.#exported.add(toHex(facts.exported));
    const { replaced } = facts;
    if (replaced === undefined) return;
    this.#replaced.set(toHex(replaced.epochId), replaced);
    if (replaced.next === undefined) return;
    this.#rosters.set(toHex(replaced.next.digest), replaced.next);
    this.#successors.set(toHex(facts.roster), replaced.next);
  }

  /** The reshare after which this epoch should not have been used any more. */
  #usedLate({ used }: Facts): Replaced | undefined {
    if (used === undefined) return undefined;
    const replaced = this.#replaced.get(toHex(used.epochId));
    return replaced !== undefined && used.started > replaced.at + CLOCK_TOLERANCE ? replaced : undefined;
  }

  /** A party's counter tells the order of its own statements, and its policy's version only grows along it. */
  #wentBack({ key, counter, policy }: CountedStatement): boolean {
    if (policy === undefined) return false;
    const digest = toHex(policy.digest);
    return (this.#policies.get(slot(policy.id, key)) ?? []).some((other) => {
      if (other.version === policy.version) return other.digest !== digest;
      return other.version < policy.version !== other.counter < counter;
    });
  }
}

interface Adopted {
  readonly counter: number;
  readonly version: number;
  readonly digest: string;
}

function note(map: Map<string, Set<string>>, name: string, digest: Uint8Array): void {
  map.set(name, new Set(map.get(name)).add(toHex(digest)));
}

function slot(what: string, key: Uint8Array): string {
  return `${what}/${toHex(key)}`;
}
