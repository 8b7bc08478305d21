/**
 * Requests that were made before and came to nothing. Whoever collects signatures one failed attempt at a time asks for
 * the same thing again and again; so what was asked before stands first, and says what became of it.
 */
import { type BookEntry, reportedOutcomes } from '../../protocol/ceremony/book.ts';
import { standing } from '../../protocol/ceremony/lifecycle.ts';
import type { RosterBody } from '../../protocol/ceremony/roster.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { reachOf } from '../../protocol/payload/risk/reach.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';

/** An earlier request for the same, not signed as far as is known here. */
export interface Earlier {
  readonly ceremony: string;
  /** Unix seconds. */
  readonly created: number;
  /** What became of it, in words; empty for all but the latest few. */
  readonly became: string;
}

/** Intents that are kept at hand; others are read again. */
const MAX_KNOWN = 20_000;
/** How far back is looked, in proposals. */
const MAX_BACK = 2_000;
/** So many of them are told one by one. */
const MAX_TOLD = 4;

export class Repeats {
  readonly #roster: RosterBody;
  /** By proposal: what it would do; `undefined` for what cannot be read or is no signing. */
  readonly #intents = new Map<string, string | undefined>();

  constructor(roster: RosterBody) {
    this.#roster = roster;
  }

  /** Requests of the same intent that came before this one and were not signed, the latest first. */
  of(entry: BookEntry, entries: readonly BookEntry[], now: number): readonly Earlier[] {
    const intent = this.#intentOf(entry);
    if (intent === undefined) return [];
    const { proposal } = entry.ceremony;
    const place = entries.findIndex((other) => other.ceremony.proposal === proposal);
    return entries
      .slice(0, place < 0 ? entries.length : place)
      .slice(-MAX_BACK)
      .filter((other) => this.#intentOf(other) === intent && !isSigned(other, this.#roster))
      .reverse()
      .map((other, i) => ({
        ceremony: shortName(other.ceremony.proposal.digest),
        created: other.ceremony.proposal.body.created,
        // Of hundreds nobody reads what became of each.
        became: i < MAX_TOLD ? becameOf(other, this.#roster, now) : '',
      }));
  }

  #intentOf({ ceremony: { proposal } }: BookEntry): string | undefined {
    const name = toHex(proposal.digest);
    if (this.#intents.has(name)) return this.#intents.get(name);
    const { body } = proposal;
    const decoded = body.ceremony === 'sign' ? decode(body.payload) : undefined;
    const intent =
      body.ceremony === 'sign' && decoded?.ok
        ? reachOf(decoded.value, `0x${toHex(body.address)}`, decoded.value.chainId).intent
        : undefined;
    const [oldest] = this.#intents.keys();
    if (this.#intents.size >= MAX_KNOWN && oldest !== undefined) this.#intents.delete(oldest);
    this.#intents.set(name, intent);
    return intent;
  }
}

/** One line for a log. */
export function repeatWords({ ceremony: { proposal } }: BookEntry, earlier: readonly Earlier[]): string {
  const [last] = earlier;
  const before = earlier.length === 1 ? 'once' : `${earlier.length} times`;
  return `${shortName(proposal.digest)} asks for what was asked for ${before} before and never signed; the last time ${last?.became ?? ''}`;
}

/** What stands above everything else on the screen of a request that was made before. */
export function repeatLines(earlier: readonly Earlier[], now: number): readonly string[] {
  if (earlier.length === 0) return [];
  const times = earlier.length === 1 ? 'once' : `${earlier.length} times`;
  return [
    `!! ASKED BEFORE, ${times}, and never signed. Somebody may be collecting what each attempt leaves behind.`,
    ...earlier
      .slice(0, MAX_TOLD)
      .map(({ became, ceremony, created }) => `!!   ceremony ${ceremony}, ${age(now - created)} ago: ${became}`),
    '!! Ask the proposer over another channel why it failed before you agree.',
  ];
}

function isSigned(entry: BookEntry, roster: RosterBody): boolean {
  return reportedOutcomes(entry, roster).some(({ body }) => body.signature !== undefined);
}

function becameOf(entry: BookEntry, roster: RosterBody, now: number): string {
  const { ceremony } = entry;
  if (entry.conflict !== undefined) return 'the operator signed two different proposals under one nonce';
  if (entry.inadmissible !== undefined) return `it was not admissible: ${sanitise(entry.inadmissible.code, 60)}`;
  const aborted = reportedOutcomes(entry, roster).find(({ body }) => body.abort !== undefined);
  if (aborted !== undefined) return `its run failed (${sanitise(aborted.body.abort?.check ?? '', 60)})`;
  const rejected = [...ceremony.verdicts.values()].filter(({ body }) => body.decision === 'reject');
  if (rejected.length > 0) {
    const codes = new Set(rejected.flatMap(({ body }) => body.reasons.map(({ code }) => code)));
    const who = rejected.map(({ body }) => `party ${body.party}`).join(', ');
    return sanitise(`rejected by ${who}: ${[...codes].slice(0, 3).join(', ')}`, 200);
  }
  const [withdrawn] = ceremony.withdrawals.values();
  if (withdrawn !== undefined) {
    return sanitise(`withdrawn by ${withdrawn.body.author}: ${withdrawn.body.reason}`, 200);
  }
  const alive = standing(ceremony, now);
  if (!alive.ok) return alive.error.code === 'PROPOSAL_EXPIRED' ? 'it expired' : sanitise(alive.error.message, 200);
  return 'it is still open';
}

function age(seconds: number): string {
  const minutes = Math.max(0, Math.round(seconds / 60));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 60 * 48 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
