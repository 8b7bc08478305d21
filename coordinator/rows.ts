/** How things stand, as rows for screens and scripts: the coordinator, its wallets, a ceremony under way. */
import type { JsonValue } from '../proto/control/message.ts';
import { isKeyChange } from '../protocol/ceremony/agreement.ts';
import { announcementEnd } from '../protocol/ceremony/announcement.ts';
import type { BookEntry } from '../protocol/ceremony/book.ts';
import { describeKeyChange } from '../protocol/ceremony/key-change-words.ts';
import type { ProposalBody } from '../protocol/ceremony/proposal.ts';
import { fingerprint, type Roster } from '../protocol/ceremony/roster.ts';
import { rosterChange } from '../protocol/ceremony/roster-change.ts';
import { shortName } from '../protocol/ceremony/statement.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../protocol/common/bytes.ts';
import { checksumAddress } from '../protocol/payload/address.ts';
import { formatPath } from '../protocol/threshold/derivation.ts';
import { usedPaths } from './collect/accounts.ts';
import type { CoordinatorService } from './service.ts';
import type { Progress } from './watches.ts';

type Row = { readonly [key: string]: JsonValue };

export function status(service: CoordinatorService): JsonValue {
  const { home } = service;
  const { successor } = home.rosters;
  return {
    name: home.self.name,
    roster: rosterRow(home.roster),
    successor: successor === undefined ? null : rosterRow(successor),
    connected: [...service.connected()],
    wallets: service.collection.wallets().map((wallet) => walletRow(service, wallet)),
    ceremonies: home.book.entries().map((entry) => ceremonyRow(service, entry)),
  };
}

function rosterRow(roster: Roster): Row {
  return {
    name: roster.name,
    version: roster.version,
    threshold: roster.threshold,
    parties: roster.parties.length,
    names: roster.parties.map((party) => party.name),
    fingerprint: fingerprint(roster.digest).words,
  };
}

export function walletRow(service: CoordinatorService, wallet: Wallet): Row {
  const { home } = service;
  const used = usedPaths(home.book.entries(), wallet.walletId);
  const holder = service.rosterOf(wallet);
  const holding = [home.roster, home.rosters.successor].find((roster) => {
    return roster !== undefined && equalBytes(roster.digest, holder);
  });
  return {
    name: wallet.name,
    address: checksumAddress(`0x${toHex(wallet.address)}`),
    epoch: toHex(wallet.epochId),
    gen: wallet.gen,
    origin: wallet.origin,
    exportable: wallet.exportable,
    ...(holding === undefined ? {} : { roster: holding.version }),
    publicKey: toHex(wallet.publicKey),
    signed: used.get(formatPath([])) ?? 0,
    derived: service.collection.accounts.list(wallet.walletId).map(({ path, address, disputed }) => ({
      path: formatPath(path),
      address: checksumAddress(`0x${toHex(address)}`),
      signed: used.get(formatPath(path)) ?? 0,
      disputed,
    })),
  };
}

export function ceremonyRow(service: CoordinatorService, entry: BookEntry): Row {
  const { ceremony } = entry;
  const { body, digest } = ceremony.proposal;
  const { progress, result, waiting } = service.followed(digest);
  const { roster } = service.home;
  const stateOf = (index: number): string => {
    const verdict = ceremony.verdicts.get(index)?.body.decision;
    const outcome = ceremony.outcomes.get(index)?.body;
    if (outcome !== undefined) return outcome.abort === undefined ? 'done' : `aborted: ${outcome.abort.failure}`;
    return step(progress, `party:${index}`) ?? verdict ?? 'no answer';
  };
  const parties = roster.parties.map(({ index, name }) => ({ party: index, name, state: stateOf(index) }));
  const joining = joinersOf(body, roster).map(({ index, name }) => {
    const isHere = service.connected().includes(`joining:${index}`);
    return { joining: index, name, state: step(progress, `joining:${index}`) ?? (isHere ? 'joins' : 'not connected') };
  });
  const starts = announcementEnd(ceremony, roster);
  return {
    ceremony: shortName(digest),
    kind: body.ceremony,
    wallet: body.wallet,
    attempt: body.attempt,
    phase: result?.ending ?? (ceremony.start === undefined ? 'gathering' : 'running'),
    ...(ceremony.start === undefined && waiting?.because !== undefined ? { waits: waiting.because } : {}),
    ...(starts === undefined ? {} : { announcedUntil: starts }),
    ...(isKeyChange(body) ? { change: changeLines(service, body) } : {}),
    parties: [...parties, ...joining],
  };
}

/** What a change of the key comes to, in the words that the key holders read. */
function changeLines(service: CoordinatorService, body: Parameters<typeof describeKeyChange>[0]): JsonValue {
  const address = 'epochId' in body ? service.collection.epoch(body.epochId)?.address : undefined;
  const { lines, title, warnings } = describeKeyChange(body, service.home.roster, address);
  return { title, lines: [...lines], warnings: [...warnings] };
}

function joinersOf(body: ProposalBody, roster: Roster) {
  return body.ceremony === 'reshare' && body.next !== undefined ? rosterChange(roster, body.next).joins : [];
}

function step(progress: readonly Progress[], member: string): string | undefined {
  const moved = progress.find((item) => item.member === member);
  return moved === undefined ? undefined : `${moved.stage} ${moved.step}`;
}
