/** What other members send, by kind: who may say what, and which part of the node hears it. */
import type { FrameMessage } from '../proto/codec.ts';
import { openHeads } from '../protocol/ceremony/heads.ts';
import { parseEnvelope as parseStatement } from '../protocol/ceremony/statement.ts';
import { WALLET_SCHEMA } from '../protocol/ceremony/wallet.ts';
import { type Json, parseCanonical } from '../protocol/common/canonical-json.ts';
import { PAIR } from '../protocol/threshold/pair-setup/messages.ts';
import { parseEnvelope } from '../protocol/threshold/rounds/envelope.ts';
import { isApproval } from './approvals/store.ts';
import type { Activations } from './ceremonies/activations.ts';
import type { Answers } from './ceremonies/answers.ts';
import type { BanLifts } from './ceremonies/ban-lifts.ts';
import type { Cosigner } from './ceremonies/cosign.ts';
import type { HeadsWatch } from './ceremonies/heads-watch.ts';
import type { Sessions } from './ceremonies/sessions.ts';
import type { NodeContext } from './context.ts';
import { isAnnouncement } from './governance/announcements.ts';
import type { ClockWatch } from './limits/clock-watch.ts';
import type { Offers } from './offers.ts';
import type { Pairs } from './pairs/pairs.ts';

export interface FramesOptions {
  readonly node: NodeContext;
  readonly answers: Answers;
  readonly heads: HeadsWatch;
  readonly clockWatch: ClockWatch;
  readonly bans: BanLifts;
  readonly pairs: Pairs;
  readonly sessions: Sessions;
  readonly activations: Activations;
  readonly cosigner: Cosigner;
  readonly offers: Offers;
}

/** What is taken from `approver:NAME`. */
const SPOKEN_BY_APPROVERS: ReadonlySet<string> = new Set([
  'keymoot.approval.v1',
  'keymoot.freeze.v1',
  'keymoot.thaw.v1',
  'keymoot.policy-veto.v1',
]);

/** About policies and freezes, whoever says it. */
const ABOUT_GOVERNANCE: ReadonlySet<string> = new Set([
  'keymoot.policy-version.v1',
  'keymoot.policy-veto.v1',
  'keymoot.freeze.v1',
  'keymoot.thaw.v1',
]);

export class Frames {
  readonly #options: FramesOptions;

  constructor(options: FramesOptions) {
    this.#options = options;
  }

  async take(from: string, frame: FrameMessage): Promise<void> {
    if (from.startsWith('former:')) return; // It has no voice here any more.
    const { cosigner, pairs } = this.#options;
    // An approver decides about proposals; whatever else it sends is not read at all.
    if (isApprover(from)) {
      if (frame.kind === 'statement') await this.#onApprover(frame.envelope, from);
      return;
    }
    switch (frame.kind) {
      case 'statement':
        return this.#onStatement(frame.envelope, from);
      case 'round':
        return this.#onRound(frame.envelope, from);
      case 'document':
        return this.#onDocument(frame.content, from);
      case 'transcript':
        if (from.startsWith('operator:')) await cosigner.receive(frame.entries, from);
        return;
      case 'want':
        // Not awaited: while this runs nothing more is read from that member, not even what it must do to take these.
        for (const digest of frame.digests) {
          const [role, index] = from.split(':');
          if (role === 'party') pairs.asked(digest, Number(index));
          void this.#answerWant(from, digest);
        }
        return;
      case 'progress':
        return;
    }
  }

  async #onApprover(bytes: Uint8Array, from: string): Promise<void> {
    const { node } = this.#options;
    const envelope = parseStatement(bytes);
    if (!envelope.ok || !SPOKEN_BY_APPROVERS.has(envelope.value.type)) {
      node.note('STATEMENT_UNEXPECTED', `${from} sent what is not for an approver to say`);
      return;
    }
    await this.#onStatement(bytes, from);
  }

  async #onStatement(bytes: Uint8Array, from: string): Promise<void> {
    const { answers, bans, clockWatch, heads, node, sessions } = this.#options;
    const { exchange } = node;
    const envelope = parseStatement(bytes);
    if (envelope.ok && envelope.value.type === 'keymoot.ban-lift.v1') {
      const { value } = envelope;
      return exchange.exclusively(() => bans.receive(value, from));
    }
    if (envelope.ok && envelope.value.type === 'keymoot.approval.v1') {
      const { value } = envelope;
      await exchange.exclusively(() => node.approvals.receive(value, from));
      return;
    }
    if (envelope.ok && ABOUT_GOVERNANCE.has(envelope.value.type)) {
      const { value } = envelope;
      await exchange.exclusively(() => node.governance.receive(value, from));
      return;
    }
    if (envelope.ok && envelope.value.type === 'keymoot.settlement.v1') {
      const { value } = envelope;
      return exchange.exclusively(() => node.limits.receive(value, from));
    }
    if (!envelope.ok || envelope.value.type !== 'keymoot.heads.v1') {
      await exchange.receive(bytes, from);
      return;
    }
    const said = openHeads(envelope.value, node.roster);
    if (said.ok && from === `party:${said.value.body.party}`) clockWatch.heard(from, said.value.body.created);
    if (!heads.receive(envelope.value, from)) return;
    await sessions.settleCrashed();
    await exchange.exclusively(async () => {
      await answers.considerAll();
      await sessions.considerAll();
    });
  }

  #onRound(bytes: Uint8Array, from: string): void {
    const { pairs, sessions } = this.#options;
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined) return;
    pairs.checkClocks();
    if (envelope.type === PAIR) {
      // Before a run has authenticated anything, who may open or occupy it is decided by the connection.
      if (from === `party:${envelope.from}`) pairs.deliver(bytes, envelope);
    } else sessions.deliver(bytes, envelope, from);
  }

  /** A document by its digest, or a version of the common policy by its name. */
  async #answerWant(from: string, digest: Uint8Array): Promise<void> {
    const { node, offers } = this.#options;
    const document = node.documents.get(digest) ?? (await node.governance.wanted(digest));
    await offers.send(from, document);
  }

  /** A participant takes wallets, whose certificates speak for themselves, and what approvers and admins have signed. */
  async #onDocument(content: Uint8Array, from: string): Promise<void> {
    const { activations, node } = this.#options;
    const json = parseCanonical(content);
    if (!json.ok) return;
    const { value } = json;
    if (isWallet(value)) await node.exchange.exclusively(() => activations.adopt(value));
    else if (isAnnouncement(value)) await node.exchange.exclusively(() => node.governance.offered(value, from));
    else if (isApproval(value)) await node.exchange.exclusively(() => node.approvals.document(value, from));
  }
}

function isApprover(member: string): boolean {
  return member.startsWith('approver:');
}

function isWallet(document: Json): boolean {
  return (
    typeof document === 'object' &&
    !Array.isArray(document) &&
    (document as { readonly [key: string]: Json })['schema'] === WALLET_SCHEMA
  );
}
