/**
 * How two key holders lift a ban between them: each signs it, each hears the other, both keep both halves. Nobody else
 * has a say, and of one pair in one epoch it happens once (docs/protocol.md d.7).
 */
import {
  type BanLift,
  isAgreed,
  MAX_LIFTS,
  openBanLift,
  peerOf,
  signBanLift,
} from '../../protocol/ceremony/ban-lift.ts';
import { type Envelope, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import type { NodeContext } from '../context.ts';
import { LOG_BAN_LIFT } from '../home.ts';
import type { Pairs } from '../pairs/pairs.ts';

/** A pair that cannot sign together, or is about to be able to again. */
export interface BanRow {
  readonly wallet: Wallet;
  readonly peer: number;
  /** Whether this party has banned the peer; else only the peer says so. */
  readonly banned: boolean;
  readonly check: string | undefined;
  /** Whose half of the lift is here. */
  readonly lift: 'none' | 'own' | 'peer' | 'both';
  /** A further ban of this pair stays until the key is reshared. */
  readonly permanent: boolean;
}

export class BanLifts {
  readonly #node: NodeContext;
  readonly #pairs: Pairs;
  /** By epoch, peer and author: one each, since one lift is all there is. */
  readonly #halves = new Map<string, BanLift>();

  constructor(node: NodeContext, pairs: Pairs, kept: readonly Uint8Array[]) {
    this.#node = node;
    this.#pairs = pairs;
    for (const bytes of kept) {
      const envelope = parseEnvelope(bytes);
      const lift = envelope.ok ? openBanLift(envelope.value, node.roster) : envelope;
      if (lift.ok) this.#halves.set(this.#nameOf(lift.value), lift.value);
    }
  }

  list(): readonly BanRow[] {
    const { journal, roster, self, wallets } = this.#node;
    const peers = roster.parties.map((party) => party.index).filter((index) => index !== self);
    return wallets.list().flatMap((wallet) =>
      peers.flatMap((peer): readonly BanRow[] => {
        const { pairs } = journal.state;
        const ban = pairs.ban(wallet.epochId, peer);
        const own = this.#half(wallet.epochId, peer, self) !== undefined;
        const theirs = this.#half(wallet.epochId, peer, peer) !== undefined;
        const isLifted = pairs.liftedCount(wallet.epochId, peer) >= MAX_LIFTS;
        if (ban === undefined && (isLifted || !(own || theirs))) return [];
        const lift = own ? (theirs ? 'both' : 'own') : theirs ? 'peer' : 'none';
        return [{ wallet, peer, banned: ban !== undefined, check: ban?.check, lift, permanent: isLifted }];
      }),
    );
  }

  /** The own key holder lifts the ban; it ends when the other one does, too. Call it inside `exclusively`. */
  async lift(wallet: Wallet, peer: number): Promise<'waiting' | 'lifted'> {
    const { clock, journal, members, roster, self, signer } = this.#node;
    const { epochId } = wallet;
    if (journal.state.pairs.liftedCount(epochId, peer) >= MAX_LIFTS) {
      throw new Refusal(
        'BAN_PERMANENT',
        'one ban of this pair was lifted in this epoch already; only a reshare helps now',
      );
    }
    const isBanned = journal.state.pairs.ban(epochId, peer) !== undefined;
    if (!isBanned && this.#half(epochId, peer, peer) === undefined) {
      throw new Refusal('NOT_BANNED', 'there is no ban between this party and that one in the present epoch');
    }
    const known = this.#half(epochId, peer, self);
    const pair = [Math.min(self, peer), Math.max(self, peer)] as const;
    const body = { roster: roster.digest, epochId, pair, counter: MAX_LIFTS, party: self, created: clock.now() };
    const half = known ?? signBanLift(body, signer);
    if (known === undefined) await this.#keep(half);
    await members().send(`party:${peer}`, { kind: 'statement', envelope: half.envelope.bytes });
    return (await this.#complete(epochId, peer)) ? 'lifted' : 'waiting';
  }

  /** The half of a peer, from the peer itself. Call it inside `exclusively`. */
  async receive(envelope: Envelope, from: string): Promise<void> {
    const { note, roster, self, wallets } = this.#node;
    const lift = openBanLift(envelope, roster);
    if (!lift.ok || from !== `party:${lift.value.body.party}` || peerOf(lift.value.body) !== self) return;
    const { epochId, party } = lift.value.body;
    if (wallets.byEpoch(epochId) === undefined) return;
    if (this.#half(epochId, party, party) === undefined) {
      await this.#keep(lift.value);
      note('BAN_LIFT_ASKED', `party ${party} lifts its ban with this party; it ends when this key holder does so, too`);
    }
    await this.#complete(epochId, party);
  }

  /** Whoever connects hears the own half again, and what a crash left half done is done. */
  async greet(peer: number): Promise<void> {
    const { exchange, members, self, wallets } = this.#node;
    for (const { epochId } of wallets.list()) {
      const half = this.#half(epochId, peer, self);
      if (half === undefined) continue;
      await members().send(`party:${peer}`, { kind: 'statement', envelope: half.envelope.bytes });
      await exchange.exclusively(() => this.#complete(epochId, peer));
    }
  }

  /** With both halves on disk the ban ends here. */
  async #complete(epochId: Uint8Array, peer: number): Promise<boolean> {
    const { journal, note, self } = this.#node;
    const own = this.#half(epochId, peer, self);
    const theirs = this.#half(epochId, peer, peer);
    if (own === undefined || theirs === undefined || !isAgreed(own, theirs)) return false;
    const { counter } = own.body;
    if (journal.state.pairs.liftedCount(epochId, peer) >= counter) return true;
    const [first, second] = self < peer ? [own, theirs] : [theirs, own];
    const done = await this.#pairs.liftBan({ epochId, peer, counter, statements: [first.digest, second.digest] });
    if (!done.ok) throw done.error;
    note('BAN_LIFTED', `between this party and party ${peer}, by both key holders`);
    return true;
  }

  async #keep(lift: BanLift): Promise<void> {
    await this.#node.exchange.keep(LOG_BAN_LIFT, lift.envelope.bytes);
    this.#halves.set(this.#nameOf(lift), lift);
  }

  #half(epochId: Uint8Array, peer: number, author: number): BanLift | undefined {
    const lift = this.#halves.get(`${toHex(epochId)}/${peer}/${author}`);
    return lift !== undefined && equalBytes(lift.body.epochId, epochId) ? lift : undefined;
  }

  #nameOf({ body }: BanLift): string {
    const peer = body.party === this.#node.self ? peerOf(body) : body.party;
    return `${toHex(body.epochId)}/${peer}/${body.party}`;
  }
}
