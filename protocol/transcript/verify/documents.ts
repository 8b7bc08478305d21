/** Reads the documents that statements name by digest: policies, inputs of judgements, approvals, the wallet. */

import { APPROVAL_DOCUMENT, APPROVAL_SCHEMA } from '../../ceremony/approval.ts';
import { EVIDENCE_SCHEMA } from '../../ceremony/evidence/document.ts';
import { isConfidential } from '../../ceremony/evidence/judge.ts';
import { INPUTS, INPUTS_SCHEMAS, type JudgementInputs } from '../../ceremony/inputs.ts';
import type { Roster } from '../../ceremony/roster.ts';
import type { Envelope } from '../../ceremony/statement.ts';
import { openWallet, WALLET_SCHEMA, type Wallet } from '../../ceremony/wallet.ts';
import { equalBytes, toHex } from '../../common/bytes.ts';
import { canonicalText, type Json } from '../../common/canonical-json.ts';
import { documentDigest } from '../../common/document.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { read } from '../../common/schema.ts';
import { canonicalPolicy, policyDigest } from '../../policy/canonical.ts';
import { readPolicy } from '../../policy/parse.ts';
import type { Policy } from '../../policy/prepare.ts';
import { POLICY_SCHEMA } from '../../policy/schema.ts';
import type { Finding } from '../codes.ts';
import type { Parts, Placed } from './parts.ts';
import type { Statements } from './statements.ts';
import type { Wallets } from './wallets.ts';

/** Everything by the hex digest that statements use for it. */
export interface Documents {
  /** By policy digest. */
  readonly policies: ReadonlyMap<string, Placed<Policy>>;
  /** By document digest. */
  readonly inputs: ReadonlyMap<string, Placed<JudgementInputs>>;
  readonly wallets: ReadonlyMap<string, Placed<Wallet>>;
  /** Approvals by document digest; opened by the policy of the consent that names them (approvals.ts). */
  readonly approvals: ReadonlyMap<string, Placed<Envelope>>;
  /** By document digest; not judged yet. */
  readonly evidence: ReadonlyMap<string, Placed<Json>>;
}

/** @param next the roster that a reshare hands the key to; the wallet that it makes is held by its parties */
export function readDocuments(parts: Parts, roster: Roster, next: Roster | undefined): Result<Documents, Finding> {
  const policies = new Map<string, Placed<Policy>>();
  const inputs = new Map<string, Placed<JudgementInputs>>();
  const wallets = new Map<string, Placed<Wallet>>();
  const approvals = new Map<string, Placed<Envelope>>();
  const evidence = new Map<string, Placed<Json>>();
  for (const { seq, value } of parts.documents) {
    const name = toHex(documentDigest(value));
    const schema = schemaOf(value);
    if (schema !== undefined && INPUTS_SCHEMAS.has(schema)) {
      const record = read(INPUTS, value);
      if (!record.ok) return invalid(seq, `an inputs record: ${record.error.field} ${record.error.message}`);
      inputs.set(name, { seq, value: record.value });
      continue;
    }
    switch (schema) {
      case POLICY_SCHEMA: {
        const policy = readPolicy(value);
        if (!policy.ok) return invalid(seq, `a policy: ${policy.error.field} ${policy.error.message}`);
        if (canonicalText(canonicalPolicy(policy.value)) !== canonicalText(value)) {
          return invalid(seq, 'a policy that is not in its canonical form');
        }
        policies.set(toHex(policyDigest(policy.value)), { seq, value: policy.value });
        break;
      }
      case WALLET_SCHEMA: {
        const wallet = openUnder(value, roster, next);
        if (!wallet.ok) return err({ code: 'CERTIFICATE_INVALID', seq, message: wallet.error });
        wallets.set(name, { seq, value: wallet.value });
        break;
      }
      case APPROVAL_SCHEMA: {
        const approval = read(APPROVAL_DOCUMENT, value);
        if (!approval.ok) return invalid(seq, `an approval: ${approval.error.field} ${approval.error.message}`);
        approvals.set(name, { seq, value: approval.value.statement });
        break;
      }
      case EVIDENCE_SCHEMA:
        // What it proves is a question of its own; what nobody but its receiver may see must not stand here at all.
        if (isConfidential(value)) {
          return err({ code: 'ROUND_CONFIDENTIAL', seq, message: 'evidence that holds a message not for everybody' });
        }
        evidence.set(name, { seq, value });
        break;
      default:
        return invalid(seq, 'a document of no known kind');
    }
  }
  return ok({ policies, inputs, wallets, approvals, evidence });
}

/** Nothing may hide in a transcript: each document is named by a statement in it. */
export function checkReferences(
  statements: Statements,
  documents: Documents,
  { made, named: before }: Wallets,
): Result<undefined, Finding> {
  const named = new Set<string>();
  for (const { value } of statements.verdicts) {
    const { approvals = [], commonPolicy, ownPolicy, inputs } = value.body;
    for (const digest of [commonPolicy?.digest, ownPolicy?.digest, inputs, ...approvals]) {
      if (digest !== undefined) named.add(toHex(digest));
    }
  }
  for (const { value } of statements.outcomes) for (const digest of value.body.evidence ?? []) named.add(toHex(digest));
  const reported = new Set(statements.outcomes.map(({ value }) => toHex(value.body.key?.certificate ?? NONE)));
  const kept = (map: ReadonlyMap<string, Placed<unknown>>): readonly Placed<unknown>[] =>
    [...map].flatMap(([name, placed]) => (named.has(name) ? [] : [placed]));
  const stray = [
    ...kept(documents.policies),
    ...kept(documents.inputs),
    ...kept(documents.approvals),
    ...kept(documents.evidence),
    ...[...documents.wallets].flatMap(([name, placed]) => {
      const isOtherForm =
        made !== undefined && reported.has(name) && equalBytes(placed.value.epochId, made.value.epochId);
      return placed === made || placed === before || isOtherForm ? [] : [placed];
    }),
  ].sort((a, b) => a.seq - b.seq)[0];
  if (stray === undefined) return ok(undefined);
  return err({ code: 'DOCUMENT_UNREFERENCED', seq: stray.seq, message: 'no statement refers to this document' });
}

function openUnder(document: Json, roster: Roster, next: Roster | undefined): Result<Wallet, string> {
  const own = openWallet(document, roster);
  if (own.ok || next === undefined) return own;
  const handedOver = openWallet(document, next);
  return handedOver.ok ? handedOver : own;
}

const NONE = new Uint8Array();

function schemaOf(document: Json): string | undefined {
  if (typeof document !== 'object' || Array.isArray(document)) return undefined;
  const schema = (document as { readonly [key: string]: Json })['schema'];
  return typeof schema === 'string' ? schema : undefined;
}

function invalid(seq: number, message: string): Result<never, Finding> {
  return err({ code: 'DOCUMENT_INVALID', seq, message });
}
