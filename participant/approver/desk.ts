/**
 * An approver at work: takes in what participants or files bring, reads it by itself, and signs one decision about one
 * proposal at a time. It knows no network; whoever carries its statements away is handed them.
 */

import { ADDRESSES_SCHEMA, addressesDocument, readAddresses } from '../../protocol/ceremony/addresses.ts';
import {
  type Approval,
  type ApprovalBody,
  type ApprovalDecision,
  approvalEnvelope,
  signApproval,
} from '../../protocol/ceremony/approval.ts';
import { type BookEntry, reportedOutcomes } from '../../protocol/ceremony/book.ts';
import { policyReference } from '../../protocol/ceremony/judgement.ts';
import type { ProposalBody } from '../../protocol/ceremony/proposal.ts';
import { readSshSignature } from '../../protocol/ceremony/ssh-signature.ts';
import { type Envelope, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { openWallet, WALLET_SCHEMA, type Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { canonicalBytes, canonicalText, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import type { Clock, Random } from '../../protocol/common/effects.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { canonicalPolicy } from '../../protocol/policy/canonical.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { formatPath } from '../../protocol/threshold/derivation.ts';
import { readRequest } from '../approvals/request.ts';
import { type Earlier, Repeats } from '../inbox/repeats.ts';
import { Drafts } from './drafts.ts';
import { type ApproverHome, LOG_DECISION, LOG_DOCUMENT, LOG_POLICY, LOG_STATEMENT } from './home.ts';
import { keyText } from './profile.ts';
import { knownApproval, lifeOf, placeOf, type ReadRequest, readForApproval } from './reading.ts';

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

export class ApproverDesk {
  readonly home: ApproverHome;
  readonly clock: Clock;
  readonly drafts: Drafts;
  readonly #random: Random;
  readonly #note: (code: string, detail: string) => void;
  readonly #repeats: Repeats;
  /** By epoch. */
  readonly #wallets = new Map<string, Wallet>();
  /** Keys of derived addresses, as key holders tell them, by wallet, path and address. */
  readonly #childKeys = new Map<string, Uint8Array>();
  /** By proposal, then by digest. */
  readonly #approvals = new Map<string, Map<string, Approval>>();
  readonly #own: Envelope[] = [];
  #policy: Policy | undefined;

  constructor({ clock, home, note, random }: DeskOptions) {
    this.home = home;
    this.clock = clock;
    this.#random = random;
    this.#note = note;
    this.#policy = home.policy;
    this.#repeats = new Repeats(home.roster);
    this.drafts = new Drafts(home, clock);
    for (const bytes of home.documents) {
      const json = parseCanonical(bytes);
      if (json.ok) this.#learn(json.value);
    }
    for (const bytes of home.decisions) {
      const envelope = parseEnvelope(bytes);
      if (envelope.ok) this.#remember(envelope.value, true);
    }
  }

  get policy(): Policy | undefined {
    return this.#policy;
  }

  /** Key of this approver, as policies write it. */
  get key(): string {
    return keyText(this.home.profile, this.home.identity);
  }

  /** Own statements that may still be of use to somebody. */
  decisions(): readonly Envelope[] {
    return this.#own;
  }

  /** A statement that a participant passed on. @returns whether it was new */
  async statement(envelope: Envelope): Promise<boolean> {
    if (envelope.type === 'keymoot.approval.v1') return this.#remember(envelope, false);
    const now = this.clock.now();
    const news = this.home.book.apply(envelope, now);
    if (!news.ok) return false;
    for (const { statement } of news.value.fresh) {
      await this.home.log.append({ at: now, kind: LOG_STATEMENT, bytes: statement.envelope.bytes });
    }
    return news.value.fresh.length > 0;
  }

  /** A document that a participant sent or a request carried: wallets, and keys below them. */
  async document(json: Json): Promise<void> {
    if (!this.#learn(json)) return;
    await this.home.log.append({ at: this.clock.now(), kind: LOG_DOCUMENT, bytes: canonicalBytes(json) });
  }

  /** A request as a file. Returns the proposal in it. Fails with `APPROVAL_REQUEST`. */
  async request(text: string, path: string): Promise<Uint8Array> {
    const { approvals, key, proposal: envelope, wallet } = readRequest(text, path);
    await this.document(wallet);
    await this.statement(envelope);
    const { book, roster } = this.home;
    const news = book.apply(envelope, this.clock.now());
    if (!news.ok) throw new InvalidArgument('APPROVAL_REQUEST', path, news.error.message);
    const proposal = news.value.entry?.ceremony.proposal;
    if (proposal === undefined) throw new InvalidArgument('APPROVAL_REQUEST', path, 'holds no proposal');
    const { body } = proposal;
    if (key !== undefined && body.ceremony === 'sign') {
      await this.document(derivedKey(body.walletId, body.path, key));
    }
    if (body.ceremony === 'sign' && !this.#wallets.has(toHex(body.epochId))) {
      const opened = openWallet(wallet, roster);
      const why = opened.ok ? 'is another one than the proposal names' : opened.error;
      throw new InvalidArgument('APPROVAL_REQUEST', `${path}, wallet`, why);
    }
    for (const approval of approvals) await this.statement(approval);
    return proposal.digest;
  }

  /** Open requests to sign something, those that were asked before first, then the oldest. */
  inbox(): readonly Looked[] {
    const { book, roster } = this.home;
    const now = this.clock.now();
    const open = book.entries().filter((entry) => {
      const { body } = entry.ceremony.proposal;
      const isOpen = body.ceremony === 'sign' && now < body.expires && entry.ceremony.withdrawals.size === 0;
      return isOpen && reportedOutcomes(entry, roster).length === 0;
    });
    const looked = open.map((entry) => this.look(entry));
    const rank = ({ earlier, entry }: Looked): number =>
      earlier.length > 0 || entry.ceremony.proposal.body.attempt > 1 ? 0 : 1;
    return looked.sort((a, b) => rank(a) - rank(b));
  }

  look(entry: BookEntry): Looked {
    const { book, roster } = this.home;
    const now = this.clock.now();
    const { body, digest } = entry.ceremony.proposal;
    const wallet = body.ceremony === 'sign' ? this.#wallets.get(toHex(body.epochId)) : undefined;
    const childKey = this.#childKeyOf(body);
    const context = { roster, policy: this.#policy, wallet, childKey, key: this.key, now };
    return {
      entry,
      read: readForApproval(entry, context),
      earlier: this.#repeats.of(entry, book.entries(), now),
      approvals: [...(this.#approvals.get(toHex(digest))?.values() ?? [])],
    };
  }

  /** The statement that a decision comes to. Fails with why this device does not make it. */
  compose(entry: BookEntry, { comment, decision, life, shown }: Decision): ApprovalBody {
    const { mute, place, refusal, judgement } = this.look(entry).read;
    const hindrance = decision === 'approve' ? refusal : mute;
    if (hindrance !== undefined) throw new Refusal(hindrance.code, hindrance.detail);
    const { body, digest: proposal } = entry.ceremony.proposal;
    const { decoded, reading } = judgement;
    const policy = this.#policy;
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
      chainId: decoded.chainId === undefined ? 'any' : String(decoded.chainId),
      digest: reading.digest,
      tree,
      policy: policyReference(policy),
      decision,
      approver: place.name,
      comment,
      nonce: this.#random.bytes(16),
      created,
      expires: Math.min(body.expires, created + Math.min(longest, life ?? longest)),
    };
  }

  /** Signs a decision with the key of this home. Durable when it resolves. Fails with `APPROVER_KEY` for an SSH key. */
  async sign(body: ApprovalBody): Promise<Envelope> {
    if (this.home.profile.sshKey !== undefined) {
      throw new Refusal(
        'APPROVER_KEY',
        'this home signs with an SSH key: write the bytes with --out, then --signature',
      );
    }
    return await this.#publish(signApproval(body, this.home.identity.statement).envelope);
  }

  /** Keeps a decision until another program has signed it. Returns the bytes to sign. */
  async draft(body: ApprovalBody): Promise<Uint8Array> {
    return await this.drafts.keep(draftName(body.proposal), approvalEnvelope(body, new Uint8Array()));
  }

  /** The latest draft about this proposal, with a signature that `ssh-keygen` made. Fails with `APPROVER_SIGNATURE`. */
  async seal(proposal: Uint8Array, signature: string): Promise<Envelope> {
    const blob = readSshSignature(signature);
    const envelope = blob && this.drafts.seal(draftName(proposal), blob);
    if (envelope === undefined || knownApproval(envelope, this.#policy) === undefined) {
      throw new Refusal('APPROVER_SIGNATURE', 'it is no signature of this approver over the bytes written last');
    }
    return await this.#publish(envelope);
  }

  /** Judges by this policy from now on. The caller has checked that it may follow the one in force. */
  async adopt(policy: Policy): Promise<void> {
    const before = this.#policy?.document.version ?? 0;
    if (policy.document.version <= before) {
      throw new Refusal('POLICY_VERSION_OLD', `version ${policy.document.version} is not above version ${before}`);
    }
    const bytes = utf8(canonicalText(canonicalPolicy(policy)));
    await this.home.log.append({ at: this.clock.now(), kind: LOG_POLICY, bytes });
    this.#policy = policy;
    this.#note('POLICY_ADOPTED', `${policy.document.id} version ${policy.document.version}`);
  }

  /** Name of this approver in the policy in force. */
  get name(): string | undefined {
    return this.#policy && placeOf(this.#policy, this.key)?.name;
  }

  /** An own statement: durable before it leaves. */
  async #publish(envelope: Envelope): Promise<Envelope> {
    await this.home.log.append({ at: this.clock.now(), kind: LOG_DECISION, bytes: envelope.bytes });
    this.#remember(envelope, true);
    return envelope;
  }

  #remember(envelope: Envelope, isOwn: boolean): boolean {
    const approval = knownApproval(envelope, this.#policy);
    if (isOwn) this.#own.push(envelope);
    if (approval === undefined) return false;
    const name = toHex(approval.body.proposal);
    const known = this.#approvals.get(name) ?? new Map<string, Approval>();
    const digest = toHex(approval.digest);
    const sameApprover = [...known.values()].filter(({ body }) => body.approver === approval.body.approver);
    if (known.has(digest) || sameApprover.length >= MAX_APPROVALS) return false;
    this.#approvals.set(name, known.set(digest, approval));
    return true;
  }

  /** @returns whether it says anything that was not known */
  #learn(json: Json): boolean {
    const schema = typeof json === 'object' && !Array.isArray(json) ? (json as { schema?: Json }).schema : undefined;
    if (schema === WALLET_SCHEMA) {
      const wallet = openWallet(json, this.home.roster);
      if (!wallet.ok || this.#wallets.has(toHex(wallet.value.epochId))) return false;
      this.#wallets.set(toHex(wallet.value.epochId), wallet.value);
      return true;
    }
    const addresses = schema === ADDRESSES_SCHEMA ? readAddresses(json) : undefined;
    if (!addresses?.ok) return false;
    const { derived, walletId } = addresses.value;
    let isNew = false;
    for (const { address, key, path } of derived) {
      const name = childName(walletId, path, address);
      if (this.#childKeys.has(name) || this.#childKeys.size >= MAX_CHILD_KEYS) continue;
      this.#childKeys.set(name, key);
      isNew = true;
    }
    return isNew;
  }

  #childKeyOf(body: ProposalBody): Uint8Array | undefined {
    if (body.ceremony !== 'sign' || body.path.length === 0) return undefined;
    return this.#childKeys.get(childName(body.walletId, body.path, body.address));
  }
}

const MAX_CHILD_KEYS = 20_000;

function childName(walletId: Uint8Array, path: readonly number[], address: Uint8Array): string {
  return `${toHex(walletId)}/${formatPath(path)}/${toHex(address)}`;
}

function draftName(proposal: Uint8Array): string {
  return `approval/${toHex(proposal)}`;
}

function derivedKey(walletId: Uint8Array, path: readonly number[], publicKey: Uint8Array): Json {
  return addressesDocument(walletId, [{ path, publicKey }]);
}
