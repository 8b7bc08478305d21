/**
 * Which documents this node sends to whom: its wallets to everybody, what its own statements name by digest to the
 * operators, who archive it.
 */
import { addressesDocument } from '../protocol/ceremony/addresses.ts';
import type { BookEntry } from '../protocol/ceremony/book.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { canonicalBytes, type Json } from '../protocol/common/canonical-json.ts';
import type { NodeContext } from './context.ts';
import { shownAddresses } from './derived.ts';

export class Offers {
  readonly #node: NodeContext;

  constructor(node: NodeContext) {
    this.#node = node;
  }

  /** What a member that has just connected should have. */
  async greet(member: string): Promise<void> {
    const { book, wallets } = this.#node;
    for (const { wallet } of wallets.all()) await this.send(member, wallet.document);
    if (!isOperator(member) && !isApprover(member)) return;
    for (const wallet of wallets.list()) await this.#showAddresses(wallet, [member]);
    if (isApprover(member)) {
      for (const entry of book.entries()) await this.#showKey(entry, [member]);
      return;
    }
    await this.#node.sealedShares.greet(member);
    for (const entry of book.entries()) await this.#sendNamed(entry, [member]);
  }

  /** A wallet is in a new epoch: its certificate completes whoever lacks an acknowledgement, and moves lower ones on. */
  wallet(wallet: Wallet): void {
    this.#later(async () => {
      for (const member of this.#node.members().connected()) await this.send(member, wallet.document);
      if (this.#node.wallets.byEpoch(wallet.epochId) !== undefined) {
        await this.#showAddresses(wallet, [...this.#operators(), ...this.#approvers()]);
      }
    });
  }

  /** A proposal has come: approvers cannot derive its key. */
  proposed(entry: BookEntry): void {
    this.#later(() => this.#showKey(entry, this.#approvers()));
  }

  /** What an own verdict or outcome names by digest. */
  named(entry: BookEntry): void {
    this.#later(() => this.#sendNamed(entry, this.#operators()));
  }

  async send(member: string, document: Json | undefined): Promise<void> {
    if (document === undefined) return;
    await this.#node.members().send(member, { kind: 'document', content: canonicalBytes(document) });
  }

  async #sendNamed(entry: BookEntry, members: readonly string[]): Promise<void> {
    const { documents, self } = this.#node;
    const verdict = entry.ceremony.verdicts.get(self)?.body;
    const outcome = entry.ceremony.outcomes.get(self)?.body;
    const digests = [
      verdict?.inputs,
      verdict?.commonPolicy?.digest,
      verdict?.ownPolicy?.digest,
      ...(verdict?.approvals ?? []),
      outcome?.key?.certificate,
      ...(outcome?.evidence ?? []),
    ];
    for (const digest of digests) {
      const document = digest === undefined ? undefined : documents.get(digest);
      for (const member of members) await this.send(member, document);
    }
  }

  /** Operators cannot derive keys; a party tells them the addresses they are likely to need. */
  async #showAddresses(wallet: Wallet, operators: readonly string[]): Promise<void> {
    const document = shownAddresses(this.#node, wallet);
    for (const member of operators) await this.send(member, document);
  }

  /** The key of a proposal's path, of an open one that has a path. */
  async #showKey({ ceremony: { proposal } }: BookEntry, members: readonly string[]): Promise<void> {
    const { clock, wallets } = this.#node;
    const { body } = proposal;
    if (body.ceremony !== 'sign' || body.path.length === 0 || body.expires <= clock.now()) return;
    const wallet = wallets.byId(body.walletId);
    const key = wallet === undefined ? undefined : wallets.derive(wallet, body.path);
    if (!key?.ok) return;
    const document = addressesDocument(body.walletId, [key.value]);
    for (const member of members) await this.send(member, document);
  }

  #approvers(): readonly string[] {
    return this.#node.members().connected().filter(isApprover);
  }

  #operators(): readonly string[] {
    return this.#node.members().connected().filter(isOperator);
  }

  /** Not awaited: an operator that does not read must not hold up what is said by everybody else. */
  #later(action: () => Promise<void>): void {
    void action().catch((error: unknown) => {
      this.#node.note('DOCUMENTS_NOT_SENT', error instanceof Error ? error.message : 'unknown');
    });
  }
}

function isApprover(member: string): boolean {
  return member.startsWith('approver:');
}

function isOperator(member: string): boolean {
  return member.startsWith('operator:');
}
