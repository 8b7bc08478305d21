/**
 * A signing, as this party runs it: everything is judged once more, the session id is claimed for ever, and each round
 * leaves only after its record is on disk and the standing of the ceremony was looked at again.
 */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import { policyReference } from '../../protocol/ceremony/judgement.ts';
import { standing } from '../../protocol/ceremony/lifecycle.ts';
import type { SignProposal } from '../../protocol/ceremony/proposal.ts';
import type { Quorum } from '../../protocol/ceremony/quorum.ts';
import type { PolicyReference } from '../../protocol/ceremony/verdict-statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { type Decoded, isIntact } from '../../protocol/payload/payload.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import {
  createSign,
  type SignMachine,
  type SignOutput,
  type SignRecord,
} from '../../protocol/threshold/sign/machine.ts';
import type { NodeContext } from '../context.ts';
import { claimSession, endSession, type Permit, recordR2, recordR3 } from '../journal/claim.ts';
import type { NonceSlot } from '../journal/records.ts';
import type { Pairs } from '../pairs/pairs.ts';
import { runRandom } from '../randomness.ts';
import type { Answers } from './answers.ts';
import { mayGoOn } from './gate.ts';
import { Run, type RunHost } from './run.ts';
import { demandFault } from './second-judgement.ts';
import type { Session } from './session.ts';

/** Two processes may still have to make their pair setup; in milliseconds. */
const PAIR_PATIENCE = 60_000;

export interface SignRequest {
  readonly entry: BookEntry;
  readonly body: SignProposal;
  readonly quorum: Quorum;
}

/** Starts the run of an accepted start. A refusal says why this party will not take part after all. */
export async function beginSigning(
  node: NodeContext,
  pairs: Pairs,
  answers: Answers,
  session: Session,
  request: SignRequest,
): Promise<Result<void, Refusal>> {
  const { body, entry } = request;
  const wallet = node.wallets.byId(body.walletId);
  if (wallet === undefined) return err(new Refusal('UNKNOWN_WALLET', 'there is no such wallet here'));
  const { signers } = session.start.body;
  const peers = signers.filter((signer) => signer !== node.self);
  if (!(await pairs.ready(wallet.epochId, peers, PAIR_PATIENCE))) {
    return err(new Refusal('NO_PAIR_SETUP', 'the pair setups with the other signers did not come about in time'));
  }
  const judged = judgeAgain(node, answers, request);
  if (!judged.ok) return judged;
  const key = node.wallets.derive(wallet, body.path);
  if (!key.ok) return key;
  const hindrance = node.wallets.hindrance(wallet);
  if (hindrance !== undefined) return err(hindrance);
  const permit = await claim(node, session, request, wallet, judged.value);
  if (!permit.ok) return permit;
  const keyshare = await node.wallets.keyshare(wallet.epochId).catch(async (error: unknown) => {
    await endSession(permit.value, 'aborted', 'KEY_SHARE_UNREADABLE');
    throw error;
  });
  const machine = createSign({
    sessionId: session.sessionId,
    epochId: wallet.epochId,
    signers,
    self: node.self,
    threshold: node.roster.threshold,
    share: keyshare.share,
    publicKey: wallet.publicKey,
    tau: key.value.tau,
    digest: request.quorum.digest,
    parties: node.roster.parties.map((party) => ({ index: party.index, identityKey: party.statementKey })),
    pairs: pairs.store,
    clock: node.clock,
    isBanned: (peer) => node.journal.state.pairs.isBarred(wallet.epochId, peer),
    mayContinue: () => mayContinue(node, entry, wallet, judged.value),
    sign: node.signer.sign,
    verify,
    random: runRandom(new Secret(keyshare.share.use(scalarToBytes)), session.sessionId),
  });
  if (!machine.ok) {
    wipeKeyshare(keyshare);
    await endSession(permit.value, 'aborted', machine.error.code);
    return machine;
  }
  const host = signHost(node, session, permit.value, machine.value, () => wipeKeyshare(keyshare));
  const run = new Run(machine.value, host);
  host.attach(run);
  session.begin(run);
  run.start();
  return ok(undefined);
}

/** The judgement of this moment must still be the one the consent states, by the same policies. */
function judgeAgain(node: NodeContext, answers: Answers, request: SignRequest): Result<Decoded, Refusal> {
  const consent = request.entry.ceremony.verdicts.get(node.self)?.body;
  const { judgement, strange } = answers.judgeAgain(request.entry, node.clock.now());
  const reading = judgement.reading;
  if (consent === undefined || reading === undefined || judgement.decoded === undefined) {
    return err(new Refusal('CONSENT_MISSING', 'this party has not consented'));
  }
  const fault = demandFault(consent, judgement, request.quorum.consents.length);
  if (fault !== undefined) return err(fault);
  const [risk] = strange;
  if (consent.byHand && risk !== undefined) {
    return err(new Refusal('NEW_RISK', `the key holder has not seen this when agreeing: ${risk.code}, ${risk.detail}`));
  }
  if (!samePolicies(node, consent.commonPolicy, consent.ownPolicy)) {
    return err(new Refusal('POLICY_CHANGED', 'a policy was changed after the consent'));
  }
  if (!equalBytes(reading.digest, request.quorum.digest)) {
    return err(new Refusal('DIGEST_DIFFERS', 'the payload gives another digest here than the quorum names'));
  }
  return ok(judgement.decoded);
}

function samePolicies(
  node: NodeContext,
  common: PolicyReference | undefined,
  own: PolicyReference | undefined,
): boolean {
  return same(node.policies.common, common) && same(node.policies.own, own);
}

function same(policy: Policy | undefined, reference: PolicyReference | undefined): boolean {
  if (policy === undefined || reference === undefined) return policy === undefined && reference === undefined;
  return equalBytes(policyReference(policy).digest, reference.digest);
}

/** Asked right before rounds 2 and 3 leave, and again when their record is durable. */
function mayContinue(
  node: NodeContext,
  entry: BookEntry,
  wallet: Wallet,
  decoded: Decoded,
): true | { readonly reason: string } {
  const { digest, body } = entry.ceremony.proposal;
  const now = node.book.get(digest);
  if (now === undefined || now.conflict !== undefined)
    return { reason: 'the operator showed two proposals under one nonce' };
  const alive = standing(now.ceremony, node.clock.now());
  if (!alive.ok) return { reason: alive.error.message };
  const consent = now.ceremony.verdicts.get(node.self)?.body;
  if (!samePolicies(node, consent?.commonPolicy, consent?.ownPolicy)) return { reason: 'a policy was changed' };
  if (body.ceremony === 'sign' && node.journal.state.isFrozen(body.walletId)) return { reason: 'the wallet is frozen' };
  const hindrance = node.wallets.hindrance(wallet);
  if (hindrance !== undefined) return { reason: hindrance.message };
  if (!isIntact(decoded)) return { reason: 'the payload is no longer what was consented to' };
  return mayGoOn(node.gates, now, node.clock.now());
}

async function claim(
  node: NodeContext,
  session: Session,
  request: SignRequest,
  wallet: Wallet,
  decoded: Decoded,
): Promise<Result<Permit, Refusal>> {
  const { proposal, verdicts } = request.entry.ceremony;
  const consent = verdicts.get(node.self);
  if (consent === undefined) return err(new Refusal('CONSENT_MISSING', 'this party has not consented'));
  const slot = slotOf(decoded, request.body.address);
  return await claimSession(node.journal, {
    self: node.self,
    consent: consent.digest,
    sessionId: session.sessionId,
    proposal: proposal.digest,
    attempt: proposal.body.attempt,
    epochId: wallet.epochId,
    walletId: wallet.walletId,
    path: request.body.path,
    signers: session.start.body.signers,
    digest: request.quorum.digest,
    ...(slot === undefined ? {} : { slot }),
    replaces: false,
  });
}

/**
 * Transactions and authorizations use up a nonce of the account that signs them, which is the path's own. Chain 0 of an
 * authorization is every chain, and a slot of its own.
 */
function slotOf({ transaction, authorization }: Decoded, account: Uint8Array): NonceSlot | undefined {
  const used = transaction ?? authorization;
  return used === undefined ? undefined : { account, chainId: used.chainId, nonce: used.nonce };
}

interface AttachedHost extends RunHost<SignOutput, SignRecord> {
  attach(run: Run<SignOutput, SignRecord>): void;
}

function signHost(
  node: NodeContext,
  session: Session,
  permit: Permit,
  machine: SignMachine,
  wipe: () => void,
): AttachedHost {
  let attached: Run<SignOutput, SignRecord> | undefined;
  const released = (): boolean => node.journal.state.session(session.sessionId)?.released ?? false;
  const refuse = (refusal: Refusal): never => {
    throw refusal;
  };
  /** The disk took its time: what may leave is asked again, and the run ends instead if it may not. */
  const stillMayLeave = (round: 2 | 3): void => {
    const hindrance = machine.mayLeave(round);
    if (hindrance !== undefined) attached?.cancel(hindrance);
  };
  return {
    attach(run) {
      attached = run;
    },
    async record(record) {
      switch (record.kind) {
        case 'started':
          return; // The claim is this record; it was durable before the machine was made.
        case 'r2-sent': {
          const done = await recordR2(permit, record.fullSid, session.heard, node.self);
          if (!done.ok) refuse(done.error);
          return stillMayLeave(2);
        }
        case 'r3-sent': {
          const done = await recordR3(permit, node.self, node.clock.now());
          if (!done.ok) refuse(done.error);
          return stillMayLeave(3);
        }
        case 'ban': {
          const { epochId, peer, identityKey, check, failure } = record;
          const claimed = node.book.get(session.start.body.proposal)?.ceremony.verdicts.get(peer)?.body.claimedSoftware;
          const software = claimed ?? '';
          const done = await node.journal.update(({ pairs }) => {
            // Of two sessions that caught the same peer, one ban is enough: the second of an epoch can never be lifted.
            if (pairs.ban(epochId, peer) !== undefined) return err(new Refusal('BANNED_ALREADY', 'the peer is banned'));
            const count = pairs.banCount(epochId, peer) + 1;
            const ban = { type: 'ban', epochId, peer, identityKey, check, failure, count, software } as const;
            return ok({ record: ban, value: undefined });
          });
          if (!done.ok && done.error.code !== 'BANNED_ALREADY') refuse(done.error);
          return;
        }
      }
    },
    send: (to, envelope) => session.send(to, envelope),
    async done(output) {
      wipe();
      // A corrupt signer may have kept its broadcasts from the archive.
      for (const envelope of output.broadcasts) {
        void node.members().sendAll({ kind: 'round', envelope }, (member) => member.startsWith('operator:'));
      }
      const { r, s, recid } = output.signature;
      await endSession(permit, 'completed', 'SIGNED');
      await session.end({ signature: { r, s, recovery: recid } }, true);
    },
    async aborted(abort) {
      wipe();
      node.note(abort.code, `session ended: ${abort.message}`);
      await endSession(permit, 'aborted', abort.failure);
      const isSilent = abort.failure === 'LEAK' || abort.failure === 'CHEAT';
      if (isSilent) session.endAtDeadline({ abort: session.crew.report(abort) }, released());
      else await session.end({ abort: session.crew.report(abort) }, released());
    },
    failed(error) {
      wipe();
      const code = error instanceof Refusal ? error.code : 'SESSION_FAILED';
      node.note(code, error instanceof Error ? error.message : 'a session failed');
      void endSession(permit, 'aborted', code)
        .then(() => session.end({ abort: { failure: code, check: 'record', culprits: [] } }, released()))
        .catch(() => node.note('OUTCOME_LOST', 'the outcome of a failed session could not be published'));
    },
  };
}
