/** What a key holder sees of the own node: its roster and the one to come, wallets, older shares, bans, what waits. */
import type { JsonValue } from '../proto/control/message.ts';
import { wordsOf } from '../protocol/ceremony/check-words.ts';
import type { Ceremony } from '../protocol/ceremony/lifecycle.ts';
import { fingerprint, type Roster } from '../protocol/ceremony/roster.ts';
import { shortName } from '../protocol/ceremony/statement.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../protocol/common/bytes.ts';
import { checksumAddress } from '../protocol/payload/address.ts';
import type { BanRow } from './ceremonies/ban-lifts.ts';
import { freezeRow, policiesRow } from './governance/rows.ts';
import type { KeyRecord } from './keystore/key-record.ts';
import type { ParticipantNode } from './node.ts';

export async function nodeStatus(node: ParticipantNode): Promise<JsonValue> {
  const { context, home } = node;
  const stats = node.linkStats();
  const { successor } = home.rosters;
  return {
    name: home.own.name,
    party: home.self,
    guest: home.self === 0,
    roster: rosterRow(home.roster),
    successor: successor === undefined ? null : rosterRow(successor),
    addresses: node.addresses(),
    connected: node.connected(),
    heldBack: home.self === 0 ? null : (node.heads.heldBack() ?? null),
    wallets: context.wallets.list().map((wallet) => ({
      ...walletFacts(node, wallet),
      pairs: node.pairs.status(wallet).map(({ peer, state }) => ({ party: peer, state })),
    })),
    elsewhere: elsewhere(node),
    olderShares: olderShares(node),
    acknowledged: acknowledged(node),
    bans: node.bans.list().map(banRow),
    policies: policiesRow(context),
    freezes: context.governance.freezes().map((freeze) => freezeRow(freeze, context)),
    pending: node.answers.pending().length,
    looks: node.observer.looks,
    failures: lately(node).map(failureRow),
    evidence: (await context.evidence.list(context.roster)).map(({ guilt, path }) => ({
      accused: guilt.accused,
      check: guilt.check,
      message: guilt.message,
      forMembersOnly: guilt.members,
      path,
    })),
    counter: context.journal.state.counter,
    network:
      stats === undefined
        ? null
        : {
            bytesSent: stats.bytesSent,
            bytesReceived: stats.bytesReceived,
            longestLoopBlockMs: stats.longestLoopBlockMs,
            recentLoopBlockMs: stats.recentLoopBlockMs,
          },
    memory: { residentBytes: process.memoryUsage().rss },
    cpu: { userMs: process.cpuUsage().user / 1000, systemMs: process.cpuUsage().system / 1000 },
  };
}

/** What is said of a wallet wherever it is shown. */
export function walletFacts({ context }: ParticipantNode, wallet: Wallet): { readonly [name: string]: JsonValue } {
  const exported = context.journal.state.exported(wallet.walletId);
  return {
    name: wallet.name,
    address: checksumAddress(`0x${toHex(wallet.address)}`),
    epoch: toHex(wallet.epochId),
    generation: wallet.gen,
    origin: wallet.origin,
    exportable: wallet.exportable,
    exported: exported === undefined ? null : toHex(exported.recipient),
    signs: context.wallets.hindrance(wallet)?.code ?? 'YES',
  };
}

/** Warnings that stand beside a wallet's name for ever. */
export function walletLabels({ context }: Pick<ParticipantNode, 'context'>, wallet: Wallet): readonly string[] {
  const exported = context.journal.state.exported(wallet.walletId);
  return [
    ...(wallet.origin === 'imported' ? ['IMPORTED: somebody held the whole key once, and may still have it'] : []),
    ...(exported === undefined
      ? []
      : [`EXPORTED: this party sealed its share of the key to ${toHex(exported.recipient).slice(0, 16)}...`]),
  ];
}

export function banRow({ banned, check, lift, peer, permanent, wallet }: BanRow): JsonValue {
  return { wallet: wallet.name, party: peer, banned, check: check ?? null, lift, permanent };
}

export function rosterRow(roster: Roster): JsonValue {
  return {
    name: roster.name,
    version: roster.version,
    threshold: roster.threshold,
    parties: roster.parties.length,
    fingerprint: fingerprint(roster.digest).words,
  };
}

/** Wallets that this party knows and does not sign with under its roster: handed on, or not yet received. */
function elsewhere({ context, home }: ParticipantNode): JsonValue {
  const { wallets } = context;
  const moved = wallets.all().filter(({ wallet }) => wallets.byEpoch(wallet.epochId) === undefined);
  const awaited = wallets.seen().filter(({ wallet }) => !moved.some((item) => isSame(item.wallet, wallet)));
  return [
    ...moved.map(({ wallet }) => ({
      name: wallet.name,
      generation: wallet.gen,
      state: wallets.hasLeft(wallet.walletId) ? 'left' : 'with the next roster',
    })),
    ...awaited
      .filter(({ wallet }) => wallets.byId(wallet.walletId) === undefined)
      .map(({ wallet }) => ({
        name: wallet.name,
        generation: wallet.gen,
        state: home.keyshares.find(wallet.epochId)?.state === 'restored' ? 'restored, deals only' : 'seen, no share',
      })),
    // Under a roster that this home never adopted: it was left behind, and knows no more than that.
    ...home.keyshares.list().flatMap((record) => {
      const isUnknown = record.state === 'followed' && wallets.known(record.epochId) === undefined;
      return isUnknown ? [{ name: toHex(record.walletId).slice(0, 16), generation: record.gen, state: 'left' }] : [];
    }),
  ];
}

/** Shares of epochs below the present one that are still here, and who has to be active before they go. */
function olderShares({ home }: ParticipantNode): JsonValue {
  const records = home.keyshares.list();
  const present = (record: KeyRecord): KeyRecord | undefined =>
    records.findLast(
      (other) =>
        equalBytes(other.walletId, record.walletId) && (other.state === 'active' || other.state === 'followed'),
    );
  return records.flatMap((record) => {
    const now = present(record);
    if (now === undefined || record.state === 'followed' || record.gen >= now.gen) return [];
    const active = new Set([...now.peersActive.map(({ party }) => party), now.index]);
    const awaited = Array.from({ length: now.holders }, (_, i) => i + 1).filter((index) => !active.has(index));
    return [{ wallet: toHex(record.walletId), generation: record.gen, state: record.state, waitsFor: awaited }];
  });
}

/** Shares above the present epoch: acknowledged here, and not known to be so by all. They stay until they are. */
function acknowledged({ home }: ParticipantNode): JsonValue {
  const { keyshares } = home;
  return keyshares.list().flatMap((record) => {
    const present = keyshares.current(record.walletId)?.gen ?? 0;
    if (record.state !== 'prepared' || record.gen <= present) return [];
    return [{ wallet: toHex(record.walletId), generation: record.gen }];
  });
}

function isSame(a: Wallet, b: Wallet): boolean {
  return equalBytes(a.walletId, b.walletId);
}

/** So many of the latest failed ceremonies are shown. */
const FAILURES = 5;

/** Ceremonies whose signers report that they failed, the latest last. */
function lately(node: ParticipantNode): readonly Ceremony[] {
  const failed = node.context.book.entries().flatMap(({ ceremony }) => {
    return [...ceremony.outcomes.values()].some(({ body }) => body.abort !== undefined) ? [ceremony] : [];
  });
  return failed.sort((a, b) => a.proposal.body.created - b.proposal.body.created).slice(-FAILURES);
}

function failureRow({ outcomes, proposal }: Ceremony): JsonValue {
  return {
    ceremony: shortName(proposal.digest),
    aborts: [...outcomes.values()].flatMap(({ body: { abort, party } }) => {
      if (abort === undefined) return [];
      const { check, culprits, failure } = abort;
      return [
        {
          party,
          failure,
          check,
          culprits: [...culprits],
          sentence: wordsOf(check).sentence,
          next: wordsOf(check).next,
        },
      ];
    }),
  };
}
