/**
 * Evidence that anybody with the roster can judge (docs/protocol.md h): what a member signed, and what is needed to see
 * that an honest member would not have. Broadcasts and statements only. Nothing pairwise can stand here: what would prove
 * a failed check between two parties to others would also give keys away.
 */
import { toHex } from '../../common/bytes.ts';
import type { Json } from '../../common/canonical-json.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { array, bytes, literal, object, optional, type Reader, read, text } from '../../common/schema.ts';
import { describeProblem, ENVELOPE, type Envelope, envelopeJson } from '../statement.ts';

export const EVIDENCE_SCHEMA = 'keymoot.evidence.v1';

/**
 * - `statements`: two statements where one may be;
 * - `messages`: two round broadcasts in one place;
 * - `signing`: broadcasts of one signer that no honest one sends;
 * - `run`: the broadcasts of a keygen, import or reshare, and the statements that its session id binds.
 */
export type EvidenceKind = 'statements' | 'messages' | 'signing' | 'run';

export interface Evidence {
  readonly kind: EvidenceKind;
  /** `party:INDEX`, `operator:NAME`, or `joining:INDEX` of the roster that a reshare makes. */
  readonly accused: string;
  /** The check that failed, as in the table of checks. */
  readonly check: string;
  /** Digest of the roster, 32 bytes. */
  readonly roster: Uint8Array;
  /** `statements`: the two. `run`: the proposal, then the consents. */
  readonly statements: readonly Envelope[];
  /** Complete round envelopes. */
  readonly envelopes: readonly Uint8Array[];
  /** `run` of a reshare: the document of the wallet in the epoch that is dealt. */
  readonly wallet?: Json | undefined;
}

/** What was found against whom. */
export interface Proven {
  /** `party:INDEX`, `operator:NAME` or `joining:INDEX`. */
  readonly accused: string;
  readonly check: string;
  /** What the evidence shows, in one plain sentence. */
  readonly message: string;
}

/** Rounds 1 to 4 of twenty members, and a complaint. */
const MAX_ENVELOPES = 100;
/** Round 2 of a dealer among the largest threshold a roster may have, with room. */
const MAX_ENVELOPE_BYTES = 16 * 1024;
const MAX_STATEMENTS = 32;

export function evidenceJson(evidence: Evidence): Json {
  return {
    accused: evidence.accused,
    check: evidence.check,
    envelopes: evidence.envelopes.map(toHex),
    kind: evidence.kind,
    roster: toHex(evidence.roster),
    schema: EVIDENCE_SCHEMA,
    statements: evidence.statements.map(envelopeJson),
    ...(evidence.wallet === undefined ? {} : { wallet: evidence.wallet }),
  };
}

/** Reads the form only; the error is a plain sentence. */
export function readEvidence(document: Json): Result<Evidence, string> {
  const shape = read(EVIDENCE, document);
  if (!shape.ok) return err(describeProblem(shape.error));
  const { schema: _, ...evidence } = shape.value;
  return ok(evidence);
}

/** Whether a document calls itself evidence. */
export function isEvidence(document: Json): boolean {
  if (typeof document !== 'object' || Array.isArray(document)) return false;
  return (document as { readonly [key: string]: Json })['schema'] === EVIDENCE_SCHEMA;
}

const ANY: Reader<Json | undefined> = (value) => value;

const EVIDENCE: Reader<Evidence & { readonly schema: string }> = object<Evidence & { readonly schema: string }>({
  accused: text({ max: 60, pattern: /^(operator:[a-z0-9][a-z0-9-]*|(party|joining):[1-9][0-9]?)$/ }),
  check: text({ min: 1, max: 40, pattern: /^[A-Za-z0-9_.-]+$/ }),
  envelopes: array(bytes({ max: MAX_ENVELOPE_BYTES }), { max: MAX_ENVELOPES }),
  kind: literal<EvidenceKind>('statements', 'messages', 'signing', 'run'),
  roster: bytes({ length: 32 }),
  schema: literal(EVIDENCE_SCHEMA),
  statements: array(ENVELOPE, { max: MAX_STATEMENTS }),
  wallet: optional(ANY),
});
