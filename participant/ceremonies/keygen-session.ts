/**
 * A key generation, as this party runs it. From the own ACK on nothing may erase the share: what is not active by then
 * is finished by activations.ts, in this process or a later one (docs/protocol.md b.7).
 */
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { KeygenProposal, Proposal } from '../../protocol/ceremony/proposal.ts';
import { keygenPlan } from '../../protocol/ceremony/run-plan.ts';
import { keygenPids } from '../../protocol/ceremony/session-binding.ts';
import { walletDocument } from '../../protocol/ceremony/wallet.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import type { KeygenOutput, KeygenRecord } from '../../protocol/threshold/keygen/activation.ts';
import { pidOf } from '../../protocol/threshold/keygen/config.ts';
import { encodeKeyshare, wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { createEpochRun } from '../../protocol/threshold/keygen/machine.ts';
import { parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { Secret } from '../../protocol/threshold/secret.ts';
import type { NodeContext } from '../context.ts';
import { claimSession, endSession } from '../journal/claim.ts';
import type { Keyshares } from '../keystore/keyshares.ts';
import { runRandom } from '../randomness.ts';
import type { Activations } from './activations.ts';
import { Run, type RunHost } from './run.ts';
import { abortReport, type Session } from './session.ts';

export interface KeygenRequest {
  readonly proposal: Proposal & { readonly body: KeygenProposal };
  readonly cfgHash: Uint8Array;
}

/** The party index behind a pid of a keygen under this roster. */
export function partyOfPid(node: NodeContext): (pid: number) => number {
  const parties = new Map([...keygenPids(node.roster)].map(([party, pid]) => [pid, party]));
  return (pid) => parties.get(pid) ?? 0;
}

export async function beginKeygen(
  node: NodeContext,
  keyshares: Keyshares,
  hedge: Secret<Uint8Array>,
  activations: Activations,
  session: Session,
  request: KeygenRequest,
): Promise<Result<void, Refusal>> {
  const { proposal } = request;
  const { config, walletId, cfgHash } = keygenPlan(node.roster, proposal.digest, proposal.body);
  const consent = node.book.get(proposal.digest)?.ceremony.verdicts.get(node.self);
  if (consent === undefined) return err(new Refusal('CONSENT_MISSING', 'this party has not consented'));
  const permit = await claimSession(node.journal, {
    self: node.self,
    consent: consent.digest,
    sessionId: session.sessionId,
    proposal: proposal.digest,
    attempt: proposal.body.attempt,
    epochId: new Uint8Array(),
    walletId,
    path: [],
    signers: session.start.body.signers,
    digest: cfgHash,
    replaces: false,
  });
  if (!permit.ok) return permit;
  const partyOf = partyOfPid(node);
  const machine = createEpochRun({
    sessionId: session.sessionId,
    config,
    cfgHash: request.cfgHash,
    pid: pidOf(config, node.signer.publicKey),
    sign: node.signer.sign,
    verify,
    random: runRandom(hedge, session.sessionId),
  });
  let epochId: Uint8Array | undefined;
  let isAcked = false;
  const host: RunHost<KeygenOutput, KeygenRecord> = {
    async record(record) {
      if (record.kind !== 'prepared') return activations.record(record, epochId ?? new Uint8Array(), proposal);
      const { keyshare } = record;
      epochId = keyshare.epochId;
      const step = { walletId, epochId, gen: keyshare.config.gen };
      const bytes = encodeKeyshare(keyshare);
      wipeKeyshare(keyshare);
      await keyshares.putPrepared(walletId, step.gen, epochId, bytes);
      bytes.fill(0);
      await node.journal.record({ type: 'prepared', ...step });
      await node.journal.record({ type: 'acked', ...step });
      isAcked = true;
    },
    async send(to, envelope) {
      activations.remember(parseEnvelope(envelope));
      await session.send(to === 0 ? 0 : partyOf(to), envelope);
    },
    async done({ certificate, epoch }) {
      const document = walletDocument(proposal, certificate);
      const key = {
        walletId,
        epochId: epoch.epochId,
        publicKey: epoch.publicKey,
        certificate: await node.documents.put(document),
      };
      await endSession(permit.value, 'completed', 'KEY_ACTIVE');
      await session.end({ key }, false);
    },
    async aborted(abort) {
      node.note(abort.code, `keygen ended: ${abort.message}`);
      await endSession(permit.value, 'aborted', abort.failure);
      const culprits = abort.culprits.map(partyOf).sort((a, b) => a - b);
      await session.end({ abort: { ...abortReport(abort), culprits } }, false);
    },
    failed(error) {
      const code = error instanceof Refusal ? error.code : 'SESSION_FAILED';
      node.note(code, error instanceof Error ? error.message : 'a keygen failed');
      void endSession(permit.value, 'aborted', code)
        .then(() => session.end({ abort: { failure: code, check: 'record', culprits: [] } }, false))
        .catch(() => node.note('OUTCOME_LOST', 'the outcome of a failed keygen could not be published'));
    },
  };
  const run = new Run(machine, host);
  session.begin({
    accepts: (sid) => run.accepts(sid),
    deliver: (envelope) => run.deliver(envelope),
    // After the own ACK the others may finish without us at any time: the session ends, the listening does not, or a
    // corrupt party could leave all others with a share that nobody completes.
    cancel: (reason) => (isAcked ? void host.aborted(reason).catch(host.failed) : run.cancel(reason)),
  });
  run.start();
  return ok(undefined);
}
