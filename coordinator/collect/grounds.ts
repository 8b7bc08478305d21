/**
 * What a verdict rests on, by digest: the inputs of its judgement, its policies and the approvals of people. A party sends them beside it; a
 * consent without them is passed on but carries no session, since nobody could ever audit the signature.
 */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import { parseCanonical } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import type { Collection } from './collection.ts';

/** The entry without consents whose grounds have not come. */
export function withGrounds(entry: BookEntry, collection: Pick<Collection, 'document'>): BookEntry {
  const { ceremony } = entry;
  const verdicts = [...ceremony.verdicts].filter(([, verdict]) => {
    return verdict.body.decision === 'reject' || groundsOf(verdict).every((digest) => collection.document(digest));
  });
  return { ...entry, ceremony: { ...ceremony, verdicts: new Map(verdicts) } };
}

/** The entries in which a verdict names this document. */
export function restingOn(entries: readonly BookEntry[], document: Uint8Array): readonly BookEntry[] {
  const json = parseCanonical(document);
  if (!json.ok) return [];
  const digest = documentDigest(json.value);
  return entries.filter(({ ceremony }) =>
    [...ceremony.verdicts.values()].some((verdict) => groundsOf(verdict).some((named) => equalBytes(named, digest))),
  );
}

function groundsOf({ body }: VerdictStatement): readonly Uint8Array[] {
  const { approvals = [], commonPolicy, inputs, ownPolicy } = body;
  return [inputs, commonPolicy?.digest, ownPolicy?.digest, ...approvals].flatMap((digest) => digest ?? []);
}
