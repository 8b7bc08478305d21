/**
 * Transcripts of finished ceremonies. The coordinator assembles them; this party verifies each in full, looks that
 * nothing it knows was left out, and signs its close. A transcript with enough closes is kept here too.
 */
import { join } from 'node:path';
import { writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { ensureDirectory } from '../../proto/rest/directory.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { openClose, signClose } from '../../protocol/ceremony/close.ts';
import { parseEnvelope, type Statement, shortName } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { bodyOf, closeBody } from '../../protocol/transcript/assemble.ts';
import { type Line, parseTranscript } from '../../protocol/transcript/entry.ts';
import { History } from '../../protocol/transcript/history.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { NodeContext } from '../context.ts';
import { type Home, LOG_CLOSE } from '../home.ts';

export class Cosigner {
  readonly #node: NodeContext;
  readonly #home: Pick<Home, 'layout' | 'log' | 'closes'>;
  /** Ceremonies whose close was signed: a party closes each once. */
  readonly #closed = new Map<string, Statement<unknown>>();

  /** @param home its log holds the closes of earlier processes, and takes the new ones */
  constructor(node: NodeContext, home: Pick<Home, 'layout' | 'log' | 'closes'>) {
    this.#node = node;
    this.#home = home;
    for (const bytes of home.closes) {
      const envelope = parseEnvelope(bytes);
      const close = envelope.ok ? openClose(envelope.value, node.roster) : envelope;
      if (close.ok) this.#closed.set(toHex(close.value.body.proposal), close.value);
    }
  }

  /** A transcript from a coordinator: with closes it is kept, without it is checked and closed. */
  async receive(file: Uint8Array, from: string): Promise<void> {
    const lines = parseTranscript(file);
    if (!lines.ok) return this.#node.note('TRANSCRIPT_REFUSED', `from ${from}: ${lines.error.message}`);
    if (bodyOf(lines.value).length === lines.value.length) await this.#close(lines.value, from);
    else await this.#keep(file, lines.value);
  }

  async #close(lines: readonly Line[], from: string): Promise<void> {
    const { book, clock, exchange, journal, members, note, roster, self, signer } = this.#node;
    const report = verifyTranscript(lines, { roster, draft: true, now: clock.now(), history: new History() });
    const entry = report.proposal === undefined ? undefined : book.get(report.proposal.digest);
    if (!report.ok || report.proposal === undefined || report.ending === undefined || entry === undefined) {
      return note(
        'TRANSCRIPT_REFUSED',
        `from ${from}: ${report.failure?.code ?? 'UNKNOWN'}: ${report.failure?.message ?? 'unknown ceremony'}`,
      );
    }
    const missing =
      omission(lines, entry) ?? (report.ending === 'refused' && entry.ceremony.start ? 'the start' : undefined);
    if (missing !== undefined) return note('TRANSCRIPT_INCOMPLETE', `from ${from}: it leaves out ${missing}`);
    const name = toHex(report.proposal.digest);
    const { ending } = report;
    const close = await exchange.exclusively(async () => {
      const known = this.#closed.get(name);
      if (known !== undefined) return known;
      const counter = await journal.nextCounter();
      const body = closeBody(lines, { author: `party:${self}`, ending, counter, created: clock.now() });
      const signed = signClose(body, signer);
      await this.#home.log.append({ at: clock.now(), kind: LOG_CLOSE, bytes: signed.envelope.bytes });
      this.#closed.set(name, signed);
      return signed;
    });
    await members().send(from, { kind: 'statement', envelope: close.envelope.bytes });
  }

  async #keep(file: Uint8Array, lines: readonly Line[]): Promise<void> {
    const { note, roster } = this.#node;
    const report = verifyTranscript(lines, { roster, history: new History() });
    if (!report.ok || report.proposal === undefined) {
      return note('TRANSCRIPT_REFUSED', report.failure?.message ?? 'it names no ceremony');
    }
    await ensureDirectory(this.#home.layout.transcripts);
    await writeFileAtomic(join(this.#home.layout.transcripts, `${shortName(report.proposal.digest)}.jsonl`), file);
  }
}

/** The first statement this party knows of that a transcript leaves out, though an auditor should see it. */
function omission(lines: readonly Line[], entry: BookEntry): string | undefined {
  const present = new Set(
    lines.flatMap((line) => (line.entry.kind === 'statement' ? [toHex(line.entry.statement.bytes)] : [])),
  );
  const { ceremony } = entry;
  const wanted: (readonly [string, Statement<unknown>])[] = [
    ...[...ceremony.verdicts].map(([party, verdict]) => [`the verdict of party ${party}`, verdict] as const),
    ...[...ceremony.equivocations].map(
      ([party, verdict]) => [`the second verdict of party ${party}`, verdict] as const,
    ),
    ...[...ceremony.withdrawals].map(([author, withdrawal]) => [`the withdrawal by ${author}`, withdrawal] as const),
    ...[...ceremony.outcomes].map(([party, outcome]) => [`the outcome of party ${party}`, outcome] as const),
  ];
  return wanted.find(([, statement]) => !present.has(toHex(statement.envelope.bytes)))?.[0];
}
