/**
 * When a key, and in the end a whole group, has gone over to the successor of a roster. A node lives under one roster at
 * a time: it changes over when every wallet is in the hands of the successor's parties.
 */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { standing } from '../../protocol/ceremony/lifecycle.ts';
import type { ProposalBody, ReshareProposal } from '../../protocol/ceremony/proposal.ts';
import { checkStandings } from '../../protocol/ceremony/quorum.ts';
import { partyOf, type Roster } from '../../protocol/ceremony/roster.ts';
import { partyByKey } from '../../protocol/ceremony/roster-change.ts';
import type { Start } from '../../protocol/ceremony/start.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import type { NodeContext } from '../context.ts';
import type { Held } from '../wallets.ts';

/** A started reshare. */
export interface Reshare {
  readonly entry: BookEntry;
  readonly body: ReshareProposal;
  readonly start: Start;
}

/**
 * The started reshare that led to this epoch of a wallet, if the statements of this roster tell of one. Repeated attempts
 * have one configuration: it is the one of which most parties say so.
 */
export function reshareTo(node: NodeContext, wallet: Wallet): Reshare | undefined {
  const led = reshares(node).filter(
    ({ body, start }) =>
      equalBytes(body.walletId, wallet.walletId) && equalBytes(start.body.digest, wallet.epoch.cfgHash),
  );
  return led.sort((a, b) => wordsFor(a, wallet) - wordsFor(b, wallet)).at(-1);
}

/**
 * Whether t of those who dealt or stayed have signed that the wallet is in this epoch. For who has left: a certificate
 * alone proves only what the new holders say, and they need not hold anything. One of t is honest and has seen a real
 * share dealt. Not all of them: who died on the way has signed that it was cut off, and who left may be away for good.
 */
export function isHandedOver(node: NodeContext, wallet: Wallet): boolean {
  const reshare = reshareTo(node, wallet);
  return reshare !== undefined && wordsFor(reshare, wallet) >= node.roster.threshold;
}

/** Whether nothing more is to be said about it: every one of those who dealt or stayed has got there. */
export function isSaidByAll(node: NodeContext, wallet: Wallet): boolean {
  const reshare = reshareTo(node, wallet);
  return reshare !== undefined && wordsFor(reshare, wallet) === reshare.start.body.signers.length;
}

/** How many of those who dealt or stayed have signed that the wallet is in this epoch. */
function wordsFor({ entry, start }: Reshare, wallet: Wallet): number {
  const { sessionId, signers } = start.body;
  const outcomes = [...entry.ceremony.outcomes.values()];
  const words = signers.filter((signer) =>
    outcomes.some(({ body }) => {
      const isOfStart = body.party === signer && equalBytes(body.sessionId, sessionId);
      return isOfStart && body.key !== undefined && equalBytes(body.key.epochId, wallet.epochId);
    }),
  );
  return words.length;
}

/** The rosters to which started reshares hand wallets; a home that is left behind has not adopted them. */
export function nextRosters(node: NodeContext): readonly Roster[] {
  return reshares(node).flatMap(({ body: { next } }) => next ?? []);
}

/**
 * The roster that this party deals for although it leaves this party out: nobody asks its holder to adopt it, and yet
 * those who join must be reached. From the own consent until the reshare is over here.
 */
export function dealtRoster({ book, clock, roster, self }: DealerContext): Roster | undefined {
  const dealt = book.entries().flatMap(({ ceremony }): readonly Roster[] => {
    const { body } = ceremony.proposal;
    if (!leavesDealing(roster, self, body)) return [];
    const agreed = ceremony.verdicts.get(self)?.body.decision === 'consent' && !ceremony.outcomes.has(self);
    const isOpen = ceremony.start !== undefined || standing(ceremony, clock.now()).ok;
    return agreed && isOpen && body.next !== undefined ? [body.next] : [];
  });
  return dealt.at(-1);
}

/** Whether this party deals in a reshare that gives it no share. */
export function leavesDealing(roster: Roster, self: number, body: ProposalBody): body is ReshareProposal {
  if (body.ceremony !== 'reshare' || body.next === undefined || !body.dealers.includes(self)) return false;
  const own = partyOf(roster, self)?.statementKey;
  return own !== undefined && partyByKey(body.next, own) === undefined;
}

type DealerContext = Pick<NodeContext, 'book' | 'clock' | 'roster' | 'self'>;

/** The last of the reshares that together have moved every wallet to the successor; undefined until all are there. */
export function completed(node: NodeContext): { readonly last: BookEntry | undefined } | undefined {
  const { rosters, self, wallets } = node;
  const { current, successor } = rosters;
  if (successor === undefined) return undefined;
  const held = wallets.all();
  // A guest has seen the wallets of the old roster and waits for its own share of each.
  const awaited = wallets.seen().filter(({ roster }) => roster === current);
  const isHere = ({ wallet }: Held): boolean =>
    held.some((own) => equalBytes(own.wallet.walletId, wallet.walletId) && own.wallet.gen > wallet.gen);
  if (self === 0 && (awaited.length === 0 || !awaited.every(isHere))) return undefined;
  if (!held.every((item) => isUnder(node, item, successor))) return undefined;
  const entries = held.flatMap(({ wallet }) => reshareTo(node, wallet)?.entry ?? []);
  const last = entries.sort((a, b) => a.ceremony.proposal.body.created - b.ceremony.proposal.body.created).at(-1);
  return { last };
}

/** A successor with the same parties and threshold reads the old epochs too: then the reshare itself must say so. */
function isUnder(node: NodeContext, { roster, wallet }: Held, successor: Roster): boolean {
  if (roster === successor) return true;
  const next = reshareTo(node, wallet)?.body.next;
  return next !== undefined && equalBytes(next.digest, successor.digest);
}

/** A start counts by what it lists, also one that was taken in by an earlier process of a mere bystander. */
function reshares({ book, roster }: NodeContext): readonly Reshare[] {
  return book.entries().flatMap((entry) => {
    const { ceremony, starts } = entry;
    const { body } = ceremony.proposal;
    if (body.ceremony !== 'reshare') return [];
    const taken =
      ceremony.start === undefined
        ? starts.filter((item) => checkStandings(ceremony, item, roster).ok)
        : [ceremony.start];
    return taken.map((start) => ({ entry, body, start }));
  });
}
