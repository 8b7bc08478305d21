/** How an operator's wish to change, take in or hand over a key becomes a signed proposal. */
import type { BookEntry } from '../protocol/ceremony/book.ts';
import { MAX_PROPOSAL_LIFE, type Proposal, type ProposalBody, signProposal } from '../protocol/ceremony/proposal.ts';
import type { Restored } from '../protocol/ceremony/proposal-terms.ts';
import type { Roster, RosterBody } from '../protocol/ceremony/roster.ts';
import { partyByKey } from '../protocol/ceremony/roster-change.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { equalBytes } from '../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { head, type Proposer, type Wish } from './propose.ts';

export interface ReshareWish {
  /** The same parties get new shares. */
  readonly refresh: boolean;
  /** Indices of the current roster, as many as the wallet's threshold; chosen here if absent. */
  readonly dealers?: readonly number[] | undefined;
  /** Lost shares that newcomers bring back from backups. */
  readonly restored: readonly Restored[];
}

export interface ReshareSetting {
  readonly roster: Roster;
  /** The adopted successor; undefined in a refresh. */
  readonly next: Roster | undefined;
  readonly connected: ReadonlySet<number>;
  readonly gen: number;
}

export function proposeReshare(
  proposer: Proposer,
  wallet: Wallet,
  setting: ReshareSetting,
  asked: ReshareWish,
  wish: Wish,
): Proposal {
  const { gen, next, roster } = setting;
  if (!asked.refresh && next === undefined) {
    const words =
      'no successor of the roster is adopted here: make one with "roster create --previous", have all its parties sign it, and run "coordinator adopt"';
    throw new Refusal('NO_SUCCESSOR', words);
  }
  const restored = [...asked.restored].sort((a, b) => a.oldIndex - b.oldIndex);
  const body: ProposalBody = {
    ...head(proposer, announced(wish, roster)),
    ceremony: 'reshare',
    wallet: wallet.name,
    walletId: wallet.walletId,
    epochId: wallet.epochId,
    gen,
    dealers: asked.dealers ?? chooseDealers(wallet, setting, restored),
    ...(restored.length === 0 ? {} : { restored }),
    ...(next === undefined ? {} : { next }),
  };
  return signProposal(body, proposer.signer);
}

export interface ImportWish {
  /** Index of the party that holds the private key. */
  readonly holder: number;
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly chainCodeHash: Uint8Array;
  readonly exportable: boolean;
}

export function proposeImport(
  proposer: Proposer,
  roster: RosterBody,
  wallet: string,
  asked: ImportWish,
  wish: Wish,
): Proposal {
  return signProposal(
    { ...head(proposer, announced(wish, roster)), ceremony: 'import', wallet, ...asked },
    proposer.signer,
  );
}

export function proposeExport(
  proposer: Proposer,
  roster: RosterBody,
  wallet: Wallet,
  recipient: Uint8Array,
  wish: Wish,
): Proposal {
  if (!wallet.exportable) {
    throw new Refusal('NOT_EXPORTABLE', `${wallet.name} was made so that it can never be exported`);
  }
  const { epochId, name, walletId } = wallet;
  return signProposal(
    { ...head(proposer, announced(wish, roster)), ceremony: 'export', wallet: name, walletId, epochId, recipient },
    proposer.signer,
  );
}

/**
 * Above every generation that is known for the wallet, proposals that came to nothing included: a party acknowledges
 * each generation once.
 */
export function nextGeneration(epochs: readonly Wallet[], entries: readonly BookEntry[], walletId: Uint8Array): number {
  const made = epochs.filter((wallet) => equalBytes(wallet.walletId, walletId)).map((wallet) => wallet.gen);
  const proposed = entries.flatMap(({ ceremony: { proposal } }) =>
    proposal.body.ceremony === 'reshare' && equalBytes(proposal.body.walletId, walletId) ? [proposal.body.gen] : [],
  );
  return Math.max(0, ...made, ...proposed) + 1;
}

/**
 * As many as the threshold, lower index first: those whose shares are brought back, then connected parties that stay,
 * then the others that stay, who must come anyway; last, connected parties that leave, who must agree if they deal.
 */
function chooseDealers(
  wallet: Wallet,
  { connected, next, roster }: ReshareSetting,
  restored: readonly Restored[],
): readonly number[] {
  const { threshold } = wallet.epoch.config;
  const isRestored = (index: number): boolean => restored.some((item) => item.oldIndex === index);
  const rank = ({ index, statementKey }: Roster['parties'][number]): number => {
    if (isRestored(index)) return 0;
    const stays = next === undefined || partyByKey(next, statementKey) !== undefined;
    const isHere = connected.has(index);
    return stays ? (isHere ? 1 : 2) : isHere ? 3 : 4;
  };
  const able = roster.parties.filter((party) => rank(party) < 4).sort((a, b) => rank(a) - rank(b) || a.index - b.index);
  if (able.length < threshold) {
    const words = `${threshold} parties that have their share must deal, and there are ${able.length}: bring shares back from backups (--restore), or move the funds`;
    throw new Refusal('NO_DEALERS', words);
  }
  return able
    .slice(0, threshold)
    .map((party) => party.index)
    .sort((a, b) => a - b);
}

/** Such a proposal must outlive its announcement. One that names no life of its own gets a day beyond it. */
function announced(wish: Wish, { announcement }: RosterBody): Wish {
  const life = wish.isDefault === true ? Math.min(announcement + 24 * 3600, MAX_PROPOSAL_LIFE) : wish.life;
  if (life > announcement) return { ...wish, life };
  const words = `the roster announces such changes ${announcement} s before they are made, and the proposal must live longer`;
  throw new InvalidArgument('OPTION_INVALID', '--expires-in', words);
}
