/** The start that a quorum of consents amounts to. Every signer recomputes all of it; the composer adds nothing. */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Signer } from '../../protocol/ceremony/ed25519.ts';
import { type Quorum, standings } from '../../protocol/ceremony/lifecycle.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { exportPlan, importPlan, type RunPlan, resharePlan } from '../../protocol/ceremony/run-plan.ts';
import {
  exportSessionId,
  keygenSessionId,
  runSessionId,
  signingKey,
  signSessionId,
} from '../../protocol/ceremony/session-binding.ts';
import { type Start, signStart } from '../../protocol/ceremony/start.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import type { Result } from '../../protocol/common/result.ts';

export interface StartComposer {
  readonly roster: Roster;
  /** Operator name in the roster. */
  readonly operator: string;
  readonly signer: Signer;
  /** Unix seconds. */
  readonly now: number;
  /** The wallet in this epoch, which a proposal of any kind but keygen and import names. */
  readonly walletOf: (epochId: Uint8Array) => Wallet;
}

export function composeStart(
  entry: BookEntry,
  signers: readonly number[],
  quorum: Quorum,
  composer: StartComposer,
): Start {
  const { roster, operator, signer, now } = composer;
  const { proposal } = entry.ceremony;
  return signStart(
    {
      proposal: proposal.digest,
      attempt: proposal.body.attempt,
      composer: `operator:${operator}`,
      created: now,
      signers,
      standings: standings(entry.ceremony, roster, quorum.consents),
      digest: quorum.digest,
      sessionId: sessionIdOf(entry, signers, quorum, composer),
    },
    signer,
  );
}

function sessionIdOf(
  entry: BookEntry,
  signers: readonly number[],
  quorum: Quorum,
  { roster, walletOf }: StartComposer,
): Uint8Array {
  const { proposal } = entry.ceremony;
  const { body, digest: named } = proposal;
  const { consents, digest } = quorum;
  const run = (plan: Result<RunPlan, VerdictReason>): Uint8Array =>
    runSessionId(roster, proposal, planned(plan), consents);
  switch (body.ceremony) {
    case 'keygen':
      return keygenSessionId(roster, proposal, digest, consents);
    case 'import':
      return run(importPlan(roster, named, body));
    case 'reshare':
      return run(resharePlan(roster, walletOf(body.epochId).epoch, body));
    case 'export': {
      const { epoch, publicKey } = walletOf(body.epochId);
      return exportSessionId(roster, { digest: named, body }, publicKey, planned(exportPlan(epoch, body)), consents);
    }
    case 'sign': {
      const key = signingKey(walletOf(body.epochId), quorum);
      return signSessionId(roster, { digest: named, body }, key, signers, digest, consents);
    }
  }
}

/** What all parties have agreed on can be planned here too, unless this coordinator lacks what they know. */
function planned<T>(plan: Result<T, VerdictReason>): T {
  if (plan.ok) return plan.value;
  throw new Refusal(plan.error.code, plan.error.detail);
}
