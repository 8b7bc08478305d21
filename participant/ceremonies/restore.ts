/** What a node takes up again of what an earlier process had said. */
import { equalBytes } from '../../protocol/common/bytes.ts';
import type { NodeContext } from '../context.ts';

/** A start that an earlier process accepted stays accepted: its consents are spent. */
export function restoreStarts({ book, journal }: Pick<NodeContext, 'book' | 'journal'>): void {
  for (const { ceremony, starts } of book.entries()) {
    const row = journal.state.sessionOf(ceremony.proposal.digest, ceremony.proposal.body.attempt);
    const start = row && starts.find((item) => equalBytes(item.body.sessionId, row.started.sessionId));
    if (start === undefined) continue;
    book.update(ceremony.proposal.digest, (entry) => ({ ...entry, ceremony: { ...entry.ceremony, start } }));
  }
}

/** Verdicts that were in the journal but not yet in the log when the last process ended leave now. */
export async function restoreOwnVerdicts({
  book,
  exchange,
  journal,
  self,
}: Pick<NodeContext, 'book' | 'exchange' | 'journal' | 'self'>): Promise<void> {
  await exchange.exclusively(async () => {
    for (const { ceremony } of book.entries()) {
      const { digest, body } = ceremony.proposal;
      const given = journal.state.verdict(digest, body.attempt);
      if (given?.statement !== undefined && !ceremony.verdicts.has(self)) await exchange.restore(given.statement);
    }
  });
}
