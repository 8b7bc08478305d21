/** How a ceremony ended, for operators and scripts. */

import type { JsonValue } from '../proto/control/message.ts';
import { addressOf } from '../protocol/ceremony/address.ts';
import type { BookEntry } from '../protocol/ceremony/book.ts';
import { describeCulprits, wordsOf } from '../protocol/ceremony/check-words.ts';
import type { AbortReport, EcdsaSignature } from '../protocol/ceremony/outcome.ts';
import type { ReshareProposal } from '../protocol/ceremony/proposal.ts';
import { fingerprint } from '../protocol/ceremony/roster.ts';
import { separatedPairs } from '../protocol/ceremony/separation.ts';
import { shortName } from '../protocol/ceremony/statement.ts';
import { toHex } from '../protocol/common/bytes.ts';
import { checksumAddress } from '../protocol/payload/address.ts';
import { decode } from '../protocol/payload/payload.ts';
import { signatureBytes, signedAuthorization, signedTransaction } from '../protocol/payload/signed-transaction.ts';
import { formatPath } from '../protocol/threshold/derivation.ts';
import type { Accusation } from '../protocol/transcript/verify/evidence.ts';

export interface Result {
  readonly ending: 'completed' | 'refused' | 'aborted';
  /** Why it was refused or aborted. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  /** Whose guilt the transcript proves to anybody. */
  readonly proven?: readonly Accusation[] | undefined;
  /** Path of the transcript, if one could be closed. */
  readonly transcript?: string | undefined;
}

/** What kept a ceremony from being started. */
export interface Why {
  readonly code: string;
  readonly message: string;
}

/** Causes that another attempt can cure. */
const CURABLE: ReadonlySet<string> = new Set(['BENIGN', 'RESTART', 'INCONSISTENT', 'GROUP', 'CRASH', 'NO_PAIR_SETUP']);

/** Whether the signers name only causes that another attempt can cure. */
export function isCurable({ ceremony }: BookEntry): boolean {
  const aborts = [...ceremony.outcomes.values()].flatMap((outcome) => outcome.body.abort ?? []);
  return aborts.length > 0 && aborts.every((abort) => CURABLE.has(abort.failure));
}

/** How the statements of a ceremony say it ended; `why` is the reason if it was never started. */
export function endingOf(entry: BookEntry, why: Why | undefined): Result {
  const { outcomes, start } = entry.ceremony;
  if (start === undefined) return { ending: 'refused', code: why?.code, message: why?.message };
  const done = start.body.signers.every((signer) => {
    const outcome = outcomes.get(signer)?.body;
    return outcome?.signature !== undefined || outcome?.key !== undefined || outcome?.exported !== undefined;
  });
  if (done) return { ending: 'completed' };
  const abort = gravest([...outcomes.values()].flatMap((outcome) => outcome.body.abort ?? []));
  return {
    ending: 'aborted',
    code: abort?.failure ?? 'SILENT',
    message: abort === undefined ? 'a signer never said how it ended' : describeCulprits(abort.check, abort.culprits),
  };
}

/**
 * The report that says most: one that names somebody, and of those the one that most parties give, since the one at fault
 * may name others; then one that is more than "another has ended it".
 */
function gravest(aborts: readonly AbortReport[]): AbortReport | undefined {
  const naming = aborts.filter(({ culprits, failure, joining = [] }) => {
    return failure !== 'BENIGN' && culprits.length + joining.length > 0;
  });
  const same = ({ check, culprits }: AbortReport): number =>
    naming.filter((other) => other.check === check && other.culprits.join() === culprits.join()).length;
  return (
    [...naming].sort((a, b) => same(b) - same(a))[0] ??
    aborts.find(({ check, failure }) => failure !== 'BENIGN' && check !== 'ABORT') ??
    aborts.find(({ check }) => check !== 'peer' && check !== 'ABORT') ??
    aborts[0]
  );
}

export function resultJson(entry: BookEntry, result: Result): JsonValue {
  const { ceremony } = entry;
  const { body, digest } = ceremony.proposal;
  const outcomes = [...ceremony.outcomes.values()].map((outcome) => outcome.body);
  const signature = outcomes.find((outcome) => outcome.signature !== undefined)?.signature;
  const key = outcomes.find((outcome) => outcome.key !== undefined)?.key;
  const verdicts = [...ceremony.verdicts.values()];
  const consents = verdicts.filter((verdict) => verdict.body.decision === 'consent');
  return {
    ok: result.ending === 'completed',
    ceremony: shortName(digest),
    proposal: toHex(digest),
    kind: body.ceremony,
    wallet: body.wallet,
    attempt: body.attempt,
    ending: result.ending,
    ...(result.code === undefined ? {} : { code: result.code }),
    ...(result.message === undefined ? {} : { message: result.message }),
    consents: consents.map((verdict) => verdict.body.party).sort((a, b) => a - b),
    signers: [...(ceremony.start?.body.signers ?? [])],
    separated: separatedPairs(consents).map((pair) => [...pair]),
    ...(body.ceremony === 'reshare' ? changeJson(body) : {}),
    ...(key === undefined
      ? {}
      : {
          publicKey: toHex(key.publicKey),
          address: checksumAddress(`0x${toHex(addressOf(key.publicKey))}`),
          epoch: toHex(key.epochId),
        }),
    ...(body.ceremony === 'sign'
      ? { path: formatPath(body.path), address: checksumAddress(`0x${toHex(body.address)}`) }
      : {}),
    ...(signature === undefined ? {} : signatureJson(entry, signature)),
    refusals: refusals(entry),
    aborts: outcomes.flatMap(({ abort, party, released }) => {
      if (abort === undefined) return [];
      const { check, culprits, failure, joining = [] } = abort;
      const others = joining.length === 0 ? {} : { joining: [...joining] };
      const { next, sentence } = wordsOf(check);
      return [{ party, failure, check, sentence, next, culprits: [...culprits], ...others, released }];
    }),
    proven: (result.proven ?? []).map(({ check, member, message }) => ({ member, check, message })),
    transcript: result.transcript ?? null,
  };
}

/** What a reshare was to bring about. */
function changeJson({ dealers, gen, next }: ReshareProposal): { readonly [key: string]: JsonValue } {
  return {
    gen,
    dealers: [...dealers],
    ...(next === undefined
      ? {}
      : {
          next: {
            version: next.version,
            threshold: next.threshold,
            parties: next.parties.map((party) => party.name),
            fingerprint: fingerprint(next.digest).words,
          },
        }),
  };
}

/** What each party that said no has signed, in its own words. */
function refusals(entry: BookEntry): JsonValue {
  const rejected = [...entry.ceremony.verdicts.values()]
    .sort((a, b) => a.body.party - b.body.party)
    .filter((verdict) => verdict.body.decision === 'reject')
    .map(({ body }) => ({
      party: body.party,
      reasons: body.reasons.map(({ code, detail }) => ({ code, detail })),
      risks: body.risks,
    }));
  const withdrawn = [...entry.ceremony.withdrawals.values()]
    .filter((withdrawal) => withdrawal.body.author.startsWith('party:'))
    .map(({ body }) => ({
      party: Number(body.author.split(':')[1]),
      reasons: [{ code: 'WITHDRAWN', detail: body.reason }],
      risks: [],
    }));
  return [...rejected, ...withdrawn];
}

function signatureJson(entry: BookEntry, signature: EcdsaSignature): { readonly [key: string]: JsonValue } {
  const { body } = entry.ceremony.proposal;
  const decoded = body.ceremony === 'sign' ? decode(body.payload) : undefined;
  if (decoded?.ok !== true) return {};
  const { r, s, recovery } = signature;
  const recoverable = { r, s, recid: recovery === 1 ? 1 : 0 } as const;
  const { authorization, digest, transaction } = decoded.value;
  const common = { digest: `0x${toHex(digest)}`, signature: `0x${toHex(signatureBytes(recoverable))}` };
  if (authorization !== undefined) {
    return { ...common, authorization: { ...signedAuthorization(decoded.value, recoverable) } };
  }
  if (transaction === undefined) return common;
  const { hash, raw } = signedTransaction(decoded.value, recoverable);
  return { ...common, rawTransaction: `0x${toHex(raw)}`, transactionHash: `0x${toHex(hash)}` };
}
