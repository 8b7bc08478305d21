/**
 * The two policies of this party: the common one, which all consents must share, and its own, which may only narrow
 * it. Adopted by the key holder's hand; a version never goes back. A file that cannot be read leaves the last good
 * policy in force.
 */

import { readFileIfPresent, writeFileAtomic } from '../proto/rest/atomic-file.ts';
import { toHex, utf8 } from '../protocol/common/bytes.ts';
import { canonicalText } from '../protocol/common/canonical-json.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { canonicalPolicy, policyDigest } from '../protocol/policy/canonical.ts';
import { parsePolicy } from '../protocol/policy/parse.ts';
import type { Policy } from '../protocol/policy/prepare.ts';
import type { Journal } from './journal/journal.ts';
import { type HomeLayout, policyPath } from './keystore/settings.ts';

export type PolicyScope = 'common' | 'own';

export class Policies {
  readonly #layout: HomeLayout;
  readonly #journal: Journal;
  readonly #current = new Map<PolicyScope, Policy>();

  private constructor(layout: HomeLayout, journal: Journal) {
    this.#layout = layout;
    this.#journal = journal;
  }

  /** Loads what was adopted. Fails with `POLICY_INVALID`, or `POLICY_CHANGED` if a file is not the adopted one. */
  static async open(layout: HomeLayout, journal: Journal): Promise<Policies> {
    const policies = new Policies(layout, journal);
    for (const scope of ['common', 'own'] as const) {
      const adopted = journal.state.policies.get(scope);
      if (adopted === undefined) continue;
      const file = await readFileIfPresent(policies.#path(scope, adopted.digest));
      if (file === undefined) throw changed(scope, 'its file is missing');
      const policy = parse(new TextDecoder().decode(file), policies.#path(scope, adopted.digest));
      if (toHex(policyDigest(policy)) !== toHex(adopted.digest)) throw changed(scope, 'its file was changed by hand');
      policies.#current.set(scope, policy);
    }
    return policies;
  }

  get common(): Policy | undefined {
    return this.#current.get('common');
  }

  get own(): Policy | undefined {
    return this.#current.get('own');
  }

  /** Checks a policy file and says what adopting it would replace; changes nothing. */
  preview(scope: PolicyScope, text: string): Policy {
    const policy = parse(text, 'FILE');
    const adopted = this.#journal.state.policies.get(scope);
    if (adopted !== undefined && policy.document.version <= adopted.version) {
      throw new Refusal(
        'POLICY_VERSION_OLD',
        `version ${policy.document.version} is not above the adopted version ${adopted.version}; a policy never goes back`,
      );
    }
    return policy;
  }

  /**
   * Adopts a policy: its file, named by its digest, is on disk before the journal says it is in force, so that a crash
   * in between leaves the old one.
   */
  async adopt(scope: PolicyScope, text: string): Promise<Policy> {
    const policy = this.preview(scope, text);
    const digest = policyDigest(policy);
    await writeFileAtomic(this.#path(scope, digest), utf8(`${canonicalText(canonicalPolicy(policy))}\n`));
    await this.#journal.record({ type: 'policy-set', scope, version: policy.document.version, digest });
    this.#current.set(scope, policy);
    return policy;
  }

  #path(scope: PolicyScope, digest: Uint8Array): string {
    return policyPath(this.#layout, scope, digest);
  }
}

function parse(text: string, path: string): Policy {
  const policy = parsePolicy(text);
  if (policy.ok) return policy.value;
  const { field, message } = policy.error;
  throw new InvalidArgument('POLICY_INVALID', field === '' ? path : field, message);
}

function changed(scope: PolicyScope, what: string): Refusal {
  return new Refusal('POLICY_CHANGED', `the adopted ${scope} policy is not what lies in the home: ${what}`);
}
