/**
 * From PREPARED to ACTIVE, whatever happens in between: own acknowledgements leave again whenever a member connects,
 * a prepared share found at start goes on where it stood, and a wallet document from any peer completes it.
 */
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import { keygenPlan } from '../../protocol/ceremony/run-plan.ts';
import { openWallet, type Wallet, walletDocument } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { createActivation, type KeygenOutput, type KeygenRecord } from '../../protocol/threshold/keygen/activation.ts';
import { pidOfIndex } from '../../protocol/threshold/keygen/config.ts';
import { wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { DKG_ACK } from '../../protocol/threshold/keygen/messages.ts';
import { type ParsedEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { NodeContext } from '../context.ts';
import type { Keyshares } from '../keystore/keyshares.ts';
import { Run } from './run.ts';

type ActivationRecord = Exclude<KeygenRecord, { readonly kind: 'prepared' }>;

export class Activations {
  readonly #node: NodeContext;
  readonly #keyshares: Keyshares;
  readonly #activated: (wallet: Wallet) => void;
  /** Own acknowledgements of keys that are not known to be active everywhere, by sid. */
  readonly #acknowledgements = new Map<string, Uint8Array>();
  readonly #runs: Run<KeygenOutput, KeygenRecord>[] = [];

  constructor(node: NodeContext, keyshares: Keyshares, activated: (wallet: Wallet) => void) {
    this.#node = node;
    this.#keyshares = keyshares;
    this.#activated = activated;
  }

  /** Goes on with every share that an earlier process left PREPARED. */
  async resume(): Promise<void> {
    for (const record of this.#keyshares.list()) {
      const proposal = record.state === 'prepared' ? this.#proposalOf(record.walletId) : undefined;
      if (proposal === undefined) continue;
      const keyshare = await this.#node.wallets.keyshare(record.epochId);
      wipeKeyshare(keyshare);
      const machine = createActivation({
        epoch: keyshare,
        pid: pidOfIndex(keyshare.config, keyshare.index),
        sign: this.#node.signer.sign,
        verify,
      });
      const run = new Run<KeygenOutput, KeygenRecord>(machine, {
        record: (item) => this.record(item, record.epochId, proposal),
        send: async (_, envelope) => {
          this.remember(parseEnvelope(envelope));
          void this.#node.members().sendAll({ kind: 'round', envelope });
        },
        done: async () => undefined,
        aborted: async () => undefined,
        failed: (error) => this.#node.note('ACTIVATION_FAILED', error instanceof Error ? error.message : 'unknown'),
      });
      this.#runs.push(run);
      run.start();
    }
  }

  /** What an activation must have on disk before it speaks. */
  async record(record: KeygenRecord, epochId: Uint8Array, proposal: Proposal): Promise<void> {
    if (record.kind === 'prepared') return;
    await this.#record(record, epochId, proposal);
  }

  /** Keeps an own acknowledgement, to send it again. */
  remember(envelope: ParsedEnvelope | undefined): void {
    if (envelope?.type === DKG_ACK) this.#acknowledgements.set(toHex(envelope.sid), envelope.bytes);
  }

  /** Tells a member that has just connected what it may have missed. */
  async greet(member: string): Promise<void> {
    for (const envelope of this.#acknowledgements.values()) {
      await this.#node.members().send(member, { kind: 'round', envelope });
    }
  }

  deliver(bytes: Uint8Array, sid: Uint8Array): boolean {
    const run = this.#runs.find((candidate) => candidate.accepts(sid));
    run?.deliver(bytes);
    return run !== undefined;
  }

  /** A wallet document that a peer sent: completes a share that is still PREPARED here. */
  async adopt(document: Json): Promise<void> {
    const wallet = openWallet(document, this.#node.roster);
    if (!wallet.ok) return;
    if (this.#keyshares.find(wallet.value.epochId)?.state !== 'prepared') return;
    await this.#activate(document);
  }

  async #record(record: ActivationRecord, epochId: Uint8Array, proposal: Proposal): Promise<void> {
    switch (record.kind) {
      case 'active':
      case 'certified':
        return this.#activate(walletDocument(proposal, record.certificate));
      case 'peer-active':
        return this.#keyshares.recordPeerActive(epochId, record.party, record.envelope);
      case 'abandoned':
        return this.#keyshares.abandon(epochId);
      case 'discard':
        return this.#keyshares.discard(epochId);
    }
  }

  async #activate(document: Json): Promise<void> {
    const { documents, journal, wallets } = this.#node;
    await documents.put(document);
    const wallet = await wallets.activate(document);
    const { walletId, epochId } = wallet;
    await journal.record({ type: 'active', walletId, epochId, gen: wallet.epoch.config.gen });
    this.#activated(wallet);
  }

  /** The keygen proposal that gave a wallet its id; it stands in the log since before the share existed. */
  #proposalOf(walletId: Uint8Array): Proposal | undefined {
    const entry = this.#node.book.entries().find(({ ceremony }) => {
      const { digest, body } = ceremony.proposal;
      return body.ceremony === 'keygen' && equalBytes(keygenPlan(this.#node.roster, digest, body).walletId, walletId);
    });
    return entry?.ceremony.proposal;
  }
}
