/** What the key holder's commands ask of a running node about approvals. Each answer is plain JSON. */
import type { JsonValue } from '../../proto/control/message.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Judgement } from '../../protocol/ceremony/judgement.ts';
import { parseEnvelope, shortName } from '../../protocol/ceremony/statement.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { canonicalPolicy } from '../../protocol/policy/canonical.ts';
import type { ParticipantNode } from '../node.ts';
import { approvalLines, countLines } from './lines.ts';
import { requestText } from './request.ts';

/** A request for approval as a file, for a device that is not connected. Fails with why there is none to make. */
export function requestFor({ context }: ParticipantNode, { ceremony: { proposal } }: BookEntry): JsonValue {
  const { approvals, policies, wallets } = context;
  const { body, digest } = proposal;
  if (body.ceremony !== 'sign') {
    throw new Refusal('APPROVAL_KIND', `nobody but key holders decides about a ${body.ceremony}`);
  }
  const wallet = wallets.byId(body.walletId);
  if (wallet === undefined) throw new Refusal('UNKNOWN_WALLET', 'there is no such wallet here');
  const policy = policies.common;
  if (policy === undefined) throw new Refusal('NO_COMMON_POLICY', 'this party has adopted no common policy');
  const key = body.path.length === 0 ? undefined : wallets.derive(wallet, body.path);
  if (key?.ok === false) throw key.error;
  const text = requestText({
    proposal: proposal.envelope,
    wallet: wallet.document,
    policy: canonicalPolicy(policy),
    signatures: policy.signatures,
    approvals: approvals.of(digest).map(({ envelope }) => envelope),
    ...(key === undefined ? {} : { key: key.value.publicKey }),
  });
  return { ceremony: shortName(digest), text };
}

/** What an approver's device has written to a file. Fails with why it is worth nothing here. */
export async function importApproval({ context }: ParticipantNode, text: string): Promise<JsonValue> {
  const envelope = parseEnvelope(utf8(text.trim()));
  if (!envelope.ok) throw new InvalidArgument(envelope.error.code, 'FILE', envelope.error.message);
  const { approvals, exchange } = context;
  const taken = await exchange.exclusively(() => approvals.receive(envelope.value, 'a file'));
  if (!taken.ok) throw new Refusal(taken.error.code, taken.error.detail);
  const { approver, decision, proposal } = taken.value.body;
  return { ceremony: shortName(proposal), approver, decision, statement: toHex(taken.value.digest) };
}

/** For the screen of a proposal: who has approved and who is still asked; empty if nobody is, and nobody spoke. */
export function peopleLines({ context }: ParticipantNode, entry: BookEntry, judgement: Judgement): readonly string[] {
  const { approvals, clock, policies } = context;
  const now = clock.now();
  const said = approvals.of(entry.ceremony.proposal.digest);
  const count = approvals.count(entry, judgement, now);
  if (said.length === 0 && count === undefined) return [];
  return [...approvalLines(said, policies.common, now), ...(count === undefined ? [] : countLines(count))];
}
