/**
 * KEYGEN, IMPORT, RESHARE and REMOVE as one machine (docs/protocol.md b, f.1): authenticates and collects messages, runs the round functions in order,
 * signs what they say. All judgement is in the rounds and in checks.ts; all state after the own ACK in activation.ts.
 */
import { equalBytes } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { curve } from '../curve/accelerated.ts';
import { Abort } from '../errors.ts';
import {
  type EnvelopeFields,
  type ParsedEnvelope,
  parseEnvelope,
  type SignBytes,
  sealEnvelope,
  type VerifySignature,
  verifyEnvelope,
} from '../rounds/envelope.ts';
import { type Equivocation, Inbox } from '../rounds/inbox.ts';
import type { RoundResult } from '../rounds/round.ts';
import type { Secret, SecretValue } from '../secret.ts';
import type { EpochConfig } from '../session-id.ts';
import { type Activation, createActivation, type KeygenEffect } from './activation.ts';
import type { Certificate } from './certificate.ts';
import { blame, type Finding, toAbort } from './checks.ts';
import { judgeComplaint } from './complaint.ts';
import { canJudge, type Member, makeFrame, memberOf, type Run, unusable } from './config.ts';
import { type Epoch, hashChainCode } from './epoch.ts';
import {
  ABORT_MESSAGE,
  bodyLength,
  DKG_ABANDON,
  DKG_ACK,
  DKG_ACTIVE,
  DKG_BROADCAST,
  DKG_COMPLAINT,
  DKG_SHARE,
} from './messages.ts';
import { type DealtKey, type Keep1, round1, sampleRound1 } from './round-1.ts';
import { type Keep2, round2, sampleRound2 } from './round-2.ts';
import { type Keep3, round3 } from './round-3.ts';
import { type Keep4, observe, round4, sampleRound4 } from './round-4.ts';
import { round5 } from './round-5.ts';

export interface EpochRunOptions {
  readonly sessionId: Uint8Array;
  /** From `keygenConfig`, `importConfig` or `reshareConfig`. */
  readonly config: EpochConfig;
  /** What proposal and consents have bound; must be what `configHash` gives for `config`. */
  readonly cfgHash: Uint8Array;
  /** `pidOf(config, own identity key)`. */
  readonly pid: number;
  /** RESHARE, REMOVE: the parent epoch, out of a verified certificate or an own key share. */
  readonly parent?: Epoch;
  /** Exactly of a dealer in RESHARE, REMOVE and IMPORT. The run owns it from here on: `start` and `stop` wipe it. */
  readonly dealt?: DealtKey;
  readonly sign: SignBytes;
  readonly verify: VerifySignature;
  /** Drawn in the order of `sampleRound1`, `sampleRound2`, `sampleRound4`. */
  readonly random: Random;
}

/** `Effect.to` and the culprits of an `Abort` are pids: `identityKeyOfPid` names the peer. */
export interface EpochRun extends Activation {
  /** Senders that have signed two different messages where one may be; evidence, also while the run goes on. */
  equivocations(): readonly Equivocation[];
}

type Stage =
  | { readonly kind: 'new' }
  | { readonly kind: 'round1'; readonly keep: Keep1 }
  | { readonly kind: 'round2'; readonly keep: Keep2 }
  | { readonly kind: 'round3'; readonly keep: Keep3 }
  | { readonly kind: 'round4'; readonly keep: Keep4; readonly before: Keep3 }
  /** `watched`: of a member without a share, until there is a certificate: a complaint or an ABORT still ends it. */
  | { readonly kind: 'activation'; readonly activation: Activation; readonly watched?: Keep3 }
  | { readonly kind: 'over' };

/** Throws `InvalidArgument` for a configuration that no run can have, or a dealt key that does not fit it. */
export function createEpochRun(options: EpochRunOptions): EpochRun {
  const { config, parent } = options;
  const frame = makeFrame(options.sessionId, config, parent);
  if (!equalBytes(frame.cfgHash, options.cfgHash)) throw unusable('cfgHash', 'cfgHash belongs to another one');
  if (!canJudge(frame)) throw unusable('parent', 'the parent epoch is missing');
  const run = { ...frame, self: memberOf(frame, options.pid) };
  const problem = dealtProblem(run, options.dealt);
  if (problem !== undefined) throw unusable('dealt', problem);
  return new EpochRunMachine(run, options);
}

/** Why this member cannot deal with this key: it must be what F1 and K8 of the others will look for. */
function dealtProblem(run: Run, dealt: DealtKey | undefined): string | undefined {
  const { config, parent, self } = run;
  if (config.purpose === 'KEYGEN' || !self.dealer) return dealt === undefined ? undefined : 'no known key is dealt';
  if (dealt === undefined) return 'a dealer brings the key it deals';
  const expected = config.purpose === 'IMPORT' ? config.publicKey : parent?.publicShares[self.oldIndex - 1];
  const point = dealt.secret.use((secret) => curve.base(secret));
  if (expected === undefined || curve.isIdentity(point) || !equalBytes(curve.encode(point), expected)) {
    return 'the dealt secret is not that of the key';
  }
  const ccPub = dealt.chainCode.use((chainCode) => hashChainCode(config.publicKey, chainCode));
  return equalBytes(ccPub, config.chainCodeHash) ? undefined : 'the chain code is not that of the key';
}

class EpochRunMachine implements EpochRun {
  readonly #run: Run;
  readonly #options: EpochRunOptions;
  readonly #inbox = new Inbox();
  /** Phase messages of the activation that came early; complete envelopes. */
  readonly #early: Uint8Array[] = [];
  readonly #secrets: Secret<SecretValue>[] = [];
  #stage: Stage = { kind: 'new' };

  constructor(run: Run, options: EpochRunOptions) {
    this.#run = run;
    this.#options = options;
    if (options.dealt !== undefined) this.#own(options.dealt.secret, options.dealt.chainCode);
  }

  accepts(sid: Uint8Array): boolean {
    const stage = this.#stage;
    if (stage.kind === 'over') return false;
    if (stage.kind === 'activation' && stage.watched === undefined) return stage.activation.accepts(sid);
    const runSid = this.#sid();
    return equalBytes(sid, this.#run.sessionId) || (runSid !== undefined && equalBytes(sid, runSid));
  }

  start(): readonly KeygenEffect[] {
    if (this.#stage.kind !== 'new') return [];
    const { dealt, random } = this.#options;
    const sample = sampleRound1(this.#run, random, dealt);
    for (const secret of this.#secrets.splice(0)) secret.wipe();
    if (sample.dealing !== undefined) this.#own(sample.dealing.coefficients, sample.dealing.chainCode);
    const effects: KeygenEffect[] = [];
    const { keep, outbox } = round1(this.#run, sample);
    this.#stage = { kind: 'round1', keep };
    this.#post(outbox, effects);
    this.#advance(effects);
    return effects;
  }

  deliver(bytes: Uint8Array): readonly KeygenEffect[] {
    const stage = this.#stage;
    if (stage.kind === 'over') return [];
    const envelope = parseEnvelope(bytes);
    if (stage.kind === 'activation' && (stage.watched === undefined || isActivationMessage(envelope?.type))) {
      const effects = stage.activation.deliver(bytes);
      if (effects.some((effect) => effect.kind === 'done')) this.#settle(stage.activation);
      return effects;
    }
    const sender = this.#run.members.find((member) => member.pid === envelope?.from);
    if (envelope === undefined || sender === undefined || sender.pid === this.#run.self.pid) return [];
    const length = this.#expectedLength(envelope, sender);
    if (length === undefined || !verifyEnvelope(envelope, sender.identityKey, this.#options.verify)) return [];

    const effects: KeygenEffect[] = [];
    if (isActivationMessage(envelope.type)) {
      if (envelope.body.length === length && this.#inbox.put(envelope) === 'new') this.#early.push(envelope.bytes);
    } else if (envelope.type === ABORT_MESSAGE) {
      if (envelope.body.length === length && envelope.body[0] === 0) this.#peerAborted(sender, effects);
    } else if (envelope.body.length !== length) {
      const check = envelope.type === DKG_BROADCAST && envelope.round === 2 ? 'K3' : 'K1';
      const evidence = envelope.type === DKG_SHARE ? [] : [envelope];
      this.#fail(blame(check, [sender.pid], 'A message has the wrong length.'), evidence, effects);
    } else if (this.#inbox.put(envelope) === 'new') {
      this.#advance(effects);
    }
    return effects;
  }

  adopt(certificate: Certificate): readonly KeygenEffect[] {
    if (this.#stage.kind !== 'activation') return [];
    const { activation } = this.#stage;
    const effects = activation.adopt(certificate);
    if (effects.length > 0) this.#settle(activation);
    return effects;
  }

  abandon(): readonly KeygenEffect[] {
    return this.#stage.kind === 'activation' ? this.#stage.activation.abandon() : [];
  }

  equivocations(): readonly Equivocation[] {
    return this.#inbox.equivocations();
  }

  stop(): void {
    this.#end();
  }

  /** Length of the body for the slot this envelope claims; `undefined` if this run has no such slot now. */
  #expectedLength(envelope: ParsedEnvelope, sender: Member): number | undefined {
    const { type, round, to, sid } = envelope;
    const onSession = (type === DKG_BROADCAST && round <= 2) || type === ABORT_MESSAGE;
    const expected = onSession ? this.#run.sessionId : this.#sid();
    if (expected === undefined || !equalBytes(sid, expected)) return undefined;
    if (to !== (type === DKG_SHARE ? this.#run.self.pid : 0)) return undefined;
    if (type === DKG_SHARE && (!sender.dealer || this.#run.self.index === 0)) return undefined;
    const isHolders = isActivationMessage(type) || (type === DKG_BROADCAST && round === 4);
    if (isHolders && sender.index === 0) return undefined;
    return bodyLength(type, round, this.#run.threshold, sender.dealer);
  }

  /** sid, once all of round 1 is in. */
  #sid(): Uint8Array | undefined {
    const stage = this.#stage;
    if (stage.kind === 'round2' || stage.kind === 'round3') return stage.keep.sid;
    if (stage.kind === 'activation') return stage.watched?.sid;
    return stage.kind === 'round4' ? stage.before.sid : undefined;
  }

  /** Runs rounds as long as the messages for the next one are complete. */
  #advance(effects: KeygenEffect[]): void {
    for (let moved = true; moved; ) {
      if (this.#judgeComplaints(effects)) return;
      moved = this.#step(effects);
    }
  }

  #step(effects: KeygenEffect[]): boolean {
    const { random } = this.#options;
    const { pids, self, dealers, holders } = this.#run;
    const stage = this.#stage;
    if (stage.kind === 'round1') {
      const received = this.#inbox.collect(DKG_BROADCAST, 1, pids);
      if (received === undefined) return false;
      const sample = sampleRound2(this.#run, random);
      this.#own(sample.proofNonces);
      const result = round2(this.#run, stage.keep, received, sample);
      this.#stage = { kind: 'round2', keep: result.keep };
      return this.#post(result.outbox, effects);
    }
    if (stage.kind === 'round2') {
      const received = this.#inbox.collect(DKG_BROADCAST, 2, pids);
      if (received === undefined) return false;
      const result = round3(this.#run, stage.keep, received);
      if (result.kind === 'abort') return this.#abort(result, effects);
      if (result.keep.own !== undefined) this.#own(result.keep.own.share);
      this.#stage = { kind: 'round3', keep: result.keep };
      return this.#post(result.outbox, effects);
    }
    if (stage.kind === 'round3') {
      const broadcasts = this.#inbox.collect(DKG_BROADCAST, 3, pids);
      if (broadcasts !== undefined && self.index === 0) return this.#observe(stage.keep, broadcasts, effects);
      const others = dealers.filter((dealer) => dealer.pid !== self.pid).map((dealer) => dealer.pid);
      const shares = this.#inbox.collect(DKG_SHARE, 3, others);
      if (broadcasts === undefined || shares === undefined) return false;
      const sample = sampleRound4(random);
      this.#own(sample.proofNonce);
      const result = round4(this.#run, stage.keep, { broadcasts, shares }, sample);
      if (result.kind === 'abort') return this.#abort(result, effects);
      this.#own(result.keep.share, result.keep.chainCode);
      this.#stage = { kind: 'round4', keep: result.keep, before: stage.keep };
      return this.#post(result.outbox, effects);
    }
    if (stage.kind !== 'round4') return false;
    const holderPids = holders.map((holder) => holder.pid);
    const received = this.#inbox.collect(DKG_BROADCAST, 4, holderPids);
    if (received === undefined) return false;
    const result = round5(this.#run, stage.keep, received);
    if (result.kind === 'abort') return this.#abort(result, effects);
    // From here on the host owns share and chain code: they are in the record, and stop() must not wipe them.
    this.#secrets.length = 0;
    this.#inbox.wipe(DKG_SHARE);
    effects.push({ kind: 'record', record: { kind: 'prepared', keyshare: result.keep } });
    this.#activate(stage.keep.epoch, effects);
    return false;
  }

  /** A member that gets no share has done its part: it waits for the certificate. */
  #observe(keep: Keep3, broadcasts: readonly ParsedEnvelope[], effects: KeygenEffect[]): boolean {
    const result = observe(this.#run, keep, broadcasts);
    if (result.kind === 'abort') return this.#abort(result, effects);
    this.#activate(result.keep, effects, keep);
    return false;
  }

  #activate(epoch: Epoch, effects: KeygenEffect[], watched?: Keep3): void {
    const { sign, verify } = this.#options;
    const activation = createActivation({ epoch, pid: this.#run.self.pid, sign, verify });
    this.#stage = { kind: 'activation', activation, ...(watched === undefined ? {} : { watched }) };
    effects.push(...activation.start());
    for (const envelope of this.#early.splice(0)) effects.push(...activation.deliver(envelope));
    if (effects.some((effect) => effect.kind === 'done')) this.#settle(activation);
  }

  /** There is a certificate: nothing that a member says later ends this. */
  #settle(activation: Activation): void {
    this.#stage = { kind: 'activation', activation };
  }

  /** True if a complaint ended the run. The verdict waits until the dealings are known. */
  #judgeComplaints(effects: KeygenEffect[]): boolean {
    const stage = this.#stage;
    const context = complaintContext(stage);
    if (context === undefined) return false;
    for (const pid of this.#run.pids) {
      const complaint = this.#inbox.get(DKG_COMPLAINT, 8, pid);
      if (complaint === undefined) continue;
      const finding = judgeComplaint(this.#run, context, complaint, this.#options.verify);
      const dealt = context.round2.filter((envelope) => finding.culprits.includes(envelope.from));
      // No ABORT: it could overtake the complaint, and the others must judge it too.
      effects.push({ kind: 'abort', abort: toAbort(finding, [complaint, ...dealt]) });
      this.#end();
      return true;
    }
    return false;
  }

  #peerAborted(sender: Member, effects: KeygenEffect[]): void {
    const message = `Member ${sender.pid} has ended the run.`;
    effects.push({ kind: 'abort', abort: new Abort({ failure: 'BENIGN', check: 'ABORT', message }) });
    this.#end();
  }

  #fail(finding: Finding, evidence: readonly ParsedEnvelope[], effects: KeygenEffect[]): void {
    this.#abort({ kind: 'abort', abort: toAbort(finding, evidence) }, effects);
  }

  /** Ends the run; what it still says is signed first, and is part of the evidence. Always false: nothing moves on. */
  #abort(result: RoundResult<never> & { readonly kind: 'abort' }, effects: KeygenEffect[]): false {
    const complaints = (result.outbox ?? []).map((fields) => sealEnvelope(fields, this.#options.sign).bytes);
    const abort = this.#withEquivocations(result.abort, complaints);
    this.#end();
    // One by one and not as a broadcast: a complaint goes to the members only, never into a transcript.
    for (const envelope of complaints) {
      for (const member of this.#run.members) {
        if (member.pid !== this.#run.self.pid) effects.push({ kind: 'send', to: member.pid, envelope });
      }
    }
    if (complaints.length === 0) {
      const { sessionId: sid, self } = this.#run;
      const fields = { type: ABORT_MESSAGE, round: 0, from: self.pid, to: 0, sid, body: new Uint8Array(1) };
      effects.push({ kind: 'send', to: 0, envelope: sealEnvelope(fields, this.#options.sign).bytes });
    }
    effects.push({ kind: 'abort', abort });
    return false;
  }

  /** Where views differ and both signed messages are at hand, the sender is named at once. */
  #withEquivocations(abort: Abort, complaints: readonly Uint8Array[]): Abort {
    // A second share is no proof that may be shown, and an honest restored dealer may have sent it.
    const proven = this.#inbox.equivocations().filter((equivocation) => equivocation.first.type !== DKG_SHARE);
    const named = abort.failure === 'INCONSISTENT' ? proven : [];
    if (named.length === 0 && complaints.length === 0) return abort;
    const pids = named.map((equivocation) => equivocation.from);
    const both = named.flatMap((equivocation) => [equivocation.first.bytes, equivocation.second.bytes]);
    return new Abort({
      failure: abort.failure,
      check: abort.check,
      message: abort.message,
      culprits: [...abort.culprits, ...pids],
      evidence: [...abort.evidence, ...both, ...complaints],
    });
  }

  #post(outbox: readonly EnvelopeFields[], effects: KeygenEffect[]): true {
    for (const fields of outbox) {
      const envelope = sealEnvelope(fields, this.#options.sign);
      // Own broadcasts take part in every later check like anybody else's; a copy, since the host gets the original.
      const copy = envelope.to === 0 ? parseEnvelope(envelope.bytes) : undefined;
      if (copy !== undefined) this.#inbox.put(copy);
      effects.push({ kind: 'send', to: envelope.to, envelope: envelope.bytes });
    }
    return true;
  }

  #own(...secrets: Secret<SecretValue>[]): void {
    this.#secrets.push(...secrets);
  }

  #end(): void {
    if (this.#stage.kind === 'activation') this.#stage.activation.stop();
    this.#stage = { kind: 'over' };
    for (const secret of this.#secrets.splice(0)) secret.wipe();
    this.#inbox.wipe(DKG_SHARE);
    this.#early.length = 0;
  }
}

function complaintContext(stage: Stage): Keep3 | undefined {
  if (stage.kind === 'round3') return stage.keep;
  return stage.kind === 'round4' ? stage.before : stage.kind === 'activation' ? stage.watched : undefined;
}

function isActivationMessage(type: number | undefined): boolean {
  return type === DKG_ACK || type === DKG_ACTIVE || type === DKG_ABANDON;
}
