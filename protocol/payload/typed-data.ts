/**
 * EIP-712 typed data, from bytes to a reading. The first reading rebuilds the document from the values it understood, so
 * nothing can be shown that is not signed and nothing signed that is not shown; the second one is viem's; both agree.
 */
import { equalBytes } from '../common/bytes.ts';
import { err, ok, type Result } from '../common/result.ts';
import { parseStrictJson, type StrictJson } from '../common/strict-json.ts';
import { MAX_TYPED_DATA_LENGTH } from './limits.ts';
import { guarded, type PayloadProblem, refuse } from './refusal.ts';
import { safeTxDigest } from './safe-tx.ts';
import { agreeTypedData } from './typed-data/agree.ts';
import { readDocument, type TypedDocument } from './typed-data/document.ts';
import { fieldValue } from './typed-data/fields.ts';
import { typedDataDigest } from './typed-data/hash.ts';
import { authorizeFrame, understand } from './typed-data/meaning.ts';
import type { TypedData, TypedReading } from './typed-data/reading.ts';
import { type CanonicalMembers, canonicalDocument, rebuild } from './typed-data/rebuild.ts';
import { safeTxFrame, safeTxOf } from './typed-data/safe.ts';
import { secondTypedData } from './typed-data/second-reading.ts';

/**
 * The payload bytes for a document that a person or a tool wrote: numbers may be JSON numbers, decimal or 0x strings,
 * addresses lower case or checksummed, the `EIP712Domain` type may be left out. The proposing side calls this once.
 */
export function canonicalizeTypedData(text: string): Result<Uint8Array, PayloadProblem> {
  const parsed = parseStrictJson(text, { maxLength: MAX_TYPED_DATA_LENGTH });
  if (!parsed.ok) {
    const { message, offset } = parsed.error;
    return err({ code: 'TYPED_DATA_JSON', message: `the typed data is not strict JSON: ${message} (at ${offset})` });
  }
  return canonicalTypedData(parsed.value);
}

/** As `canonicalizeTypedData`, for a document inside a larger file that is parsed already. */
export function canonicalTypedData(value: StrictJson): Result<Uint8Array, PayloadProblem> {
  return guarded('DECODER_FAILED', () => {
    const document = checked(readDocument(value));
    const members = rebuild(document);
    const bytes = canonicalDocument(document, members);
    written = { bytes: new Uint8Array(bytes), document, members };
    return ok(bytes);
  });
}

/**
 * The document that was brought into its canonical form last. Who does that decodes the result next; its own bytes need
 * no second look by the same reader, since they are what this document is written as. The other reading takes the bytes.
 */
let written: (Canonical & { readonly bytes: Uint8Array }) | undefined;

/** A document that was checked, and what it is written as. */
interface Canonical {
  readonly document: TypedDocument;
  readonly members: CanonicalMembers;
}

/** Once only, so that no two decoded payloads share their values. */
function takeWritten(bytes: Uint8Array): Canonical | undefined {
  const last = written;
  written = undefined;
  return last !== undefined && bytes.length <= MAX_TYPED_DATA_LENGTH && equalBytes(last.bytes, bytes)
    ? last
    : undefined;
}

/**
 * Reads payload bytes; anything but the canonical text of a document is refused (throws PayloadRefusal). The caller has
 * bounded the number of bytes.
 */
export function readTypedData(bytes: Uint8Array): TypedReading {
  const { document, members } = readCanonical(bytes);
  const digest = typedDataDigest(document);
  agreeTypedData(document, digest, secondTypedData(bytes));
  const understood = understand(document);
  const safeTx = understood?.meaning.known === 'safe-tx' ? safeTxOf(document) : undefined;
  // The hash of what a screen shows of a Safe transaction, by other code than that of the document.
  if (safeTx !== undefined && !equalBytes(safeTxDigest(safeTx), digest)) refuse('DECODERS_DISAGREE', 'digest');
  const chainId = fieldValue(document.domain, 'chainId');
  const typedData: TypedData = {
    ...members,
    encodedType: document.encodedType,
    domainFields: document.domain,
    messageFields: document.message,
    meaning: understood?.meaning,
  };
  return {
    typedData,
    digest,
    chainId: chainId?.kind === 'number' ? chainId.value : undefined,
    safeTx,
    frame: safeTx === undefined ? authorizeFrame(document, digest, understood) : safeTxFrame(safeTx),
  };
}

/** Canonical text is ASCII; anything else becomes characters that are not written back as the same bytes. */
const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });

function readCanonical(bytes: Uint8Array): Canonical {
  const known = takeWritten(bytes);
  if (known !== undefined) return known;
  const parsed = parseStrictJson(TEXT.decode(bytes), { maxLength: MAX_TYPED_DATA_LENGTH });
  if (!parsed.ok) return refuse('TYPED_DATA_JSON', parsed.error.message);
  const document = readDocument(parsed.value);
  const members = rebuild(document);
  if (!equalBytes(canonicalDocument(document, members), bytes)) refuse('TYPED_DATA_NOT_CANONICAL');
  return { document: checked(document), members };
}

/** A Safe transaction has to be one in its values, too, before it is called one. */
function checked(document: TypedDocument): TypedDocument {
  if (document.table.primaryType === 'SafeTx') safeTxOf(document);
  return document;
}
