/**
 * What an auditor remembers from one transcript to the next: counters, the r of every signature, and how each proposal
 * ended. It only ever holds facts of transcripts that verified.
 */

import type { Ceremony } from '../ceremony/lifecycle.ts';
import { equalBytes, toHex } from '../common/bytes.ts';
import type { Finding } from './codes.ts';

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
  /** r of the signature, and the entry that names it. */
  readonly nonce?: { readonly r: Uint8Array; readonly seq: number } | undefined;
}

export class History {
  readonly #ceremonies = new Map<string, { readonly ceremony: Ceremony; readonly head: Uint8Array }>();
  readonly #counters = new Map<string, Set<string>>();
  readonly #verdicts = new Map<string, Set<string>>();
  readonly #nonces = new Set<string>();
  /** By party key and policy id: which version was in force at which counter. */
  readonly #policies = new Map<string, Adopted[]>();

  /** The ceremony with this proposal, if its transcript was seen. */
  ceremony(proposal: Uint8Array): Ceremony | undefined {
    return this.#ceremonies.get(toHex(proposal))?.ceremony;
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
    return undefined;
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
    if (facts.nonce !== undefined) this.#nonces.add(toHex(facts.nonce.r));
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
