/**
 * What this participant remembers of the payloads it was asked to sign, rebuilt from its own durable log at each start.
 * Only what counts as signed makes anything familiar: released by this party, or shown with a valid signature of the
 * wallet. What was proposed, refused or claimed does not.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { addressOf } from '../../protocol/ceremony/address.ts';
import { type BookEntry, reportedOutcomes } from '../../protocol/ceremony/book.ts';
import { standing } from '../../protocol/ceremony/lifecycle.ts';
import type { SignProposal } from '../../protocol/ceremony/proposal.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { concat, equalBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Address } from '../../protocol/payload/address.ts';
import { type Decoded, decode } from '../../protocol/payload/payload.ts';
import { HistoryIndex, type PlaceUse, type Unfinished } from '../../protocol/payload/risk/history.ts';
import type { Observation } from '../../protocol/payload/risk/observed.ts';
import { type Reach, reachOf } from '../../protocol/payload/risk/reach.ts';
import { type Balances, unusual } from '../../protocol/payload/risk/unusual.ts';
import { familiarOf, walletClassOf } from '../../protocol/policy/familiar.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { JournalState } from '../journal/state.ts';

/** What the history needs to know of its node. */
export interface HistorySources {
  /** Of a session of this party, whatever roster it was under. */
  readonly journal: () => JournalState;
  /** The adopted policies, the common one first. */
  readonly policies: () => readonly Policy[];
  /** Addresses of the wallets of this party. */
  readonly wallets: () => readonly Address[];
}

/** Proposals whose contents are kept at hand; more are read again when needed. */
const MAX_READ = 5_000;
const MAX_PLACES = 20_000;
/** An earlier failure counts for so long, in seconds: a week. */
const MEMORY_OF_FAILURES = 7 * 24 * 3600;

interface Read {
  readonly reach: Reach;
  readonly digest: string;
  readonly account: Address;
}

interface Use extends PlaceUse {
  /** Unix seconds; a consent that nobody used is over then. */
  readonly until: number;
}

interface Failure {
  readonly at: number;
  readonly how: string;
  /** Which request it was an attempt of. */
  readonly request: string;
  /** A run that failed, which the next attempt is for; not a refusal. */
  readonly isRun: boolean;
}

export class OwnHistory {
  readonly #sources: HistorySources;
  readonly #index = new HistoryIndex();
  readonly #read = new Map<string, Read>();
  readonly #counted = new Set<string>();
  /** By place, then by proposal. */
  readonly #places = new Map<string, Map<string, Use>>();
  /** By intent, then by proposal. */
  readonly #failures = new Map<string, Map<string, Failure>>();

  constructor(sources: HistorySources) {
    this.#sources = sources;
  }

  /** Takes in what is known of a ceremony by now; again whenever something new is known of it. */
  note(entry: BookEntry, roster: Roster, self: number): void {
    const { proposal } = entry.ceremony;
    if (proposal.body.ceremony !== 'sign') return;
    const name = toHex(proposal.digest);
    if (this.#counted.has(name)) return;
    const state = this.#stateOf(entry, proposal.body, roster, self);
    if (state === undefined) return;
    const read = this.#readOf(proposal.digest, proposal.body);
    if (read === undefined) return;
    const { account, digest, reach } = read;
    if (state.kind === 'signed') {
      this.#counted.add(name);
      this.#index.add(reach, account, proposal.body.created);
      // It came to something after all; what failed before then says nothing about the next one.
      this.#failures.delete(reach.intent);
      this.#use(reach.place, name, { digest, state: 'signed', until: Number.POSITIVE_INFINITY });
    } else if (state.kind === 'agreed') {
      this.#use(reach.place, name, { digest, state: 'pending', until: state.until });
    } else {
      this.#places.get(reach.place ?? '')?.delete(name);
      const known = this.#failures.get(reach.intent) ?? new Map<string, Failure>();
      this.#failures.set(reach.intent, known.set(name, state.failure));
      forgetOldest(this.#failures, MAX_PLACES);
    }
  }

  /** What is unusual about a proposal, for this party, at this moment; empty for what it cannot read. */
  observe(entry: BookEntry, now: number, balances?: Balances): readonly Observation[] {
    const { digest, body } = entry.ceremony.proposal;
    if (body.ceremony !== 'sign') return [];
    const read = this.#readOf(digest, body);
    if (read === undefined) return [];
    const { policies, wallets } = this.#sources;
    const name = toHex(digest);
    const { place } = read.reach;
    const uses = [...(this.#places.get(place ?? '') ?? [])].filter(([other, use]) => other !== name && use.until > now);
    return unusual({
      reach: read.reach,
      wallet: read.account,
      digest: read.digest,
      history: this.#index,
      // The own policy may only narrow, so what it lists is not known for that.
      familiar: familiarOf(policies().slice(0, 1), wallets(), now),
      walletClass: walletClassOf(policies(), body.wallet),
      uses: uses.map(([, use]) => use),
      unfinished: this.#unfinished(read.reach.intent, name, requestOf(body), now),
      balances,
    });
  }

  #stateOf(entry: BookEntry, body: SignProposal, roster: Roster, self: number): State | undefined {
    const { ceremony } = entry;
    const { digest } = ceremony.proposal;
    const session = this.#sources.journal().sessionOf(digest, body.attempt);
    if (session?.released === true) return { kind: 'signed' };
    const outcomes = reportedOutcomes(entry, roster);
    for (const outcome of outcomes) {
      const { signature } = outcome.body;
      const read = signature === undefined ? undefined : this.#readOf(digest, body);
      if (signature !== undefined && read !== undefined && isOf(signature, read)) return { kind: 'signed' };
    }
    const request = requestOf(body);
    const failed = (at: number, how: string, isRun: boolean): State => ({
      kind: 'failed',
      failure: { at, how, request, isRun },
    });
    const verdicts = [...ceremony.verdicts.values()].map((verdict) => verdict.body);
    const own = verdicts.find(({ party }) => party === self);
    const hasAgreed = own?.decision === 'consent';
    const [aborted] = outcomes.filter((outcome) => outcome.body.abort !== undefined);
    if (aborted !== undefined) return hasAgreed ? failed(aborted.body.created, 'its run failed', true) : undefined;
    // Expiry is left out: that nobody answered in time is no failure.
    const alive = standing(ceremony, 0);
    const isRefused = !alive.ok && (alive.error.code === 'WITHDRAWN' || alive.error.code === 'REJECTED');
    // What policies deny at once they deny again; what people stopped, or stopped after an agreement, is worth a word.
    const isStopped = hasAgreed || verdicts.some(({ byHand, decision }) => byHand && decision === 'reject');
    if (isRefused)
      return isStopped ? failed(body.created, `it was not signed: ${alive.error.message}`, false) : undefined;
    if (own?.decision !== 'consent') return undefined;
    return { kind: 'agreed', until: Math.min(own.expires, body.expires) };
  }

  #readOf(digest: Uint8Array, body: SignProposal): Read | undefined {
    const name = toHex(digest);
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const decoded = decode(body.payload);
    if (!decoded.ok) return undefined;
    const account: Address = `0x${toHex(body.address)}`;
    const reach = reachOf(decoded.value, account, this.#chainOf(decoded.value, body.wallet));
    const read = { reach, digest: toHex(decoded.value.digest), account };
    this.#read.set(name, read);
    forgetOldest(this.#read, MAX_READ);
    return read;
  }

  /** The payload's chain, or the one that a policy lends one that names none. */
  #chainOf(decoded: Decoded, wallet: string): bigint | undefined {
    const [common] = this.#sources.policies();
    return decoded.chainId ?? common?.document.wallets.get(wallet)?.legacyChainId;
  }

  #use(place: string | undefined, name: string, use: Use): void {
    if (place === undefined) return;
    const known = this.#places.get(place) ?? new Map<string, Use>();
    this.#places.delete(place);
    this.#places.set(place, known.set(name, use));
    forgetOldest(this.#places, MAX_PLACES);
  }

  #unfinished(intent: string, name: string, request: string, now: number): Unfinished | undefined {
    const all = [...(this.#failures.get(intent) ?? [])].flatMap(([other, failure]) => {
      const isFollowed = failure.request === request && failure.isRun;
      return other === name || isFollowed || failure.at + MEMORY_OF_FAILURES < now ? [] : [failure];
    });
    const [last] = all.sort((a, b) => b.at - a.at);
    return last && { times: all.length, last: last.at, how: `the last time ${last.how}` };
  }
}

type State =
  | { readonly kind: 'signed' }
  | { readonly kind: 'agreed'; readonly until: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** The same for all attempts of one request. */
function requestOf({ initiator, nonce }: SignProposal): string {
  return `${initiator}/${toHex(nonce)}`;
}

/** Whether an outcome's signature is one of the account over what the payload gives. */
function isOf(
  { r, recovery, s }: { readonly r: Uint8Array; readonly s: Uint8Array; readonly recovery: number },
  { account, digest }: Read,
): boolean {
  try {
    const signature = secp256k1.Signature.fromBytes(concat(r, s), 'compact').addRecoveryBit(recovery);
    const key = signature.recoverPublicKey(Buffer.from(digest, 'hex')).toBytes(true);
    return equalBytes(addressOf(key), Buffer.from(account.slice(2), 'hex'));
  } catch {
    return false;
  }
}

function forgetOldest(map: Map<string, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
