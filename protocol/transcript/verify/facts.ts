/** What a verified transcript adds to an auditor's memory. */
import type { Ending } from '../../ceremony/close.ts';
import type { EcdsaSignature } from '../../ceremony/outcome.ts';
import type { ExportProposal, ReshareProposal, SignProposal } from '../../ceremony/proposal.ts';
import { partyOf, type Roster } from '../../ceremony/roster.ts';
import { rosterChange } from '../../ceremony/roster-change.ts';
import type { Start } from '../../ceremony/start.ts';
import type { PolicyReference } from '../../ceremony/verdict-statement.ts';
import { toHex } from '../../common/bytes.ts';
import type { Policy } from '../../policy/prepare.ts';
import type { CountedStatement, Facts, Replaced, Used } from '../history.ts';
import { type SpentConsent, spendOfProposal } from '../history-limits.ts';
import type { Answers } from './answers.ts';
import { partyIndex } from './counters.ts';
import type { Documents } from './documents.ts';
import type { Parts, Placed } from './parts.ts';
import type { Statements } from './statements.ts';

/** A transcript whose checks have all passed. */
export interface Walked {
  readonly parts: Parts;
  readonly statements: Statements;
  readonly answers: Answers;
  readonly documents: Documents;
  readonly roster: Roster;
  readonly ending: Ending;
}

export function factsOf(
  { parts, statements, answers, documents, roster, ending }: Walked,
  signature: EcdsaSignature | undefined,
): Facts {
  const { body } = statements.proposal.value;
  const { start } = statements;
  const isUse = body.ceremony === 'sign' || body.ceremony === 'export';
  const counted = (placed: Placed<Counted>, party: number | undefined): readonly CountedStatement[] => {
    const key = party === undefined ? undefined : partyOf(roster, party)?.statementKey;
    if (party === undefined || key === undefined) return [];
    const { digest, body } = placed.value;
    return [{ seq: placed.seq, party, key, counter: body.counter, digest, verdict: false }];
  };
  const policyOf = (reference: { readonly digest: Uint8Array; readonly version: number } | undefined) => {
    const policy = reference && documents.policies.get(toHex(reference.digest))?.value;
    return reference && policy && { ...reference, id: policy.document.id };
  };
  const named = statements.outcomes.find(({ value }) => value.body.signature !== undefined);
  return {
    proposal: parts.proposal,
    ceremony: answers.ceremony,
    head: parts.body.at(-1)?.hash ?? parts.proposal,
    counted: [
      ...answers.counted.flatMap((placed) => {
        const { party, commonPolicy } = placed.value.body;
        return counted(placed, party).map((item) => ({ ...item, verdict: true, policy: policyOf(commonPolicy) }));
      }),
      ...statements.outcomes.flatMap((placed) => counted(placed, placed.value.body.party)),
      ...statements.closes.flatMap((placed) => counted(placed, partyIndex(placed.value.body.author))),
    ],
    spent: body.ceremony === 'sign' ? spentBy(body, answers, documents, roster, signature !== undefined) : [],
    nonce: signature && { r: signature.r, seq: named?.seq ?? parts.body.length - 1 },
    roster: roster.digest,
    used: isUse && start ? usedBy(body, start) : undefined,
    exported: body.ceremony === 'export' && handedOver(statements) ? body.walletId : undefined,
    replaced: body.ceremony === 'reshare' && ending === 'completed' ? replacedBy(body, statements, roster) : undefined,
  };
}

function spentBy(
  body: SignProposal,
  { counted }: Answers,
  { inputs, policies }: Documents,
  roster: Roster,
  signed: boolean,
): readonly SpentConsent[] {
  const spend = spendOfProposal(body);
  const policyOf = (reference: PolicyReference | undefined): Policy | undefined =>
    reference && policies.get(toHex(reference.digest))?.value;
  return counted.flatMap(({ seq, value: { body: consent } }): readonly SpentConsent[] => {
    const key = partyOf(roster, consent.party)?.statementKey;
    const record = inputs.get(toHex(consent.inputs))?.value;
    const digest = consent.reading?.digest;
    if (consent.decision !== 'consent' || key === undefined || digest === undefined || record === undefined) return [];
    const layers = { common: policyOf(consent.commonPolicy), own: policyOf(consent.ownPolicy) };
    const asked = (record.limits ?? []).flatMap(({ bucket, layer, limit: id, used }) => {
      const limit = layers[layer]?.limits.find((candidate) => candidate.limit.id === id);
      return limit === undefined ? [] : [{ limit, bucket, used }];
    });
    const payload = `${toHex(body.walletId)}/${toHex(digest)}/${toHex(body.address)}`;
    return [
      { seq, party: consent.party, key, counter: consent.counter, at: record.now, payload, signed, spend, asked },
    ];
  });
}

function usedBy({ epochId, walletId }: SignProposal | ExportProposal, { seq, value }: Placed<Start>): Used {
  return { walletId, epochId, started: value.body.created, seq };
}

function handedOver({ outcomes }: Statements): boolean {
  return outcomes.some(({ value }) => value.body.released);
}

function replacedBy(body: ReshareProposal, { outcomes }: Statements, roster: Roster): Replaced {
  const { epochId, next } = body;
  const removes = next !== undefined && rosterChange(roster, next).leaves.length > 0;
  return { epochId, removes, at: Math.max(...outcomes.map(({ value }) => value.body.created)), next };
}

interface Counted {
  readonly digest: Uint8Array;
  readonly body: { readonly counter: number };
}
