/**
 * The two policies of this party on its disk: the common one, which all consents must share, and its own, which may only
 * narrow it. A version never goes back. A file that cannot be read leaves the last good policy in force. Which version
 * may follow is not decided here: participant/governance does.
 */

import { readFileIfPresent, writeFileAtomic } from '../proto/rest/atomic-file.ts';
import { signedFile } from '../protocol/ceremony/policy-version.ts';
import { equalBytes, utf8 } from '../protocol/common/bytes.ts';
import { canonicalText } from '../protocol/common/canonical-json.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { policyDigest } from '../protocol/policy/canonical.ts';
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
      const path = policies.#path(scope, adopted.digest);
      const file = await readFileIfPresent(path);
      if (file === undefined) throw changed(scope, 'its file is missing');
      const policy = parse(new TextDecoder().decode(file), path);
      if (!equalBytes(policyDigest(policy), adopted.digest)) throw changed(scope, 'its file was changed by hand');
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

  /** Reads a policy file and says what adopting it would replace; changes nothing. */
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

  /** Adopts what the key holder gave by hand. */
  async adopt(scope: PolicyScope, text: string): Promise<Policy> {
    const policy = this.preview(scope, text);
    await this.enforce(scope, policy);
    return policy;
  }

  /**
   * Puts a policy in force: its file, named by its digest, is on disk before the journal says so, so that a crash in
   * between leaves the old one.
   */
  async enforce(scope: PolicyScope, policy: Policy): Promise<void> {
    await this.store(scope, policy);
    const digest = policyDigest(policy);
    await this.#journal.record({ type: 'policy-set', scope, version: policy.document.version, digest });
    this.#current.set(scope, policy);
  }

  /** Writes a version down with its signatures, in force or not yet. */
  async store(scope: PolicyScope, policy: Policy): Promise<void> {
    const text = canonicalText(signedFile(policy, policy.signatures));
    await writeFileAtomic(this.#path(scope, policyDigest(policy)), utf8(`${text}\n`));
  }

  /** A version of the common policy that was written down once; `undefined` if it is not there, or not readable. */
  async stored(digest: Uint8Array): Promise<Policy | undefined> {
    const file = await readFileIfPresent(this.#path('common', digest));
    const policy = file === undefined ? undefined : parsePolicy(new TextDecoder().decode(file));
    return policy?.ok === true && equalBytes(policyDigest(policy.value), digest) ? policy.value : undefined;
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
