/**
 * Begin here: an approver at work. It takes in what participants or files bring, reads it by itself, and decides about
 * one proposal at a time. It knows no network; whoever carries its statements away takes them from `voice`.
 */
import { ADDRESSES_SCHEMA, addressesDocument, readAddresses } from '../../protocol/ceremony/addresses.ts';
import {
  type Approval,
  type ApprovalBody,
  type ApprovalDecision,
  approvalEnvelope,
} from '../../protocol/ceremony/approval.ts';
import { approvalChain } from '../../protocol/ceremony/approval-check.ts';
import { type BookEntry, reportedOutcomes } from '../../protocol/ceremony/book.ts';
import { type Freeze, openFreeze } from '../../protocol/ceremony/freeze.ts';
import { policyReference } from '../../protocol/ceremony/judgement.ts';
import { ANNOUNCEMENT_SCHEMA } from '../../protocol/ceremony/policy-version.ts';
import { openProposal, type ProposalBody } from '../../protocol/ceremony/proposal.ts';
import type { Envelope } from '../../protocol/ceremony/statement.ts';
import { openWallet, WALLET_SCHEMA, type Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import type { Clock, Random } from '../../protocol/common/effects.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { readPolicy } from '../../protocol/policy/parse.ts';
import { formatPath } from '../../protocol/threshold/derivation.ts';
import { readRequest } from '../approvals/request.ts';
import { type Earlier, Repeats } from '../inbox/repeats.ts';
import { FollowedPolicy } from './followed-policy.ts';
import { type ApproverHome, LOG_DOCUMENT, LOG_STATEMENT } from './home.ts';
import { knownApproval, lifeOf, placeOf, type ReadRequest, readForApproval } from './reading.ts';
import { type Uttered, Voice } from './voice.ts';

export interface DeskOptions {
  readonly home: ApproverHome;
  readonly clock: Clock;
  readonly random: Random;
  /** One line for the log of the program. */
  readonly note: (code: string, detail: string) => void;
}

/** What one request comes to on this device. */
export interface Looked {
  readonly entry: BookEntry;
  readonly read: ReadRequest;
  /** The same, asked for before and not signed. */
  readonly earlier: readonly Earlier[];
  /** All that is known, own ones included. */
  readonly approvals: readonly Approval[];
}

export interface Decision {
  readonly decision: ApprovalDecision;
  readonly comment: string;
  /** Hex of the digest on the screen that was read. */
  readonly shown: string;
  /** Seconds, if the approver wants it to live shorter. */
  readonly life?: number | undefined;
}

/** Statements of one approver about one proposal that are remembered. */
const MAX_APPROVALS = 8;
const MAX_CHILD_KEYS = 20_000;
const MAX_FREEZES = 256;

export class ApproverDesk {
  readonly home: ApproverHome;
  readonly clock: Clock;
  readonly policy: FollowedPolicy;
  readonly voice: Voice;
  readonly random: Random;
  readonly #repeats: Repeats;
  /** By epoch. */
  readonly #wallets = new Map<string, Wallet>();
  /** Keys of derived addresses, as key holders tell them, by wallet, path and address. */
  readonly #childKeys = new Map<string, Uint8Array>();
  /** By proposal, then by digest. */
  readonly #approvals = new Map<string, Map<string, Approval>>();
  /** By digest. */
  readonly #freezes = new Map<string, Freeze>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ clock, home, note, random }: DeskOptions) {
    this.home = home;
    this.clock = clock;
    this.random = random;
    this.#repeats = new Repeats(home.roster);
    this.policy = new FollowedPolicy(home, clock, note);
    this.voice = new Voice(home, clock);
    for (const bytes of home.documents) {
      const json = parseCanonical(bytes);
      if (json.ok) this.#learn(json.value);
    }
    for (const envelope of this.voice.said()) this.#hear(envelope);
  }

  /** Runs `action` when everything before it is done. */
  async exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return await done;
  }

  /** Name of this approver in the policy in force. */
  get name(): string | undefined {
    const { current } = this.policy;
    return current && placeOf(current, this.voice.key)?.name;
  }

  wallets(): readonly Wallet[] {
    return [...this.#wallets.values()];
  }

  /** Freezes that this device has heard of, ended ones too. */
  freezes(): readonly Freeze[] {
    return [...this.#freezes.values()];
  }

  /** A statement that a participant passed on. */
  async statement(envelope: Envelope): Promise<void> {
    if (envelope.type === 'keymoot.policy-veto.v1') return await this.policy.vetoed(envelope);
    if (this.#hear(envelope)) return;
    const now = this.clock.now();
    const news = this.home.book.apply(envelope, now);
    for (const { statement } of news.ok ? news.value.fresh : []) {
      await this.home.log.append({ at: now, kind: LOG_STATEMENT, bytes: statement.envelope.bytes });
    }
  }

  /** A document that a participant sent or a request carried: wallets, keys below them, versions of the policy. */
  async document(json: Json): Promise<void> {
    if (schemaOf(json) === ANNOUNCEMENT_SCHEMA) return await this.policy.announced(json);
    // Of unsigned words about keys nothing is written down: whoever sends them could fill a disk.
    if (!this.#learn(json) || schemaOf(json) !== WALLET_SCHEMA) return;
    await this.home.log.append({ at: this.clock.now(), kind: LOG_DOCUMENT, bytes: canonicalBytes(json) });
  }

  /** A request as a file. Returns the proposal in it. Fails with `APPROVAL_REQUEST`. */
  async request(text: string, path: string): Promise<Uint8Array> {
    const { approvals, key, policy, proposal: envelope, signatures, wallet } = readRequest(text, path);
    const fail = (field: string, message: string): InvalidArgument =>
      new InvalidArgument('APPROVAL_REQUEST', `${path}, ${field}`, message);
    // Nothing of it is taken in before all of it has been looked at.
    const { roster } = this.home;
    const version = readPolicy(policy, signatures);
    if (!version.ok) throw fail(`policy ${version.error.field}`, version.error.message);
    const proposal = openProposal(envelope, roster);
    if (!proposal.ok) throw fail('proposal', proposal.error.message);
    const { body, digest } = proposal.value;
    if (body.ceremony !== 'sign') throw fail('proposal', 'is not a request to sign');
    const opened = openWallet(wallet, roster);
    if (!opened.ok) throw fail('wallet', opened.error);
    if (!equalBytes(opened.value.epochId, body.epochId)) throw fail('wallet', 'is not the one that the proposal names');
    await this.policy.offered(version.value);
    await this.document(wallet);
    await this.statement(envelope);
    if (this.home.book.get(digest) === undefined) throw fail('proposal', 'its operator has made too many');
    if (key !== undefined) await this.document(addressesDocument(body.walletId, [{ path: body.path, publicKey: key }]));
    for (const approval of approvals) await this.statement(approval);
    return digest;
  }

  /** Open requests to sign something: those that were asked before first, then the oldest. */
  inbox(): readonly Looked[] {
    const { book, roster } = this.home;
    const now = this.clock.now();
    const open = book.entries().filter((entry) => {
      const { body } = entry.ceremony.proposal;
      const isOpen = body.ceremony === 'sign' && now < body.expires && entry.ceremony.withdrawals.size === 0;
      return isOpen && reportedOutcomes(entry, roster).length === 0;
    });
    const rank = ({ earlier, entry }: Looked): number =>
      earlier.length > 0 || entry.ceremony.proposal.body.attempt > 1 ? 0 : 1;
    return open.map((entry) => this.look(entry)).sort((a, b) => rank(a) - rank(b));
  }

  look(entry: BookEntry): Looked {
    const { book, roster } = this.home;
    const now = this.clock.now();
    const { body, digest } = entry.ceremony.proposal;
    const wallet = body.ceremony === 'sign' ? this.#wallets.get(toHex(body.epochId)) : undefined;
    const childKey = this.#childKeyOf(body);
    const context = { roster, policy: this.policy.current, wallet, childKey, key: this.voice.key, now };
    return {
      entry,
      read: readForApproval(entry, context),
      earlier: this.#repeats.of(entry, book.entries(), now),
      approvals: [...(this.#approvals.get(toHex(digest))?.values() ?? [])],
    };
  }

  /** Decides about exactly one proposal. Fails with why this device does not. */
  async decide(entry: BookEntry, decision: Decision): Promise<Uttered> {
    const body = this.#compose(entry, decision);
    const uttered = await this.voice.utter(draftName(body.proposal), approvalEnvelope(body, new Uint8Array()));
    if (uttered.kind === 'signed') this.#hear(uttered.envelope);
    return uttered;
  }

  /** What was written out last about this, with the signature that another program made. */
  async seal(name: string, signatureFile: string): Promise<Envelope> {
    const envelope = await this.voice.seal(name, signatureFile);
    this.#hear(envelope);
    return envelope;
  }

  #compose(entry: BookEntry, { comment, decision, life, shown }: Decision): ApprovalBody {
    const { judgement, mute, place, refusal } = this.look(entry).read;
    const hindrance = decision === 'approve' ? refusal : mute;
    if (hindrance !== undefined) throw new Refusal(hindrance.code, hindrance.detail);
    const { body, digest: proposal } = entry.ceremony.proposal;
    const { decoded, reading } = judgement;
    const policy = this.policy.current;
    const tree = reading?.tree;
    if (body.ceremony !== 'sign' || policy === undefined || place === undefined || decoded === undefined) {
      throw new Refusal('APPROVAL_UNREADABLE', 'this device cannot read it');
    }
    if (reading === undefined || tree === undefined || toHex(reading.digest) !== shown) {
      throw new Refusal('SHOWN_DIFFERS', 'the screen that was read shows another digest than this device computes');
    }
    const created = this.clock.now();
    const longest = decision === 'approve' ? lifeOf(judgement, policy, body.wallet) : body.expires - created;
    return {
      roster: this.home.roster.digest,
      proposal,
      wallet: body.wallet,
      epoch: body.epochId,
      chainId: approvalChain(decoded.chainId),
      digest: reading.digest,
      tree,
      policy: policyReference(policy),
      decision,
      approver: place.name,
      comment,
      nonce: this.random.bytes(16),
      created,
      expires: Math.min(body.expires, created + Math.min(longest, life ?? longest)),
    };
  }

  /** What approvers say beside ceremonies. @returns whether it was that */
  #hear(envelope: Envelope): boolean {
    const { current } = this.policy;
    if (envelope.type === 'keymoot.freeze.v1') {
      const freeze = openFreeze(envelope, this.home.roster, current);
      if (freeze.ok && this.#freezes.size < MAX_FREEZES) this.#freezes.set(toHex(freeze.value.digest), freeze.value);
      return true;
    }
    if (envelope.type !== 'keymoot.approval.v1') return false;
    const approval = knownApproval(envelope, current);
    if (approval === undefined) return true;
    const name = toHex(approval.body.proposal);
    const known = this.#approvals.get(name) ?? new Map<string, Approval>();
    const said = [...known.values()].filter(({ body }) => body.approver === approval.body.approver);
    if (said.length < MAX_APPROVALS) this.#approvals.set(name, known.set(toHex(approval.digest), approval));
    return true;
  }

  /** @returns whether it was of use */
  #learn(json: Json): boolean {
    if (schemaOf(json) === WALLET_SCHEMA) {
      const wallet = openWallet(json, this.home.roster);
      if (!wallet.ok || this.#wallets.has(toHex(wallet.value.epochId))) return false;
      this.#wallets.set(toHex(wallet.value.epochId), wallet.value);
      return true;
    }
    const addresses = schemaOf(json) === ADDRESSES_SCHEMA ? readAddresses(json) : undefined;
    if (!addresses?.ok) return false;
    const { derived, walletId } = addresses.value;
    for (const { address, key, path } of derived) {
      const name = childName(walletId, path, address);
      this.#childKeys.delete(name);
      this.#childKeys.set(name, key);
      const [oldest] = this.#childKeys.keys();
      if (this.#childKeys.size > MAX_CHILD_KEYS && oldest !== undefined) this.#childKeys.delete(oldest);
    }
    return true;
  }

  #childKeyOf(body: ProposalBody): Uint8Array | undefined {
    if (body.ceremony !== 'sign' || body.path.length === 0) return undefined;
    return this.#childKeys.get(childName(body.walletId, body.path, body.address));
  }
}

function schemaOf(json: Json): Json | undefined {
  return typeof json === 'object' && !Array.isArray(json) ? (json as { readonly schema?: Json }).schema : undefined;
}

function childName(walletId: Uint8Array, path: readonly number[], address: Uint8Array): string {
  return `${toHex(walletId)}/${formatPath(path)}/${toHex(address)}`;
}

/** Of a decision about a proposal that another program signs. */
export function draftName(proposal: Uint8Array): string {
  return `approval/${toHex(proposal)}`;
}
