/**
 * What this party saw of a session, and what that proves when it is over (docs/protocol.md h). Only broadcasts are kept,
 * the first two different ones of each place; what was sent to this party alone proves nothing to others.
 */

import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { gatherEvidence, type Seen } from '../../protocol/ceremony/evidence/gather.ts';
import { MAX_EVIDENCE } from '../../protocol/ceremony/outcome.ts';
import { partyByKey } from '../../protocol/ceremony/roster-change.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import { canonicalBytes } from '../../protocol/common/canonical-json.ts';
import type { ParsedEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { NodeContext } from '../context.ts';

/** Eight kinds of broadcasts of twenty members, and as many that contradict them. */
const MAX_PLACES = 160;

export class Witness {
  readonly #node: NodeContext;
  readonly #places = new Map<string, ParsedEnvelope[]>();
  #contradicted = false;

  constructor(node: NodeContext) {
    this.#node = node;
  }

  /** A message of this session whose signature holds, own ones included. */
  see(envelope: ParsedEnvelope): void {
    const { eh, from, round, to, type } = envelope;
    if (to !== 0) return;
    const name = `${type}/${round}/${from}`;
    const place = this.#places.get(name) ?? [];
    if (place.length >= 2 || this.#places.size >= MAX_PLACES || place.some((known) => equalBytes(known.eh, eh))) return;
    if (place.length === 1) this.#contradicted = true;
    this.#places.set(name, [...place, envelope]);
  }

  /**
   * Keeps what proves somebody's guilt, and returns the digests of what may be shown to everybody. A session that came to
   * its result is looked at only if somebody contradicted itself.
   */
  async testify(proposal: Uint8Array, aborted: boolean): Promise<readonly Uint8Array[]> {
    const { book, documents, evidence, note } = this.#node;
    const entry = book.get(proposal);
    const isSuspect = aborted || this.#contradicted || entry?.conflict !== undefined;
    if (entry === undefined || !(isSuspect || entry.ceremony.equivocations.size > 0)) return [];
    const shown: Uint8Array[] = [];
    for (const found of gatherEvidence(this.#seen(entry))) {
      const { accused, check, members, message } = found.guilt;
      // By a fault of ours, then; nobody needs to be told by ourselves.
      if (accused === this.#ownName()) continue;
      const path = await evidence.keep(proposal, found);
      note('EVIDENCE_KEPT', `${check}: ${message}; ${path}`);
      if (members || shown.length >= MAX_EVIDENCE) continue;
      shown.push(await documents.put(found.document));
      // Ahead of the outcome that names it: an archive without it would say that this party keeps it back.
      void this.#node.members().sendAll({ kind: 'document', content: canonicalBytes(found.document) }, isOperator);
    }
    return shown;
  }

  #ownName(): string {
    const { rosters, self, statementKey } = this.#node;
    if (self !== 0) return `party:${self}`;
    const own = rosters.successor === undefined ? undefined : partyByKey(rosters.successor, statementKey);
    return `joining:${own?.index ?? 0}`;
  }

  #seen({ ceremony, conflict }: BookEntry): Seen {
    const { roster, wallets } = this.#node;
    const { body } = ceremony.proposal;
    const wallet = body.ceremony === 'reshare' ? wallets.known(body.epochId)?.wallet.document : undefined;
    return {
      roster,
      ceremony,
      rival: conflict,
      envelopes: [...this.#places.values()].flatMap((place) => place.map(({ bytes }) => bytes)),
      ...(wallet === undefined ? {} : { wallet }),
    };
  }
}

function isOperator(member: string): boolean {
  return member.startsWith('operator:');
}

/** Two statements where one may be, as soon as the second is seen: no session need ever come of it. */
export async function keepContradictions(node: NodeContext, entry: BookEntry): Promise<void> {
  const { ceremony, conflict } = entry;
  if (conflict === undefined && ceremony.equivocations.size === 0) return;
  const { evidence, note, roster } = node;
  try {
    for (const found of gatherEvidence({ roster, ceremony, rival: conflict, envelopes: [] })) {
      const path = await evidence.keep(ceremony.proposal.digest, found);
      note('EVIDENCE_KEPT', `${found.guilt.check}: ${found.guilt.message}; ${path}`);
    }
  } catch (error) {
    note('EVIDENCE_LOST', error instanceof Error ? error.message : 'unknown');
  }
}
