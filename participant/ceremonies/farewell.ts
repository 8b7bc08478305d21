/**
 * For a party that was away when its group went on without it: what was said about that, kept at the change of rosters
 * and told when it connects, so that it can check it for itself and erase its share.
 */
import type { Members } from '../../proto/link/members.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { partyByKey } from '../../protocol/ceremony/roster-change.ts';
import { fromHex, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { array, object, problem, type Reader, read, text } from '../../protocol/common/schema.ts';
import type { NodeContext } from '../context.ts';
import { statementsOf } from './exchange.ts';

/** In the order in which they have to be heard. */
export interface Farewell {
  /** Statement envelopes under the old roster. */
  readonly statements: readonly Uint8Array[];
  /** Wallet documents of the epochs under the new one. */
  readonly documents: readonly Json[];
  /** Signed ACTIVE notices of all its holders. */
  readonly notices: readonly Uint8Array[];
}

/** What this node can tell whoever leaves with the present roster; undefined if nobody does. */
export function farewellOf(node: NodeContext, notices: readonly Uint8Array[]): Farewell | undefined {
  const { book, roster, rosters, wallets } = node;
  const { successor } = rosters;
  if (successor === undefined) return undefined;
  const leaves = roster.parties.some(({ statementKey }) => partyByKey(successor, statementKey) === undefined);
  if (!leaves) return undefined;
  const told = book.entries().filter(isHandOver);
  return {
    statements: told.flatMap((entry) => statementsOf(entry).map((envelope) => envelope.bytes)),
    documents: wallets.all().map(({ wallet }) => wallet.document),
    notices,
  };
}

export function encodeFarewell({ documents, notices, statements }: Farewell): Uint8Array {
  return canonicalBytes({ documents, notices: notices.map(toHex), statements: statements.map(toHex) });
}

/** `undefined` if it is not what `encodeFarewell` wrote: then there is nothing to tell. */
export function decodeFarewell(bytes: Uint8Array): Farewell | undefined {
  const json = parseCanonical(bytes);
  const farewell = json.ok ? read(FAREWELL, json.value) : undefined;
  return farewell?.ok === true ? farewell.value : undefined;
}

export async function tell(members: Members, farewell: Farewell, member: string): Promise<void> {
  for (const envelope of farewell.statements) await members.send(member, { kind: 'statement', envelope });
  for (const document of farewell.documents) {
    await members.send(member, { kind: 'document', content: canonicalBytes(document) });
  }
  for (const envelope of farewell.notices) await members.send(member, { kind: 'round', envelope });
}

function isHandOver({ ceremony, starts }: BookEntry): boolean {
  const { body } = ceremony.proposal;
  return body.ceremony === 'reshare' && body.next !== undefined && starts.length > 0;
}

const HEX: Reader<Uint8Array> = (value, field) => {
  const bytes = fromHex(text({ max: 1 << 20 })(value, field));
  return bytes ?? problem(field, 'must be hex digits');
};

const FAREWELL: Reader<Farewell> = object<Farewell>({
  documents: array((value, field) => value ?? problem(field, 'is missing'), { max: 1000 }),
  notices: array(HEX, { max: 10_000 }),
  statements: array(HEX, { max: 10_000 }),
});
