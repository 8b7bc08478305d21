/**
 * Consents that rest on the approvals they owe. Every signer refuses a start with one that does not, so such a consent is
 * left out of the start: else one party could spoil every attempt by it. Nobody relies on this but the coordinator.
 */
import { APPROVAL_DOCUMENT, type Approval, openApproval } from '../../protocol/ceremony/approval.ts';
import { approvalsOfConsent, commonObligations, obligationsOf } from '../../protocol/ceremony/approval-check.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { coversObligations } from '../../protocol/ceremony/obligations.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import type { VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { read } from '../../protocol/common/schema.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { readPolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { Collection } from './collection.ts';

/** Verdicts whose approvals have been looked at, and policies that were read for it; the oldest are forgotten. */
const MAX_KNOWN = 4_000;
const MAX_POLICIES = 8;

export class Approved {
  readonly #roster: Roster;
  readonly #collection: Pick<Collection, 'document' | 'epoch'>;
  /** By digest of the verdict. Its documents are named by their digests, so the answer stays. */
  readonly #known = new Map<string, boolean>();
  readonly #policies = new Map<string, Policy>();

  readonly #note: (code: string, detail: string) => void;

  constructor(
    roster: Roster,
    collection: Pick<Collection, 'document' | 'epoch'>,
    note: (code: string, detail: string) => void,
  ) {
    this.#roster = roster;
    this.#collection = collection;
    this.#note = note;
  }

  /** @param entry with consents whose documents have all come (grounds.ts) */
  only(entry: BookEntry): BookEntry {
    const { ceremony } = entry;
    if (ceremony.proposal.body.ceremony !== 'sign') return entry;
    const verdicts = [...ceremony.verdicts].filter(([, verdict]) => {
      return verdict.body.decision === 'reject' || this.#holds(verdict, entry);
    });
    return { ...entry, ceremony: { ...ceremony, verdicts: new Map(verdicts) } };
  }

  #holds(consent: VerdictStatement, { ceremony }: BookEntry): boolean {
    const name = toHex(consent.digest);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const holds = this.#judge(consent, ceremony.proposal, ceremony.announced.created);
    keep(this.#known, name, holds, MAX_KNOWN);
    if (!holds) {
      const named = shortName(ceremony.proposal.digest);
      this.#note('CONSENT_LEFT_OUT', `${named}: party ${consent.body.party} consents without what it owes`);
    }
    return holds;
  }

  #judge(consent: VerdictStatement, proposal: Proposal, announced: number): boolean {
    const { commonPolicy, created, reading } = consent.body;
    const { body } = proposal;
    const policy = commonPolicy && this.#policyOf(commonPolicy.digest);
    // Without one there is nothing to owe approvals by; a quorum or an auditor says what such a consent is worth.
    if (body.ceremony !== 'sign' || policy === undefined || reading === undefined) return true;
    const wallet = this.#collection.epoch(body.epochId);
    const context = { roster: this.#roster, wallet, childKey: reading.key, common: policy };
    const owed = commonObligations(proposal, context, created);
    const stated = obligationsOf(consent.body);
    if (!coversObligations(stated, owed)) return false;
    if (stated.groups.length === 0 && consent.body.approvals === undefined && stated.delaySec === 0) return true;
    const decoded = decode(body.payload);
    if (!decoded.ok) return false;
    return approvalsOfConsent(consent, {
      roster: this.#roster,
      proposal,
      reading,
      chainId: decoded.value.chainId,
      policy,
      byDigest: (digest) => this.#approval(digest, policy),
      said: [],
      announced,
    }).ok;
  }

  #approval(digest: Uint8Array, policy: Policy): Approval | undefined {
    const json = this.#collection.document(digest);
    const document = json === undefined ? undefined : read(APPROVAL_DOCUMENT, json);
    const opened = document?.ok ? openApproval(document.value.statement, policy) : undefined;
    return opened?.ok ? opened.value : undefined;
  }

  #policyOf(digest: Uint8Array): Policy | undefined {
    const name = toHex(digest);
    const known = this.#policies.get(name);
    if (known !== undefined) return known;
    const document = this.#collection.document(digest);
    const policy = document === undefined ? undefined : readPolicy(document);
    if (policy?.ok !== true) return undefined;
    keep(this.#policies, name, policy.value, MAX_POLICIES);
    return policy.value;
  }
}

function keep<V>(map: Map<string, V>, name: string, value: V, most: number): void {
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
