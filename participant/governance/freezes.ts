/**
 * Freezes and thaws at one node: kept in the log, passed on once, and in the journal before anything reacts to them.
 */
import {
  countThaws,
  type Freeze,
  openFreeze,
  openThaw,
  signFreeze,
  signThaw,
  type Thaw,
  type ThawCount,
} from '../../protocol/ceremony/freeze.ts';
import type { Envelope } from '../../protocol/ceremony/statement.ts';
import { compareBytes, equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import type { NodeContext } from '../context.ts';

export type FreezesNode = Pick<
  NodeContext,
  'clock' | 'journal' | 'note' | 'policies' | 'random' | 'roster' | 'self' | 'signer'
>;

/** Freezes of one wallet by one author that are kept: more say nothing new. */
const MAX_FREEZES = 4;
/** Freezes of single wallets by one author: nobody here knows whether there are such wallets. */
const MAX_FREEZES_BY_ONE = 64;
/** Thaws of one author that are kept, the latest; an old one has done what it could. */
const MAX_THAWS = 32;

/** A freeze in force, for screens. */
export interface FreezeRow {
  readonly digest: Uint8Array;
  readonly walletId: Uint8Array;
  /** Of a freeze that came under an earlier roster only the journal knows, and nobody's name stands there. */
  readonly author: string | undefined;
  readonly reason: string | undefined;
  readonly at: number | undefined;
  readonly thaw: ThawCount;
}

export class Freezes {
  readonly #node: FreezesNode;
  readonly #freezes = new Map<string, Freeze>();
  readonly #thaws = new Map<string, Thaw>();

  constructor(node: FreezesNode) {
    this.#node = node;
  }

  /** Takes up a statement that the log holds; says whether it is one of these. */
  replay(envelope: Envelope): boolean {
    const freeze = this.#openFreeze(envelope);
    if (freeze !== undefined) this.#freezes.set(toHex(freeze.digest), freeze);
    const thaw = freeze === undefined ? this.#openThaw(envelope) : undefined;
    if (thaw !== undefined) this.#thaws.set(toHex(thaw.digest), thaw);
    return freeze !== undefined || thaw !== undefined;
  }

  /** What is in force. */
  rows(): readonly FreezeRow[] {
    return this.#node.journal.state.governance.freezes().map(({ at, statement, walletId }) => {
      const body = this.#freezes.get(toHex(statement))?.body;
      const thaw = this.#count(statement);
      return { digest: statement, walletId, author: body?.author, reason: body?.reason, at, thaw };
    });
  }

  /** Envelopes that a member may have missed. */
  statements(): readonly Envelope[] {
    const { governance } = this.#node.journal.state;
    const inForce = [...this.#freezes.values()].filter(({ digest }) => !governance.isThawed(digest));
    return [...inForce, ...this.#thaws.values()].map(({ envelope }) => envelope);
  }

  /** @returns the statement if it is new here and to be kept, passed on, and then `applied` */
  fresh(envelope: Envelope): Freeze | Thaw | undefined {
    const freeze = this.#openFreeze(envelope);
    if (freeze !== undefined) {
      const { governance } = this.#node.journal.state;
      return governance.isKnownFreeze(freeze.digest) || this.#saysNothingNew(freeze) ? undefined : freeze;
    }
    const thaw = this.#openThaw(envelope);
    return thaw !== undefined && this.#isOfUse(thaw) ? thaw : undefined;
  }

  /** Puts a fresh statement into effect; it is in the log already. @returns whether anything is frozen or free now that was not */
  async apply(statement: Freeze | Thaw): Promise<boolean> {
    const { clock, journal, note } = this.#node;
    if (isFreeze(statement)) {
      const { author, reason, walletId } = statement.body;
      this.#freezes.set(toHex(statement.digest), statement);
      await journal.record({ type: 'freeze', walletId, frozen: true, statement: statement.digest, at: clock.now() });
      note('FREEZE_BEGUN', `by ${author}: ${walletId.length === 0 ? 'all wallets' : 'a wallet'}; ${reason}`);
      // Its thaws may have come before it.
      await this.#settle(statement.digest);
      return true;
    }
    this.#thaws.set(toHex(statement.digest), statement);
    this.#forgetThaws(statement.body.author);
    let changed = false;
    for (const digest of statement.body.freezes) changed = (await this.#settle(digest)) || changed;
    return changed;
  }

  /** By other admins, or another quorum, what was said may be enough now. */
  async recount(): Promise<boolean> {
    let changed = false;
    for (const { statement } of this.#node.journal.state.governance.freezes()) {
      changed = (await this.#settle(statement)) || changed;
    }
    return changed;
  }

  /** This party freezes. @param walletId none for all wallets */
  freeze(walletId: Uint8Array, reason: string): Freeze {
    const { clock, random, roster, self, signer } = this.#node;
    const nonce = random.bytes(16);
    const body = { roster: roster.digest, walletId, author: `party:${self}`, reason, nonce, created: clock.now() };
    return signFreeze(body, signer);
  }

  /** This party thaws what is frozen as it knows it. Fails with `THAW_NOT_YOURS`, `NOT_FROZEN`. */
  thaw(walletId: Uint8Array | undefined): Thaw {
    const { clock, journal, policies, random, self, signer } = this.#node;
    const admin = policies.common?.document.admin;
    if (admin !== undefined) {
      const detail = `the policy in force lets ${admin.quorum} of the group "${admin.group}" thaw, each by "keymoot approver thaw"`;
      throw new Refusal('THAW_NOT_YOURS', detail);
    }
    const chosen = journal.state.governance.freezes().filter((freeze) => {
      return walletId === undefined || freeze.walletId.length === 0 || equalBytes(freeze.walletId, walletId);
    });
    if (chosen.length === 0) throw new Refusal('NOT_FROZEN', 'nothing is frozen here');
    const freezes = chosen.map(({ statement }) => statement).sort(compareBytes);
    return signThaw({ freezes, author: `party:${self}`, nonce: random.bytes(16), created: clock.now() }, signer);
  }

  async #settle(freeze: Uint8Array): Promise<boolean> {
    const { clock, journal, note } = this.#node;
    const { governance } = journal.state;
    if (governance.isThawed(freeze) || !this.#count(freeze).thawed) return false;
    const walletId = governance.freezes().find(({ statement }) => equalBytes(statement, freeze))?.walletId;
    const record = { walletId: walletId ?? new Uint8Array(), frozen: false, statement: freeze, at: clock.now() };
    await journal.record({ type: 'freeze', ...record });
    note('FREEZE_ENDED', `the freeze ${toHex(freeze).slice(0, 16)} has ended`);
    return true;
  }

  #count(freeze: Uint8Array): ThawCount {
    const { policies, roster } = this.#node;
    // Who thawed under an earlier version must be an admin still.
    const thaws = [...this.#thaws.values()].filter(({ envelope }) => this.#openThaw(envelope) !== undefined);
    return countThaws(freeze, thaws, roster, policies.common);
  }

  #saysNothingNew({ body }: Freeze): boolean {
    const { governance } = this.#node.journal.state;
    const own = [...this.#freezes.values()].filter(
      (other) => other.body.author === body.author && !governance.isThawed(other.digest),
    );
    const same = own.filter((other) => equalBytes(other.body.walletId, body.walletId));
    // That of all wallets can always be said.
    return same.length >= MAX_FREEZES || (body.walletId.length > 0 && own.length >= MAX_FREEZES_BY_ONE);
  }

  /** Names a freeze that has not ended, and that its author has not named before. */
  #isOfUse({ body, digest }: Thaw): boolean {
    if (this.#thaws.has(toHex(digest))) return false;
    const { governance } = this.#node.journal.state;
    const own = [...this.#thaws.values()].filter(
      (other) => other.body.author === body.author && this.#openThaw(other.envelope) !== undefined,
    );
    const said = new Set(own.flatMap((other) => other.body.freezes.map(toHex)));
    const open = body.freezes.filter((freeze) => !governance.isThawed(freeze) && !said.has(toHex(freeze)));
    // Some come before their freezes, of which nobody knows yet whether there are any.
    return open.some((freeze) => governance.isKnownFreeze(freeze)) || (open.length > 0 && own.length < MAX_THAWS);
  }

  #forgetThaws(author: string): void {
    const own = [...this.#thaws].filter(([, { body }]) => body.author === author);
    const [oldest] = own;
    if (oldest !== undefined && own.length > MAX_THAWS) this.#thaws.delete(oldest[0]);
  }

  #openFreeze(envelope: Envelope): Freeze | undefined {
    const { policies, roster } = this.#node;
    const opened = openFreeze(envelope, roster, policies.common);
    return opened.ok ? opened.value : undefined;
  }

  #openThaw(envelope: Envelope): Thaw | undefined {
    const { policies, roster } = this.#node;
    const opened = openThaw(envelope, roster, policies.common);
    return opened.ok ? opened.value : undefined;
  }
}

export function isFreeze(statement: Freeze | Thaw): statement is Freeze {
  return 'walletId' in statement.body;
}
