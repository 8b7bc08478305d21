/**
 * From PREPARED to ACTIVE (docs/protocol.md b.7). The own ACK is the point of no return: after it nothing here aborts
 * or erases. All n acknowledgements are the certificate; it may also come from a peer. A party that restarts with a
 * PREPARED record starts an activation again: the same ACK leaves again, byte for byte. A member of the run that gets
 * no share says nothing here and waits for the certificate.
 *
 * One activation knows one epoch. What several epochs of a wallet mean for each other is in generations.ts.
 */
import { equalBytes } from '../../common/bytes.ts';
import {
  type EnvelopeFields,
  type ParsedEnvelope,
  parseEnvelope,
  type SignBytes,
  sealEnvelope,
  type VerifySignature,
  verifyEnvelope,
} from '../rounds/envelope.ts';
import { Inbox } from '../rounds/inbox.ts';
import type { Effect, Machine } from '../rounds/round.ts';
import { hasParent } from '../session-id.ts';
import { ackBody, acknowledges, type Certificate, makeCertificate, verifyCertificate } from './certificate.ts';
import { type Frame, type Member, makeFrame, memberOf } from './config.ts';
import type { Epoch } from './epoch.ts';
import type { Keyshare } from './keyshare.ts';
import { DKG_ABANDON, DKG_ACK, DKG_ACTIVE, ROUND_OF, writeEpochNotice } from './messages.ts';

export type KeygenRecord =
  /**
   * Ask `mayAcknowledge`, write, flush, read back with `decodeKeyshare`, in one exclusive section. The own ACK is the
   * next effect: if the record is refused, stop the machine, and nothing leaves. The host owns the secrets.
   */
  | { readonly kind: 'prepared'; readonly keyshare: Keyshare }
  | { readonly kind: 'active'; readonly certificate: Certificate }
  /** The epoch has a certificate, and this member holds no share of it. */
  | { readonly kind: 'certified'; readonly certificate: Certificate }
  /** A signed ACTIVE of another holder, by its index in this epoch; older generations may go when there is one of each. */
  | {
      readonly kind: 'peer-active';
      readonly epochId: Uint8Array;
      readonly party: number;
      readonly envelope: Uint8Array;
    }
  /** This party is about to sign ABANDON and never activates this epoch. */
  | { readonly kind: 'abandoned' }
  /** All n have signed ABANDON: the PREPARED record may be erased. */
  | { readonly kind: 'discard'; readonly envelopes: readonly Uint8Array[] };

export interface KeygenOutput {
  readonly epoch: Epoch;
  readonly certificate: Certificate;
}

export type KeygenEffect = Effect<KeygenOutput, KeygenRecord>;

export interface ActivationOptions {
  readonly epoch: Epoch;
  /** Own pid in the run that made the epoch; `pidOfIndex` gives that of a key share's index. */
  readonly pid: number;
  readonly sign: SignBytes;
  readonly verify: VerifySignature;
  /** The own durable record: PREPARED (or no share), ABANDON signed, ACTIVE (or certified). */
  readonly state?: 'prepared' | 'abandoned' | 'active';
}

/** Start it only when the PREPARED record is durable. All its messages are broadcasts. */
export interface Activation extends Machine<KeygenOutput, KeygenRecord> {
  /** A certificate that a peer sent in a statement; no effect if it is not for this epoch or does not verify. */
  adopt(certificate: Certificate): readonly KeygenEffect[];
  /**
   * The operator gives this attempt up: signs ABANDON. No effect if ACTIVE, and none for an epoch with a parent: that
   * one is kept until a higher generation takes its place.
   */
  abandon(): readonly KeygenEffect[];
}

export function createActivation(options: ActivationOptions): Activation {
  return new ActivationMachine(options);
}

class ActivationMachine implements Activation {
  readonly #options: ActivationOptions;
  readonly #frame: Frame;
  readonly #self: Member;
  readonly #inbox = new Inbox();
  #state: 'prepared' | 'abandoned' | 'active' | 'discarded';
  #started = false;
  #stopped = false;

  constructor(options: ActivationOptions) {
    this.#options = options;
    // The sid of the run stands in for its session id, which no message of this phase carries.
    this.#frame = makeFrame(options.epoch.sid, options.epoch.config);
    this.#self = memberOf(this.#frame, options.pid);
    this.#state = options.state ?? 'prepared';
  }

  accepts(sid: Uint8Array): boolean {
    return !this.#stopped && equalBytes(sid, this.#options.epoch.sid);
  }

  start(): readonly KeygenEffect[] {
    if (this.#stopped || this.#started) return [];
    this.#started = true;
    if (this.#self.index === 0) return this.#advance();
    if (this.#state === 'abandoned') return [this.#send(this.#notice(DKG_ABANDON)), ...this.#advance()];
    const effects = [this.#send(this.#ack())];
    if (this.#state === 'active') effects.push(this.#send(this.#notice(DKG_ACTIVE)));
    return [...effects, ...this.#advance()];
  }

  deliver(bytes: Uint8Array): readonly KeygenEffect[] {
    if (this.#stopped) return [];
    const envelope = parseEnvelope(bytes);
    const sender = this.#frame.holders.find((member) => member.pid === envelope?.from);
    if (envelope === undefined || sender === undefined || sender === this.#self) return [];
    if (!this.#fits(envelope)) return [];
    if (!verifyEnvelope(envelope, sender.identityKey, this.#options.verify)) return [];
    if (this.#inbox.put(envelope) !== 'new') return [];
    const effects: KeygenEffect[] = [];
    // Who leaves has nothing to record it with before it has seen the certificate.
    if (envelope.type === DKG_ACTIVE && (this.#self.index > 0 || this.#state === 'active')) {
      effects.push(this.#peerActive(sender.index, envelope.bytes));
    }
    if (this.#started) effects.push(...this.#advance());
    return effects;
  }

  adopt(certificate: Certificate): readonly KeygenEffect[] {
    if (this.#stopped || !this.#started || this.#state !== 'prepared') return [];
    const { epoch, verify } = this.#options;
    const verified = verifyCertificate(certificate, {
      threshold: this.#frame.threshold,
      parties: this.#frame.holders,
      verify,
    });
    if (!verified.ok || !equalBytes(verified.value.epochId, epoch.epochId)) return [];
    return this.#activate(certificate);
  }

  abandon(): readonly KeygenEffect[] {
    if (this.#stopped || this.#state !== 'prepared' || !this.#mayEndUnborn()) return [];
    this.#state = 'abandoned';
    return [
      { kind: 'record', record: { kind: 'abandoned' } },
      this.#send(this.#notice(DKG_ABANDON)),
      ...this.#advance(),
    ];
  }

  stop(): void {
    this.#stopped = true;
    this.#inbox.clear();
  }

  /** Only a share holder gives up, and only a first epoch: its wallet ends with it. */
  #mayEndUnborn(): boolean {
    return this.#self.index > 0 && !hasParent(this.#options.epoch.config.purpose);
  }

  /** Anything else than the one correct body is ignored, so that a later correct one still counts. */
  #fits(envelope: ParsedEnvelope): boolean {
    const { epoch } = this.#options;
    if (envelope.type === DKG_ACK) return acknowledges(epoch, envelope.from, envelope);
    return (
      (envelope.type === DKG_ACTIVE || envelope.type === DKG_ABANDON) &&
      envelope.round === ROUND_OF.get(envelope.type) &&
      envelope.to === 0 &&
      equalBytes(envelope.sid, epoch.sid) &&
      equalBytes(envelope.body, writeEpochNotice(epoch.epochId, epoch.config.gen))
    );
  }

  #advance(): readonly KeygenEffect[] {
    if (this.#state === 'prepared') {
      const acknowledgements = this.#fromAll(DKG_ACK, () => this.#ack());
      if (acknowledgements === undefined) return [];
      return this.#activate(makeCertificate(this.#options.epoch, acknowledgements));
    }
    if (this.#state === 'abandoned') {
      const envelopes = this.#fromAll(DKG_ABANDON, () => this.#notice(DKG_ABANDON));
      if (envelopes === undefined) return [];
      this.#state = 'discarded';
      return [{ kind: 'record', record: { kind: 'discard', envelopes } }];
    }
    return [];
  }

  #activate(certificate: Certificate): readonly KeygenEffect[] {
    this.#state = 'active';
    const done: KeygenEffect = { kind: 'done', output: { epoch: this.#options.epoch, certificate } };
    if (this.#self.index === 0) {
      const heard = this.#frame.holders.flatMap(({ index, pid }) => {
        const envelope = this.#inbox.get(DKG_ACTIVE, ROUND_OF.get(DKG_ACTIVE) ?? 0, pid);
        return envelope === undefined ? [] : [this.#peerActive(index, envelope.bytes)];
      });
      return [{ kind: 'record', record: { kind: 'certified', certificate } }, ...heard, done];
    }
    return [{ kind: 'record', record: { kind: 'active', certificate } }, this.#send(this.#notice(DKG_ACTIVE)), done];
  }

  #peerActive(party: number, envelope: Uint8Array): KeygenEffect {
    const { epochId } = this.#options.epoch;
    return { kind: 'record', record: { kind: 'peer-active', epochId, party, envelope } };
  }

  /** Envelopes of this type by all share holders, by index, once there is one of each other. */
  #fromAll(type: number, own: () => EnvelopeFields): readonly Uint8Array[] | undefined {
    const others = this.#frame.holders.filter((member) => member !== this.#self).map((member) => member.pid);
    const round = ROUND_OF.get(type) ?? 0;
    if (this.#inbox.collect(type, round, others) === undefined) return undefined;
    return this.#frame.holders.map((member) => {
      const envelope = this.#inbox.get(type, round, member.pid);
      return envelope?.bytes ?? sealEnvelope(own(), this.#options.sign).bytes;
    });
  }

  #ack(): EnvelopeFields {
    return this.#broadcast(DKG_ACK, ackBody(this.#options.epoch));
  }

  #notice(type: number): EnvelopeFields {
    const { epoch } = this.#options;
    return this.#broadcast(type, writeEpochNotice(epoch.epochId, epoch.config.gen));
  }

  #broadcast(type: number, body: Uint8Array): EnvelopeFields {
    const round = ROUND_OF.get(type) ?? 0;
    return { type, round, from: this.#self.pid, to: 0, sid: this.#options.epoch.sid, body };
  }

  #send(fields: EnvelopeFields): KeygenEffect {
    return { kind: 'send', to: 0, envelope: sealEnvelope(fields, this.#options.sign).bytes };
  }
}
