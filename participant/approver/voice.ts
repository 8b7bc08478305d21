/**
 * What this approver says, under its own key: signed at once by the key in the vault, or written out for the program
 * that holds an SSH key. Durable before it leaves.
 */
import { approverVerifier } from '../../protocol/ceremony/approver-key.ts';
import { readSshSignature } from '../../protocol/ceremony/ssh-signature.ts';
import { type Envelope, parseEnvelope, sealEnvelope, signedBytes } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { Drafts } from './drafts.ts';
import { type ApproverHome, LOG_DECISION } from './home.ts';
import { keyText } from './profile.ts';

/** A statement that is signed, or the bytes that `ssh-keygen -Y sign` is to sign. */
export type Uttered =
  | { readonly kind: 'signed'; readonly envelope: Envelope }
  | { readonly kind: 'draft'; readonly message: Uint8Array; readonly namespace: string };

/** What was said longer ago is not repeated to whoever connects. */
const MAX_REPEATED = 200;

export class Voice {
  readonly #home: ApproverHome;
  readonly #clock: Clock;
  readonly #drafts: Drafts;
  readonly #said = new Map<string, Envelope>();
  #carry: (envelope: Envelope) => void = () => undefined;

  constructor(home: ApproverHome, clock: Clock) {
    this.#home = home;
    this.#clock = clock;
    this.#drafts = new Drafts(home, clock);
    for (const bytes of home.decisions) {
      const envelope = parseEnvelope(bytes);
      if (envelope.ok) this.#remember(envelope.value);
    }
  }

  /** As policies write it. */
  get key(): string {
    return keyText(this.#home.profile, this.#home.identity);
  }

  /** Own statements, the oldest first. */
  said(): readonly Envelope[] {
    return [...this.#said.values()];
  }

  /** @param carry told of every new statement, after it is durable */
  carriedBy(carry: (envelope: Envelope) => void): void {
    this.#carry = carry;
  }

  /** @param name what it is about: a later draft of the same name replaces it */
  async utter(name: string, unsigned: Pick<Envelope, 'body' | 'type'>): Promise<Uttered> {
    const { body, type } = unsigned;
    if (this.#home.profile.sshKey !== undefined) {
      return { kind: 'draft', message: await this.#drafts.keep(name, unsigned), namespace: type };
    }
    const signature = this.#home.identity.statement.sign(signedBytes(type, body));
    return { kind: 'signed', envelope: await this.#publish(sealEnvelope(type, body, signature)) };
  }

  /** The latest draft of that name with the signature of a signature file. Fails with `APPROVER_SIGNATURE`. */
  async seal(name: string, signatureFile: string): Promise<Envelope> {
    const blob = readSshSignature(signatureFile);
    const envelope = blob && this.#drafts.seal(name, blob);
    const verifier = envelope && approverVerifier(this.key, envelope.type);
    if (envelope === undefined || !verifier?.(signedBytes(envelope.type, envelope.body), envelope.signature)) {
      throw new Refusal(
        'APPROVER_SIGNATURE',
        'it is no signature by the key of this approver over the bytes that were written last',
      );
    }
    return await this.#publish(envelope);
  }

  async #publish(envelope: Envelope): Promise<Envelope> {
    await this.#home.log.append({ at: this.#clock.now(), kind: LOG_DECISION, bytes: envelope.bytes });
    this.#remember(envelope);
    this.#carry(envelope);
    return envelope;
  }

  #remember(envelope: Envelope): void {
    this.#said.set(toHex(envelope.bytes), envelope);
    const [oldest] = this.#said.keys();
    if (this.#said.size > MAX_REPEATED && oldest !== undefined) this.#said.delete(oldest);
  }
}
