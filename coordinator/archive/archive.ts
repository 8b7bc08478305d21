/**
 * From a ceremony that is over to its transcript: entries in their one order, verified here first, closed by every
 * party that verifies them too. The coordinator's word adds nothing to it.
 */
import { join } from 'node:path';
import type { Members } from '../../proto/link/members.ts';
import { readFileIfPresent, writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { ensureDirectory } from '../../proto/rest/directory.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import { type Close, openClose, signClose } from '../../protocol/ceremony/close.ts';
import type { Signer } from '../../protocol/ceremony/ed25519.ts';
import { isEvidence } from '../../protocol/ceremony/evidence/document.ts';
import { isConfidential } from '../../protocol/ceremony/evidence/judge.ts';
import { checkStandings } from '../../protocol/ceremony/quorum.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { type Envelope, shortName } from '../../protocol/ceremony/statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import { BugError } from '../../protocol/common/errors.ts';
import { appendClose, assemble, closeBody } from '../../protocol/transcript/assemble.ts';
import { type Line, transcriptBytes } from '../../protocol/transcript/entry.ts';
import { History } from '../../protocol/transcript/history.ts';
import { selectRounds } from '../../protocol/transcript/select-rounds.ts';
import type { Accusation } from '../../protocol/transcript/verify/evidence.ts';
import { type Report, verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { Collection } from '../collect/collection.ts';

/** Parties verify a transcript within this time, in milliseconds; a slower one is left out of the closes. */
const CLOSE_PATIENCE = 5_000;

export interface ArchiveOptions {
  readonly roster: Roster;
  readonly operator: string;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly collection: Collection;
  readonly members: () => Members;
  readonly directory: string;
  readonly note: (code: string, detail: string) => void;
}

export interface Archived {
  readonly path: string;
  /** Parties whose close it carries. */
  readonly closedBy: readonly number[];
  /** Whose guilt the transcript proves. */
  readonly proven: readonly Accusation[];
}

interface OpenClosing {
  readonly lines: readonly Line[];
  readonly closes: Map<string, Close>;
  readonly arrived: () => void;
}

export class Archive {
  readonly #options: ArchiveOptions;
  readonly #closing = new Map<string, OpenClosing>();

  constructor(options: ArchiveOptions) {
    this.#options = options;
  }

  /** A close that a party sent; counted only for the transcript that is being closed. */
  receiveClose(envelope: Envelope): void {
    const close = openClose(envelope, this.#options.roster);
    if (!close.ok) return;
    const open = this.#closing.get(toHex(close.value.body.proposal));
    const last = open?.lines.at(-1);
    if (open === undefined || last === undefined || !equalBytes(close.value.body.head, last.hash)) return;
    open.closes.set(close.value.body.author, close.value);
    open.arrived();
  }

  /** Path of the transcript of this proposal, if there is one already. */
  async kept(proposal: Uint8Array): Promise<string | undefined> {
    const path = this.#path(proposal);
    return (await readFileIfPresent(path)) === undefined ? undefined : path;
  }

  #path(proposal: Uint8Array): string {
    return join(this.#options.directory, `${shortName(proposal)}.jsonl`);
  }

  /**
   * Assembles, has it closed and writes it; undefined if it does not verify or too few parties close it.
   *
   * @param patient also undefined while evidence that an outcome names may still be under way
   */
  async archive(entry: BookEntry, patient: boolean): Promise<Archived | undefined> {
    if (patient && this.#lacksEvidence(entry)) return undefined;
    const { clock, directory, members, note, operator, roster, signer } = this.#options;
    const { proposal } = entry.ceremony;
    const { lines, report } = this.#draft(entry);
    if (!report.ok || report.ending === undefined) {
      note(
        'TRANSCRIPT_INVALID',
        `${shortName(proposal.digest)}: ${report.failure?.code ?? ''}: ${report.failure?.message ?? ''}`,
      );
      return undefined;
    }
    const closes = await this.#gatherCloses(proposal.digest, lines);
    const body = closeBody(lines, {
      author: `operator:${operator}`,
      ending: report.ending,
      counter: 0,
      created: clock.now(),
    });
    let closed = lines;
    for (const close of [...closes, signClose(body, signer)]) closed = appendClose(closed, close);
    const file = transcriptBytes(closed);
    const final = verifyTranscript(file, { roster, history: new History() });
    if (!final.ok) {
      // Closed by enough parties it is kept all the same: what an auditor will find in it is a member's own fault.
      const isClosed = closes.filter((close) => isParty(close.body.author)).length >= roster.threshold;
      note(
        isClosed ? 'TRANSCRIPT_FAULTY' : 'TRANSCRIPT_UNCLOSED',
        `${shortName(proposal.digest)}: ${final.failure?.code ?? ''}: ${final.failure?.message ?? ''}`,
      );
      if (!isClosed) return undefined;
    }
    await ensureDirectory(directory);
    const path = this.#path(proposal.digest);
    await writeFileAtomic(path, file);
    await members().sendAll({ kind: 'transcript', ceremony: proposal.digest, entries: file }, isParty);
    const proven = final.accusations.filter(({ verdict }) => verdict === 'guilty');
    return { path, closedBy: closes.map((close) => Number(close.body.author.split(':')[1])), proven };
  }

  async #gatherCloses(proposal: Uint8Array, lines: readonly Line[]): Promise<readonly Close[]> {
    const { clock, members } = this.#options;
    const asked = members().connected().filter(isParty);
    const name = toHex(proposal);
    const closes = new Map<string, Close>();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(CLOSE_PATIENCE, resolve);
      const arrived = (): void => {
        if (!asked.every((member) => closes.has(member))) return;
        cancel();
        resolve();
      };
      this.#closing.set(name, { lines, closes, arrived });
      void members().sendAll({ kind: 'transcript', ceremony: proposal, entries: transcriptBytes(lines) }, isParty);
      arrived();
    });
    this.#closing.delete(name);
    return [...closes.values()];
  }

  /**
   * The transcript before its closes. A proposal that names an epoch which is over was judged by the wallet's newest
   * one, unless it was answered before: whichever makes sense of the verdicts is the one they rest on.
   */
  #draft(entry: BookEntry): { readonly lines: readonly Line[]; readonly report: Report } {
    const { clock, roster } = this.#options;
    const drafts = this.#named(entry).map((wallet) => {
      const documents = this.#documents(entry, wallet);
      const rounds = this.#rounds(entry, wallet);
      const lines = assemble({ roster, ceremony: entry.ceremony, documents, rounds });
      const report = verifyTranscript(lines, { roster, draft: true, now: clock.now(), history: new History() });
      return { lines, report };
    });
    const [first] = drafts;
    if (first === undefined) throw new BugError('BUG_NO_DRAFT', 'a ceremony has one reading at least');
    return drafts.find(({ report }) => report.ok) ?? first;
  }

  /** The wallet that a proposal names, as the parties may have seen it; of a keygen and an import none. */
  #named(entry: BookEntry): readonly (Wallet | undefined)[] {
    const { collection } = this.#options;
    const { body } = entry.ceremony.proposal;
    if (body.ceremony === 'keygen' || body.ceremony === 'import') return [undefined];
    const newest = collection.wallets().find((wallet) => equalBytes(wallet.walletId, body.walletId));
    const known = [collection.epoch(body.epochId), newest].flatMap((wallet) => wallet ?? []);
    return known.length === 0 ? [undefined] : [...new Set(known)];
  }

  #lacksEvidence({ ceremony }: BookEntry): boolean {
    const named = [...ceremony.outcomes.values()].flatMap(({ body }) => body.evidence ?? []);
    return named.some((digest) => this.#options.collection.document(digest) === undefined);
  }

  /** Exactly the documents that the statements name. */
  #documents(entry: BookEntry, named: Wallet | undefined): readonly Json[] {
    const { collection } = this.#options;
    const { ceremony } = entry;
    const digests: (Uint8Array | undefined)[] = [];
    for (const { body } of [...ceremony.verdicts.values(), ...ceremony.equivocations.values()]) {
      digests.push(body.inputs, body.commonPolicy?.digest, body.ownPolicy?.digest, ...(body.approvals ?? []));
    }
    for (const { body } of ceremony.outcomes.values()) digests.push(body.key?.certificate, ...(body.evidence ?? []));
    const documents = digests.flatMap((digest) => (digest === undefined ? [] : (collection.document(digest) ?? [])));
    // A corrupt party may name anything; what is for one receiver's eyes is not archived.
    const shown = documents.filter((document) => !isEvidence(document) || !isConfidential(document));
    return named === undefined ? shown : [...shown, named.document];
  }

  /** The broadcasts of the accepted session. */
  #rounds(entry: BookEntry, named: Wallet | undefined): readonly Uint8Array[] {
    const { collection, roster } = this.#options;
    const { outcomes, proposal, start } = entry.ceremony;
    if (start === undefined) return [];
    const made = [...outcomes.values()].find((outcome) => outcome.body.key !== undefined)?.body.key?.epochId;
    const wallet = proposal.body.ceremony === 'sign' ? named : made && collection.epoch(made);
    const parent = proposal.body.ceremony === 'reshare' ? named : undefined;
    const quorum = checkStandings(entry.ceremony, start, roster);
    const childKey = quorum.ok ? quorum.value.childKey : undefined;
    return selectRounds({ roster, proposal, start, wallet, parent, childKey }, collection.rounds());
  }
}

function isParty(member: string): boolean {
  return member.startsWith('party:');
}
