/** The start that a quorum of consents amounts to. Every signer recomputes all of it; the composer adds nothing. */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { ceremonySessionId, planCeremony } from '../../protocol/ceremony/ceremony-plan.ts';
import type { Signer } from '../../protocol/ceremony/ed25519.ts';
import { type Quorum, standings } from '../../protocol/ceremony/quorum.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { type Start, signStart } from '../../protocol/ceremony/start.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { Refusal } from '../../protocol/common/errors.ts';

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

/** What all parties have agreed on can be planned here too, unless this coordinator lacks what they know. */
function sessionIdOf(
  entry: BookEntry,
  signers: readonly number[],
  quorum: Quorum,
  { roster, walletOf }: StartComposer,
): Uint8Array {
  const { proposal } = entry.ceremony;
  const { body } = proposal;
  const named = body.ceremony === 'keygen' || body.ceremony === 'import' ? undefined : walletOf(body.epochId);
  const plan = planCeremony(proposal, roster, named);
  if (!plan.ok) throw new Refusal(plan.error.code, plan.error.detail);
  return ceremonySessionId(roster, proposal, plan.value, signers, quorum);
}
