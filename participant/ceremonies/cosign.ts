/**
 * Transcripts of finished ceremonies. The coordinator assembles them; this party verifies each in full, looks that
 * nothing it knows was left out, and signs its close. A transcript with enough closes is kept here too.
 */
import { join } from 'node:path';
import { writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { ensureDirectory } from '../../proto/rest/directory.ts';
import { type BookEntry, type CeremonyStatement, open, reportedOutcomes } from '../../protocol/ceremony/book.ts';
import { openClose, signClose } from '../../protocol/ceremony/close.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { parseEnvelope, type Statement, shortName } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { bodyOf, closeBody } from '../../protocol/transcript/assemble.ts';
import { type Line, parseTranscript } from '../../protocol/transcript/entry.ts';
import { History } from '../../protocol/transcript/history.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { NodeContext } from '../context.ts';
import { type Home, LOG_CLOSE } from '../home.ts';

/** Each may cost a signature check, and a node that checks hears nobody: the widest ceremony has fewer than this. */
const MAX_LINES = 1000;

export class Cosigner {
  readonly #node: NodeContext;
  readonly #home: Pick<Home, 'layout' | 'log' | 'closes'>;
  /** Ceremonies whose close was signed: a party closes each once. */
  readonly #closed = new Map<string, Statement<unknown>>();
  /** Ceremonies whose closed transcript lies here, of those kept by this process. */
  readonly #kept = new Set<string>();
  readonly #announceKept: () => void;
  readonly #heldBack: () => string | undefined;

  /**
   * @param home its log holds the closes of earlier processes, and takes the new ones
   * @param kept told whenever a closed transcript has come
   * @param heldBack why this node may not sign: a close uses up a counter too, which a copy of it may have used already
   */
  constructor(
    node: NodeContext,
    home: Pick<Home, 'layout' | 'log' | 'closes'>,
    kept: () => void = () => undefined,
    heldBack: () => string | undefined = () => undefined,
  ) {
    this.#node = node;
    this.#home = home;
    this.#announceKept = kept;
    this.#heldBack = heldBack;
    for (const bytes of home.closes) {
      const envelope = parseEnvelope(bytes);
      const close = envelope.ok ? openClose(envelope.value, node.roster) : envelope;
      if (close.ok) this.#closed.set(toHex(close.value.body.proposal), close.value);
    }
  }

  /** A transcript from a coordinator: with closes it is kept, without it is checked and closed. */
  async receive(file: Uint8Array, from: string): Promise<void> {
    const lines = parseTranscript(file);
    if (lines.ok && lines.value.length > MAX_LINES) {
      return this.#node.note('TRANSCRIPT_REFUSED', `from ${from}: it has more entries than a ceremony can have`);
    }
    if (!lines.ok) return this.#node.note('TRANSCRIPT_REFUSED', `from ${from}: ${lines.error.message}`);
    if (bodyOf(lines.value).length === lines.value.length) {
      if (this.#node.self !== 0) await this.#close(lines.value, from);
    } else await this.#keep(file, lines.value);
  }

  /** Whether the closed transcript of this proposal has come. */
  isKept(proposal: Uint8Array): boolean {
    return this.#kept.has(toHex(proposal));
  }

  async #close(lines: readonly Line[], from: string): Promise<void> {
    const { book, clock, exchange, journal, members, note, roster, self, signer } = this.#node;
    const held = this.#heldBack();
    if (held !== undefined) return note('NODE_HELD_BACK', `no transcript is closed: ${held}`);
    const report = verifyTranscript(lines, { roster, draft: true, now: clock.now(), history: new History() });
    const entry = report.proposal === undefined ? undefined : book.get(report.proposal.digest);
    if (!report.ok || report.proposal === undefined || report.ending === undefined || entry === undefined) {
      return note(
        'TRANSCRIPT_REFUSED',
        `from ${from}: ${report.failure?.code ?? 'UNKNOWN'}: ${report.failure?.message ?? 'unknown ceremony'}`,
      );
    }
    const missing =
      omission(lines, entry, roster) ?? (report.ending === 'refused' && entry.ceremony.start ? 'the start' : undefined);
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
    this.#kept.add(toHex(report.proposal.digest));
    this.#announceKept();
  }
}

/**
 * The first statement this party knows of that a transcript leaves out, though an auditor should see it. Of an author
 * that says different things to different parties it is enough if it is shown to do so, or shown at all where only one
 * statement counts: else it could keep all of them from closing. An outcome counts if its session could have begun;
 * anybody can sign one of a session that never was.
 */
function omission(lines: readonly Line[], entry: BookEntry, roster: Roster): string | undefined {
  const present = new Set<string>();
  for (const { entry: line } of lines) {
    const opened = line.kind === 'statement' ? open(line.statement, roster) : undefined;
    if (!opened?.ok) continue;
    const place = placeOf(opened.value);
    present.add(toHex(opened.value.statement.digest)).add(present.has(place) ? `two/${place}` : place);
  }
  const { ceremony } = entry;
  const wanted: (readonly [string, ...(readonly string[])])[] = [
    ...[...ceremony.verdicts, ...ceremony.equivocations].map(
      ([party, { digest }]) => [`a verdict of party ${party}`, toHex(digest), `two/verdict/${party}`] as const,
    ),
    ...[...ceremony.withdrawals.keys()].map(
      (author) => [`the withdrawal by ${author}`, `withdrawal/${author}`] as const,
    ),
    ...reportedOutcomes(entry, roster).map(
      ({ body: { party } }) => [`the outcome of party ${party}`, `outcome/${party}`] as const,
    ),
  ];
  return wanted.find(([, ...places]) => !places.some((place) => present.has(place)))?.[0];
}

/** Kind and author: where a ceremony has room for one statement. */
function placeOf(item: CeremonyStatement): string {
  if (item.kind === 'withdrawal') return `withdrawal/${item.statement.body.author}`;
  return item.kind === 'verdict' || item.kind === 'outcome' ? `${item.kind}/${item.statement.body.party}` : item.kind;
}
