/**
 * From PREPARED to ACTIVE, and from ACTIVE everywhere to the end of the older shares, whatever happens in between: own
 * acknowledgements leave again whenever a member connects, a share found at start goes on where it stood, a wallet
 * document from any peer completes it, and every signed ACTIVE is passed on (docs/protocol.md b.7).
 */
import type { Members } from '../../proto/link/members.ts';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { Envelope } from '../../protocol/ceremony/statement.ts';
import { parseEnvelope as parseStatement } from '../../protocol/ceremony/statement.ts';
import { walletDocument } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { createActivation, type KeygenOutput, type KeygenRecord } from '../../protocol/threshold/keygen/activation.ts';
import { identityKeyOfPid, pidOfIndex } from '../../protocol/threshold/keygen/config.ts';
import { indexIn } from '../../protocol/threshold/keygen/config-rules.ts';
import type { Epoch } from '../../protocol/threshold/keygen/epoch.ts';
import { onCertificate } from '../../protocol/threshold/keygen/generations.ts';
import { wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { DKG_ACK, DKG_ACTIVE, ROUND_OF, writeEpochNotice } from '../../protocol/threshold/keygen/messages.ts';
import { type ParsedEnvelope, parseEnvelope, verifyEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { NodeContext } from '../context.ts';
import { epochFacts, type KeyRecord } from '../keystore/key-record.ts';
import type { Keyshares } from '../keystore/keyshares.ts';
import type { Held } from '../wallets.ts';
import { isHandedOver, nextRosters } from './handover.ts';
import { Run } from './run.ts';

/** One reshare of each wallet is enough for all honest uses. */
const MAX_UNPROVEN = 64;

type ActivationRecord = Exclude<KeygenRecord, { readonly kind: 'prepared' }>;

export interface ActivationsOptions {
  readonly node: NodeContext;
  readonly keyshares: Keyshares;
  /** A wallet is in a new epoch here, with a share of this party or without. */
  readonly moved: (held: Held) => void;
  /** Parties that the last change of rosters left behind: they wait for notices to erase their shares. */
  readonly former: () => Members;
}

/** Approvers hold no share, and hear of none. */
function runsEpochs(member: string): boolean {
  return !member.startsWith('approver:');
}

export class Activations {
  readonly #node: NodeContext;
  readonly #keyshares: Keyshares;
  readonly #moved: (held: Held) => void;
  readonly #former: () => Members;
  /** Own acknowledgements and notices, by sid and type: whoever connects may have missed them. */
  readonly #said = new Map<string, Uint8Array>();
  /** Documents of epochs without this party, by epoch, that nobody has vouched for yet. */
  readonly #unproven = new Map<string, Json>();
  readonly #runs: Run<KeygenOutput, KeygenRecord>[] = [];

  constructor({ former, keyshares, moved, node }: ActivationsOptions) {
    this.#former = former;
    this.#node = node;
    this.#keyshares = keyshares;
    this.#moved = moved;
  }

  /** Goes on with every share that an earlier process left PREPARED, or ACTIVE but not known to be so everywhere. */
  async resume(): Promise<void> {
    for (const record of this.#keyshares.list()) {
      if (record.state === 'followed') await this.#eraseSettled(record.walletId);
      if (record.state !== 'prepared' && !this.#mayEndOthers(record)) continue;
      const source = this.#sourceOf(record);
      if (source === undefined) continue;
      const keyshare = await this.#node.wallets.keyshare(record.epochId);
      wipeKeyshare(keyshare);
      const machine = createActivation({
        epoch: keyshare,
        pid: pidOfIndex(keyshare.config, keyshare.index),
        sign: this.#node.signer.sign,
        verify,
        state: record.state === 'prepared' ? 'prepared' : 'active',
      });
      const run = new Run<KeygenOutput, KeygenRecord>(machine, {
        record: (item) => this.record(item, record.epochId, source),
        send: async (_, envelope) => {
          this.remember(parseEnvelope(envelope));
          void this.#node.members().sendAll({ kind: 'round', envelope }, runsEpochs);
        },
        done: async () => undefined,
        aborted: async () => undefined,
        failed: (error) => this.#node.note('ACTIVATION_FAILED', error instanceof Error ? error.message : 'unknown'),
      });
      this.#runs.push(run);
      run.start();
      await this.#eraseSettled(record.walletId);
    }
  }

  /** What a run must have on disk before it speaks on. */
  async record(record: KeygenRecord, epochId: Uint8Array | undefined, source: Envelope): Promise<void> {
    if (record.kind === 'prepared') return;
    await this.#record(record, epochId ?? new Uint8Array(), source);
  }

  /** Keeps an own acknowledgement or notice, to send it again; an ACTIVE also goes to those who hold no share. */
  remember(envelope: ParsedEnvelope | undefined): void {
    if (envelope?.type !== DKG_ACK && envelope?.type !== DKG_ACTIVE) return;
    this.#said.set(`${toHex(envelope.sid)}/${envelope.type}`, envelope.bytes);
    if (envelope.type === DKG_ACTIVE) this.#spread(envelope.bytes);
  }

  /** Every signed notice that is known here of the present epochs: who has become ACTIVE in them. */
  notices(): readonly Uint8Array[] {
    const own = [...this.#said].filter(([name]) => name.endsWith(`/${DKG_ACTIVE}`)).map(([, envelope]) => envelope);
    return [...own, ...this.#heard()];
  }

  /** Tells a member that has just connected what it may have missed. */
  async greet(member: string): Promise<void> {
    for (const envelope of [...this.#said.values(), ...this.#heard()]) {
      await this.#node.members().send(member, { kind: 'round', envelope });
    }
  }

  #heard(): readonly Uint8Array[] {
    return this.#keyshares
      .list()
      .filter((record) => this.#mayEndOthers(record))
      .flatMap((record) => record.peersActive.map((peer) => peer.envelope));
  }

  /** Whether older shares, here or elsewhere, may still wait for the notices of this epoch. */
  #mayEndOthers(record: KeyRecord): boolean {
    return record.gen > 1 && this.#keyshares.current(record.walletId) === record;
  }

  /** @returns whether it belongs to an epoch that is known here */
  deliver(bytes: Uint8Array, envelope: ParsedEnvelope): boolean {
    const run = this.#runs.find((candidate) => candidate.accepts(envelope.sid));
    run?.deliver(bytes);
    const epoch = envelope.type === DKG_ACTIVE ? this.#node.wallets.epochBySid(envelope.sid) : undefined;
    // A run takes the notices of its own epoch; those who hold no share of it, or whose run has ended, listen here.
    if (epoch !== undefined && run === undefined) this.#hear(epoch, envelope);
    return run !== undefined || epoch !== undefined;
  }

  /** A wallet document that a peer sent: it completes a share that is PREPARED here, or shows a later epoch. */
  async adopt(document: Json): Promise<void> {
    const read = this.#node.wallets.read(document, nextRosters(this.#node));
    if (!read.ok) return;
    const { wallet } = read.value;
    const known = this.#keyshares.generations(wallet.walletId);
    const effect = onCertificate(known, wallet.epoch, this.#node.statementKey);
    switch (effect) {
      case 'activate':
        return this.#activate(document);
      case 'follow':
        if (this.#mayFollow(read.value)) return this.#follow(read.value);
        // The word of those who dealt may be on its way.
        if (this.#unproven.size < MAX_UNPROVEN) this.#unproven.set(toHex(wallet.epochId), document);
        return;
      case 'share-lost':
      case 'fork':
        return this.#node.note(ALARMS[effect][0], `${wallet.name}: ${ALARMS[effect][1]}`);
      case 'abandoned':
      case 'ignore':
      case 'known':
        return;
    }
  }

  /** An outcome came: what was shown before may be believed now. */
  async reconsider(): Promise<void> {
    for (const [epoch, document] of [...this.#unproven]) {
      this.#unproven.delete(epoch);
      await this.adopt(document);
    }
  }

  async #record(record: ActivationRecord, epochId: Uint8Array, source: Envelope): Promise<void> {
    switch (record.kind) {
      case 'active':
        return this.#activate(walletDocument({ envelope: source }, record.certificate));
      case 'certified': {
        // This party dealt for real and was shown the result: nobody else has to vouch for it.
        const document = walletDocument({ envelope: source }, record.certificate);
        const read = this.#node.wallets.read(document, nextRosters(this.#node));
        if (read.ok) await this.#follow(read.value);
        return;
      }
      case 'peer-active': {
        await this.#keyshares.recordPeerActive(record.epochId, record.party, record.envelope);
        this.#spread(record.envelope);
        const known = this.#keyshares.find(record.epochId);
        if (known !== undefined) await this.#eraseSettled(known.walletId);
        return;
      }
      case 'abandoned':
        return this.#keyshares.abandon(epochId);
      case 'discard':
        return this.#keyshares.discard(epochId);
    }
  }

  async #activate(document: Json): Promise<void> {
    const { documents, journal, wallets } = this.#node;
    await documents.put(document);
    const held = await wallets.activate(document);
    const { epoch, epochId, walletId } = held.wallet;
    await journal.record({ type: 'active', walletId, epochId, gen: epoch.config.gen });
    await this.#eraseSettled(walletId);
    this.#moved(held);
  }

  /** An epoch in which this party holds no share: nothing is signed in the one before it any more. */
  async #follow(held: Held): Promise<void> {
    const { wallet } = held;
    await this.#node.wallets.follow(held, epochFacts(wallet.epoch, this.#node.statementKey));
    await this.#eraseSettled(wallet.walletId);
    this.#moved(held);
  }

  /**
   * Who joins takes in the epochs under the roster that it will replace. Who has left must not believe a certificate
   * alone: strangers could make one for a key they never got. It wants the word of all who dealt and stayed.
   */
  #mayFollow({ roster, wallet }: Held): boolean {
    const { rosters, self } = this.#node;
    if (roster === rosters.current && self === 0) return true;
    return isHandedOver(this.#node, wallet);
  }

  #hear(epoch: Epoch, envelope: ParsedEnvelope): void {
    const identityKey = identityKeyOfPid(epoch.config, envelope.from);
    const index = identityKey === undefined ? 0 : indexIn(epoch.config, identityKey);
    const expected = writeEpochNotice(epoch.epochId, epoch.config.gen);
    const fits =
      envelope.round === ROUND_OF.get(DKG_ACTIVE) && envelope.to === 0 && equalBytes(envelope.body, expected);
    if (identityKey === undefined || index === 0 || !fits) return;
    const record = this.#keyshares.find(epoch.epochId);
    if (record === undefined || record.index === index || record.peersActive.some(({ party }) => party === index))
      return;
    if (!verifyEnvelope(envelope, identityKey, verify)) return;
    void this.#node.exchange
      .exclusively(async () => {
        await this.#keyshares.recordPeerActive(epoch.epochId, index, envelope.bytes);
        this.#spread(envelope.bytes);
        await this.#eraseSettled(record.walletId);
      })
      .catch((error: unknown) => {
        this.#node.note('ACTIVATION_FAILED', error instanceof Error ? error.message : 'unknown');
      });
  }

  /** Who joins and who leaves need not reach each other; what one knows all should, and who was left behind as well. */
  #spread(envelope: Uint8Array): void {
    void this.#former().sendAll({ kind: 'round', envelope });
    void this.#node
      .members()
      .sendAll({ kind: 'round', envelope }, (member) => !member.startsWith('operator:') && runsEpochs(member));
  }

  async #eraseSettled(walletId: Uint8Array): Promise<void> {
    const erased = await this.#keyshares.eraseSettled(walletId);
    if (erased.length === 0) return;
    await this.#node.wallets.openChainCodes();
    this.#node.note(
      'SHARE_ERASED',
      `of wallet ${toHex(walletId).slice(0, 16)}, generation ${erased.join(', ')}: all holders are active in a later one`,
    );
  }

  /** Where the wallet came from: noted with the share, or in the document of its epoch. */
  #sourceOf(record: KeyRecord): Envelope | undefined {
    const held = this.#node.wallets.known(record.epochId);
    if (held !== undefined) return held.wallet.source;
    const envelope = record.origin === undefined ? undefined : parseStatement(record.origin);
    return envelope?.ok === true ? envelope.value : undefined;
  }
}

const ALARMS: { readonly [K in 'share-lost' | 'fork']: readonly [string, string] } = {
  'share-lost': [
    'SHARE_LOST',
    'all parties acknowledged an epoch in which this one holds a share, but this home has none: its disk was rolled back or copied',
  ],
  fork: ['WALLET_FORKED', 'two epochs of one generation are certified; stop, and compare with the other key holders'],
};
