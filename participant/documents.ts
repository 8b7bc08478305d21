/**
 * Documents that statements name by digest: policies as they were applied, the other inputs of each judgement, wallet
 * certificates. Kept in the log, so that a transcript can still be completed after a restart.
 */

import type { RecordLog } from '../proto/rest/record-log.ts';
import { toHex } from '../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../protocol/common/canonical-json.ts';
import { documentDigest } from '../protocol/common/document.ts';
import type { Clock } from '../protocol/common/effects.ts';

/** Kind of the log records that hold a document. */
export const LOG_DOCUMENT = 'document';

export class Documents {
  readonly #byDigest = new Map<string, Json>();
  readonly #clock: Clock;
  #log: RecordLog | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in what the log holds; new documents are appended from then on. */
  attach(log: RecordLog): void {
    this.#log = log;
  }

  replay(bytes: Uint8Array): void {
    const content = parseCanonical(bytes);
    if (content.ok) this.#byDigest.set(toHex(documentDigest(content.value)), content.value);
  }

  /** Digest of the document, now durable. */
  async put(content: Json): Promise<Uint8Array> {
    const digest = documentDigest(content);
    const name = toHex(digest);
    if (this.#byDigest.has(name)) return digest;
    await this.#log?.append({ at: this.#clock.now(), kind: LOG_DOCUMENT, bytes: canonicalBytes(content) });
    this.#byDigest.set(name, content);
    return digest;
  }

  get(digest: Uint8Array): Json | undefined {
    return this.#byDigest.get(toHex(digest));
  }
}
