/**
 * What every signer checks of the consents that a start rests on, its own aside from nothing: that each names the
 * approvals it owes, and owes what the common policy demands of everybody. A corrupt party cannot talk the others out of
 * an approval.
 */
import type { Approval } from '../../protocol/ceremony/approval.ts';
import { approvalsOfConsent, commonObligations, obligationsOf } from '../../protocol/ceremony/approval-check.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { coversObligations } from '../../protocol/ceremony/obligations.ts';
import type { VerdictReason, VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { decode } from '../../protocol/payload/payload.ts';
import type { NodeContext } from '../context.ts';

/** What approvals are known here. */
export interface KnownApprovals {
  of(proposal: Uint8Array): readonly Approval[];
  byDigest(name: Uint8Array): Approval | undefined;
}

/** `APPROVAL_MISSING` if one is not at hand yet, else a fault for good. */
export function checkConsents(
  node: Pick<NodeContext, 'policies' | 'roster'>,
  known: KnownApprovals,
  entry: BookEntry,
  consents: readonly VerdictStatement[],
): Result<void, VerdictReason> {
  const { announced, proposal } = entry.ceremony;
  const { body } = proposal;
  const policy = node.policies.common;
  const asked = consents.filter(
    (consent) => consent.body.obligations !== undefined || consent.body.approvals !== undefined,
  );
  if (body.ceremony !== 'sign' || policy === undefined || asked.length === 0) return ok(undefined);
  const decoded = decode(body.payload);
  if (!decoded.ok) return err({ code: decoded.error.code, detail: decoded.error.message });
  for (const consent of asked) {
    const { reading } = consent.body;
    if (reading === undefined) return err({ code: 'APPROVAL_INVALID', detail: 'a consent without a reading' });
    const named = approvalsOfConsent(consent, {
      roster: node.roster,
      proposal,
      // The consents of a start agree on it, and this party's own is among those it compares them with.
      reading,
      chainId: decoded.value.chainId,
      policy,
      announced: announced.created,
      said: known.of(proposal.digest),
      byDigest: (name) => known.byDigest(name),
    });
    if (!named.ok) return named;
  }
  return ok(undefined);
}

/** The same, and that no consent states less than the common policy demands of everybody. */
export function checkStartConsents(
  node: Pick<NodeContext, 'policies' | 'roster' | 'wallets'>,
  known: KnownApprovals,
  entry: BookEntry,
  consents: readonly VerdictStatement[],
): Result<void, VerdictReason> {
  const { proposal } = entry.ceremony;
  const { body } = proposal;
  if (body.ceremony !== 'sign') return ok(undefined);
  const wallet = node.wallets.byId(body.walletId);
  const common = node.policies.common;
  for (const consent of consents) {
    const childKey = consent.body.reading?.key;
    const context = { roster: node.roster, wallet, childKey, common };
    const owed = commonObligations(proposal, context, consent.body.created);
    if (!coversObligations(obligationsOf(consent.body), owed)) {
      const detail = `the consent of party ${consent.body.party} leaves out what the policy demands of people`;
      return err({ code: 'APPROVAL_INVALID', detail });
    }
  }
  return checkConsents(node, known, entry, consents);
}
