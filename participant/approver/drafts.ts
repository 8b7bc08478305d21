/** Own statements that wait for a signature made elsewhere: what is sealed later is what was written out, to the byte. */
import { ENVELOPE, type Envelope, envelopeJson, sealEnvelope, signedBytes } from '../../protocol/ceremony/statement.ts';
import { canonicalBytes, parseCanonical } from '../../protocol/common/canonical-json.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import { object, read, text } from '../../protocol/common/schema.ts';
import { type ApproverHome, LOG_DRAFT } from './home.ts';

interface Draft {
  /** What it is about: a later draft of the same name replaces it. */
  readonly name: string;
  /** With an empty signature. */
  readonly statement: Envelope;
}

export class Drafts {
  readonly #home: ApproverHome;
  readonly #clock: Clock;
  readonly #byName = new Map<string, Envelope>();

  constructor(home: ApproverHome, clock: Clock) {
    this.#home = home;
    this.#clock = clock;
    for (const bytes of home.drafts) {
      const json = parseCanonical(bytes);
      const draft = json.ok ? read(DRAFT, json.value) : json;
      if (draft.ok) this.#byName.set(draft.value.name, draft.value.statement);
    }
  }

  /** Durable when it resolves. Returns the bytes that are to be signed. */
  async keep(name: string, { body, type }: Pick<Envelope, 'body' | 'type'>): Promise<Uint8Array> {
    const statement = sealEnvelope(type, body, new Uint8Array());
    const bytes = canonicalBytes({ name, statement: envelopeJson(statement) });
    await this.#home.log.append({ at: this.#clock.now(), kind: LOG_DRAFT, bytes });
    this.#byName.set(name, statement);
    return signedBytes(type, body);
  }

  /** The latest draft of that name under this signature, which nobody has checked yet; undefined if there is none. */
  seal(name: string, signature: Uint8Array): Envelope | undefined {
    const draft = this.#byName.get(name);
    return draft && sealEnvelope(draft.type, draft.body, signature);
  }
}

const DRAFT = object<Draft>({ name: text({ min: 1, max: 200 }), statement: ENVELOPE });
