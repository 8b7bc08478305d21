/**
 * A keygen, an import or a reshare, as this party runs it: dealing, receiving, or both. From the own ACK on nothing may
 * erase the share: what is not active by then is finished by activations.ts, in this process or a later one
 * (docs/protocol.md b.7).
 */
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { standing } from '../../protocol/ceremony/lifecycle.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import { memberByKey, type RunPlan } from '../../protocol/ceremony/run-plan.ts';
import type { Envelope } from '../../protocol/ceremony/statement.ts';
import { walletDocument } from '../../protocol/ceremony/wallet.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import type { KeygenOutput, KeygenRecord } from '../../protocol/threshold/keygen/activation.ts';
import { encodeKeyshare, wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { createEpochRun, type EpochRun } from '../../protocol/threshold/keygen/machine.ts';
import type { DealtKey } from '../../protocol/threshold/keygen/round-1.ts';
import { scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { hasParent } from '../../protocol/threshold/session-id.ts';
import type { NodeContext } from '../context.ts';
import { claimSession, endSession, type Permit } from '../journal/claim.ts';
import type { ImportedKeys } from '../keystore/imported-keys.ts';
import { epochFacts } from '../keystore/key-record.ts';
import type { Keyshares } from '../keystore/keyshares.ts';
import { runRandom } from '../randomness.ts';
import type { Activations } from './activations.ts';
import { Run, type RunHost } from './run.ts';
import { PEER_ENDED, type Session } from './session.ts';

/** After the own ACK a party waits so much longer for the certificate before it reports a failure; milliseconds. */
export const ACK_PATIENCE = 60_000;

export interface RunParts {
  readonly node: NodeContext;
  readonly keyshares: Keyshares;
  readonly imported: ImportedKeys;
  readonly hedge: Secret<Uint8Array>;
  readonly activations: Activations;
}

export interface RunRequest {
  readonly proposal: Proposal;
  readonly plan: RunPlan;
  /** The proposal that the wallet came from: this one, or, of a reshare, the one in the parent's document. */
  readonly source: Envelope;
}

/** Starts the run of an accepted start. A refusal says why this party will not take part after all. */
export async function beginRun(parts: RunParts, session: Session, request: RunRequest): Promise<Result<void, Refusal>> {
  const { node } = parts;
  const { plan, proposal } = request;
  const { config } = plan;
  const own = memberByKey(plan, node.statementKey);
  if (own === undefined) return err(new Refusal('NOT_A_MEMBER', 'this party has no part in the run'));
  const hindrance = adoptionFault(node, proposal) ?? node.wallets.generationFault(config);
  if (hindrance !== undefined) return err(hindrance);
  const dealt = await dealtKey(parts, plan);
  if (!dealt.ok) return dealt;
  const permit = await claim(node, session, request);
  if (!permit.ok) {
    wipeDealt(dealt.value);
    return permit;
  }
  // A veto that came while the share was fetched found no run to end yet.
  const veto = vetoOf(node, proposal);
  if (veto !== undefined) {
    wipeDealt(dealt.value);
    await endSession(permit.value, 'aborted', veto.code);
    return err(veto);
  }
  let machine: EpochRun;
  try {
    machine = createEpochRun({
      sessionId: session.sessionId,
      config,
      cfgHash: plan.cfgHash,
      pid: own.pid,
      ...(plan.parent === undefined ? {} : { parent: plan.parent }),
      ...(dealt.value === undefined ? {} : { dealt: dealt.value }),
      sign: node.signer.sign,
      verify,
      // Whoever deals a share hedges its generator with it; before there is one, with the key made at init.
      random: runRandom(dealt.value?.secret.use((x) => new Secret(scalarToBytes(x))) ?? parts.hedge, session.sessionId),
    });
  } catch (error) {
    wipeDealt(dealt.value);
    await endSession(permit.value, 'aborted', 'RUN_UNUSABLE');
    throw error;
  }
  const { host, isAcknowledged } = runHost(parts, session, request, permit.value);
  const run = new Run(machine, host);
  let isEnding = false;
  session.begin({
    accepts: (sid) => run.accepts(sid),
    deliver: (envelope) => run.deliver(envelope),
    // After the own ACK the others may finish without us at any time: the session ends, the listening does not, or a
    // corrupt party could leave all others with a share that nobody completes.
    mustListen: isAcknowledged,
    cancel(reason) {
      if (!isAcknowledged()) return run.cancel(reason);
      const end = (): void => void host.aborted(reason).catch(host.failed);
      // A peer that says it is out has not acknowledged. One that is silent may be back in a moment and complete it;
      // what is said of it then is what an audit goes on from.
      if (reason.check === PEER_ENDED) end();
      else if (!isEnding) node.clock.after(ACK_PATIENCE, end);
      isEnding = true;
    },
  });
  run.start();
  return ok(undefined);
}

function runHost(
  { activations, keyshares, node }: RunParts,
  session: Session,
  { plan, source }: RunRequest,
  permit: Permit,
): { readonly host: RunHost<KeygenOutput, KeygenRecord>; readonly isAcknowledged: () => boolean } {
  let isAcked = false;
  let epochId: Uint8Array | undefined;
  const host: RunHost<KeygenOutput, KeygenRecord> = {
    async record(record) {
      if (record.kind !== 'prepared') return activations.record(record, epochId, source);
      const { keyshare } = record;
      const facts = epochFacts(keyshare, node.statementKey);
      epochId = facts.epochId;
      const bytes = encodeKeyshare(keyshare);
      wipeKeyshare(keyshare);
      try {
        await keyshares.putPrepared(facts, source.bytes, bytes);
      } finally {
        bytes.fill(0);
      }
      const step = { walletId: facts.walletId, epochId: facts.epochId, gen: facts.gen };
      await node.journal.record({ type: 'prepared', ...step });
      await node.journal.record({ type: 'acked', ...step });
      isAcked = true;
    },
    async send(to, envelope) {
      activations.remember(parseEnvelope(envelope));
      await session.send(to, envelope);
    },
    async done({ certificate, epoch }) {
      const document = walletDocument({ envelope: source }, certificate);
      const key = {
        walletId: plan.walletId,
        epochId: epoch.epochId,
        publicKey: epoch.publicKey,
        certificate: await node.documents.put(document),
      };
      await endSession(permit, 'completed', 'KEY_ACTIVE');
      await session.end({ key }, false);
    },
    async aborted(abort) {
      if (session.ended) return;
      node.note(abort.code, `the run ended: ${abort.message}`);
      await endSession(permit, 'aborted', abort.failure);
      await session.end({ abort: session.crew.report(abort) }, false);
    },
    failed(error) {
      const code = error instanceof Refusal ? error.code : 'SESSION_FAILED';
      node.note(code, error instanceof Error ? error.message : 'a run failed');
      void endSession(permit, 'aborted', code)
        .then(() => session.end({ abort: { failure: code, check: 'record', culprits: [] } }, false))
        .catch(() => node.note('OUTCOME_LOST', 'the outcome of a failed run could not be published'));
    },
  };
  return { host, isAcknowledged: () => isAcked };
}

/** Why the ceremony does not stand any more. Nothing may be awaited between this and the run that hears of later ones. */
function vetoOf({ book, clock }: NodeContext, { digest }: Proposal): Refusal | undefined {
  const entry = book.get(digest);
  if (entry?.conflict !== undefined) return new Refusal('OPERATOR_EQUIVOCATION', 'two proposals under one nonce');
  const alive = entry && standing(entry.ceremony, clock.now());
  return alive?.ok === false ? new Refusal(alive.error.code, alive.error.message) : undefined;
}

/** Who will hold a share under another roster has adopted exactly that one. */
function adoptionFault(node: NodeContext, { body }: Proposal): Refusal | undefined {
  if (body.ceremony !== 'reshare' || body.next === undefined) return undefined;
  const isInNext = body.next.parties.some(({ statementKey }) => equalBytes(statementKey, node.statementKey));
  const { successor } = node.rosters;
  if (!isInNext || (successor !== undefined && equalBytes(successor.digest, body.next.digest))) return undefined;
  return new Refusal('SUCCESSOR_NOT_ADOPTED', 'the roster that this key would go to was not adopted here');
}

/** What this party brings to deal, out of the vault. The caller wipes it, or hands it to the run. */
async function dealtKey(
  { imported, node }: RunParts,
  { config, parent }: RunPlan,
): Promise<Result<DealtKey | undefined, Refusal>> {
  const row = config.parties.find(({ identityKey }) => equalBytes(identityKey, node.statementKey));
  if (config.purpose === 'KEYGEN' || row?.dealer !== true) return ok(undefined);
  if (config.purpose === 'IMPORT') {
    const key = await imported.load(config.publicKey);
    if (key !== undefined) return ok(key);
    return err(new Refusal('IMPORT_KEY_ABSENT', 'the private key of this import is not in this home'));
  }
  const absent = new Refusal('SHARE_ABSENT', 'the share that this party should deal is not in this home');
  if (parent === undefined || !hasParent(config.purpose)) return err(absent);
  const keyshare = await node.wallets.keyshare(parent.epochId).catch(() => undefined);
  if (keyshare === undefined) return err(absent);
  if (keyshare.index === row.oldIndex) return ok({ secret: keyshare.share, chainCode: keyshare.chainCode });
  wipeKeyshare(keyshare);
  return err(absent);
}

function wipeDealt(dealt: DealtKey | undefined): void {
  dealt?.secret.wipe();
  dealt?.chainCode.wipe();
}

async function claim(
  node: NodeContext,
  session: Session,
  { plan, proposal }: RunRequest,
): Promise<Result<Permit, Refusal>> {
  const consent = node.book.get(proposal.digest)?.ceremony.verdicts.get(node.self);
  const isAsked = session.start.body.signers.includes(node.self);
  if (isAsked && consent === undefined) return err(new Refusal('CONSENT_MISSING', 'this party has not consented'));
  return await claimSession(node.journal, {
    self: node.self,
    // A guest has no voice under this roster: its holder agreed by signing and adopting the next one.
    consent: isAsked ? consent?.digest : undefined,
    sessionId: session.sessionId,
    proposal: proposal.digest,
    attempt: proposal.body.attempt,
    epochId: plan.parent?.epochId ?? new Uint8Array(),
    walletId: plan.walletId,
    path: [],
    signers: session.start.body.signers,
    digest: plan.cfgHash,
    replaces: false,
    needsPairs: false,
    evenFrozen: true,
  });
}
