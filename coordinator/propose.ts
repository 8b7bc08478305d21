/** How an operator's wish becomes a signed proposal. */

import type { Signer } from '../protocol/ceremony/ed25519.ts';
import { MAX_ATTEMPTS, type Proposal, type ProposalBody, signProposal } from '../protocol/ceremony/proposal.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import type { Payload } from '../protocol/payload/payload.ts';

export interface Proposer {
  readonly rosterDigest: Uint8Array;
  /** Operator name in the roster. */
  readonly operator: string;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Wish {
  /** Shown to key holders as a claim; at most 140 characters. */
  readonly note: string;
  /** Seconds until the proposal expires. */
  readonly life: number;
  /** Nobody has said how long. */
  readonly isDefault?: boolean;
}

/** A proposal lives for an hour unless the operator says otherwise. */
export const DEFAULT_LIFE = 3600;

export function proposeKeygen(proposer: Proposer, wallet: string, exportable: boolean, wish: Wish): Proposal {
  return signProposal({ ...head(proposer, wish), ceremony: 'keygen', wallet, exportable }, proposer.signer);
}

/** Which key of a wallet signs; the address is the proposer's claim, which every party checks. */
export interface Account {
  readonly path: readonly number[];
  readonly address: Uint8Array;
}

export function proposeSigning(
  proposer: Proposer,
  wallet: Wallet,
  account: Account,
  payload: Payload,
  wish: Wish,
): Proposal {
  const body: ProposalBody = {
    ...head(proposer, wish),
    ceremony: 'sign',
    wallet: wallet.name,
    walletId: wallet.walletId,
    epochId: wallet.epochId,
    path: account.path,
    address: account.address,
    payload,
  };
  return signProposal(body, proposer.signer);
}

/** The same wish once more; undefined after the last attempt. */
export function proposeAgain(proposer: Proposer, before: Proposal): Proposal | undefined {
  const { body } = before;
  if (body.attempt >= MAX_ATTEMPTS) return undefined;
  const created = proposer.clock.now();
  const expires = created + (body.expires - body.created);
  return signProposal(
    { ...body, attempt: body.attempt + 1, previous: before.digest, created, expires },
    proposer.signer,
  );
}

export function head(
  proposer: Proposer,
  wish: Wish,
): Pick<ProposalBody, 'roster' | 'initiator' | 'nonce' | 'attempt' | 'created' | 'expires' | 'note'> {
  const created = proposer.clock.now();
  return {
    roster: proposer.rosterDigest,
    initiator: proposer.operator,
    nonce: proposer.random.bytes(16),
    attempt: 1,
    created,
    expires: created + wish.life,
    note: wish.note,
  };
}
