/** The start that a quorum of consents amounts to. Every signer recomputes all of it; the composer adds nothing. */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Signer } from '../../protocol/ceremony/ed25519.ts';
import { type Quorum, standings } from '../../protocol/ceremony/lifecycle.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { keygenSessionId, signingKey, signSessionId } from '../../protocol/ceremony/session-binding.ts';
import { type Start, signStart } from '../../protocol/ceremony/start.ts';

export interface StartComposer {
  readonly roster: Roster;
  /** Operator name in the roster. */
  readonly operator: string;
  readonly signer: Signer;
  /** Unix seconds. */
  readonly now: number;
  /** Public key of the wallet that a signing names, 33 bytes; asked for signings only. */
  readonly publicKeyOf: (wallet: string) => Uint8Array;
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
  { roster, publicKeyOf }: StartComposer,
): Uint8Array {
  const { proposal } = entry.ceremony;
  const { body } = proposal;
  const { consents, digest } = quorum;
  if (body.ceremony === 'keygen') return keygenSessionId(roster, proposal, digest, consents);
  const named = { digest: proposal.digest, body };
  const key = signingKey({ publicKey: publicKeyOf(body.wallet) }, quorum);
  return signSessionId(roster, named, key, signers, digest, consents);
}
