/**
 * Begin here: verifies one transcript offline, with nothing but the pinned roster. The checks of codes.ts run in order
 * and stop at the first that fails, since each rests on the ones before it (docs/transcript.md).
 */

import { planCeremony } from '../ceremony/ceremony-plan.ts';
import type { Ending } from '../ceremony/close.ts';
import type { Ceremony } from '../ceremony/lifecycle.ts';
import type { EcdsaSignature } from '../ceremony/outcome.ts';
import type { Proposal } from '../ceremony/proposal.ts';
import { matchesFingerprint, type Roster } from '../ceremony/roster.ts';
import type { Wallet } from '../ceremony/wallet.ts';
import { equalBytes } from '../common/bytes.ts';
import { err, ok, type Result } from '../common/result.ts';
import { SIGN } from '../threshold/sign/messages.ts';
import { type AuditCode, CHECKS, type CheckName, type Finding } from './codes.ts';
import { type Line, parseTranscript, transcriptBytes } from './entry.ts';
import type { History } from './history.ts';
import { checkAnswers, gatherAnswers } from './verify/answers.ts';
import { checkApprovals } from './verify/approvals.ts';
import { checkCounters } from './verify/counters.ts';
import { checkDerived, type DerivedAccount, derivedNotes } from './verify/derived.ts';
import { checkReferences, readDocuments } from './verify/documents.ts';
import { checkCloses, checkNothingRan, checkRefusal, endingOf } from './verify/ending.ts';
import { type Accusation, accusations } from './verify/evidence.ts';
import { factsOf } from './verify/facts.ts';
import { checkJudgements, checkReadings } from './verify/judgement.ts';
import { checkOrder } from './verify/order.ts';
import { type Parts, readParts } from './verify/parts.ts';
import { checkKey, checkOutcomes, checkSignature, otherForms } from './verify/result.ts';
import { checkNoRounds, checkRunRounds, checkSession, checkSignRounds, equivocators } from './verify/rounds.ts';
import { checkAlive, checkStart, type Started } from './verify/start.ts';
import { openStatements, type Statements } from './verify/statements.ts';
import { findWallets, type Wallets } from './verify/wallets.ts';

export interface VerifyOptions {
  /** The roster whose fingerprint was pinned. Without it the answer is UNANCHORED. */
  readonly roster?: Roster | undefined;
  /** Words or digits that the roster must have, if the caller did not compare them before. */
  readonly fingerprint?: string | undefined;
  /** What other transcripts showed. It is consulted, and extended if this one verifies. */
  readonly history?: History | undefined;
  /**
   * Before the closes: what a party verifies before it signs its own. Says nothing about closes, and only notes what a
   * member got wrong in its own answer.
   */
  readonly draft?: boolean | undefined;
  /** Unix seconds; with `draft`, the time at which a refusal for lack of a quorum is judged. */
  readonly now?: number | undefined;
  /** Chain codes of wallets that key holders have given to the auditor, 32 bytes each: with them paths are repeated. */
  readonly chainCodes?: readonly Uint8Array[] | undefined;
}

export interface Check {
  readonly name: CheckName;
  readonly ok: boolean;
  /** Set if it failed. */
  readonly code?: AuditCode | undefined;
  /** The failing entry, if one entry is at fault. */
  readonly seq?: number | undefined;
  readonly message: string;
}

export interface Report {
  /** Who is proven guilty of what, and whose evidence proves nothing; as far as the walk came. */
  readonly accusations: readonly Accusation[];
  readonly ok: boolean;
  /** In order; the last one failed unless `ok`. */
  readonly checks: readonly Check[];
  readonly failure?: Check | undefined;
  /** What an auditor should know although nothing failed. */
  readonly notes: readonly string[];
  /** Set as far as the walk came. */
  readonly proposal?: Proposal | undefined;
  readonly ending?: Ending | undefined;
  readonly signature?: EcdsaSignature | undefined;
  /** The wallet that signed, was exported, or was made; after a reshare, in its new epoch. */
  readonly wallet?: Wallet | undefined;
  /** The roster that this transcript was made under. */
  readonly roster?: Roster | undefined;
  /** The key that the path of a signing names; absent for the wallet's own. */
  readonly derived?: DerivedAccount | undefined;
}

/** @param transcript the bytes of a file, or lines that are not written yet */
export function verifyTranscript(transcript: Uint8Array | readonly Line[], options: VerifyOptions = {}): Report {
  const walk = new Walk();
  try {
    steps(walk, transcript instanceof Uint8Array ? transcript : transcriptBytes(transcript), options);
    walk.finish();
  } catch (error) {
    if (!(error instanceof Stop)) walk.fail({ code: 'VERIFIER_FAILED', message: 'the verifier failed on this input' });
  }
  return walk.report();
}

function steps(walk: Walk, file: Uint8Array, options: VerifyOptions): void {
  const parts = walk.run('structure', () => {
    const lines = parseTranscript(file);
    if (!lines.ok) return err({ code: 'FILE_MALFORMED' as const, ...lines.error });
    return readParts(lines.value);
  });
  const roster = walk.run('anchor', () => anchor(parts, options));
  walk.found({ roster });
  const statements = walk.run('statements', () => openStatements(parts, roster));
  const { value: proposal } = statements.proposal;
  walk.found({ proposal });
  walk.run('order', () => checkOrder(parts, statements));
  const conduct = <T>(result: Result<T, Finding>, otherwise: T): Result<T, Finding> =>
    options.draft === true ? noted(walk, result, otherwise) : result;
  const { previous } = proposal.body;
  const before = previous === undefined ? undefined : options.history?.ceremony(previous);
  const answers = gatherAnswers(statements, before);
  walk.run('counters', () => conduct(checkCounters(statements, answers), undefined));
  walk.note(walk.run('answers', () => conduct(checkAnswers(statements, answers, roster, before), [])));
  const started = walk.run('start', () => {
    const found = start(statements, answers.ceremony, roster, parts);
    if (!found.ok || found.value === undefined) return found;
    const alive = conduct(checkAlive(statements, answers.ceremony, found.value), []);
    if (alive.ok) walk.note(alive.value);
    return alive.ok ? found : alive;
  });
  const next = proposal.body.ceremony === 'reshare' ? proposal.body.next : undefined;
  const documents = walk.run('documents', () => readDocuments(parts, roster, next));
  const wallets = walk.run('wallet', () => findWallets(statements, answers.counted, documents));
  const named = wallets.named?.value;
  walk.found({ wallet: wallets.made?.value ?? named });
  walk.run('payload', () => conduct(checkReadings(proposal, answers.counted, roster, named), undefined));
  const derived = walk.run('derivation', () =>
    conduct(checkDerived(proposal, answers.counted, named, options.chainCodes ?? []), undefined),
  );
  walk.found({ derived });
  if (derived !== undefined) walk.note(derivedNotes(derived));
  walk.note(
    walk.run('judgement', () =>
      conduct(checkJudgements(proposal, answers.counted, documents, named, roster, started?.start), []),
    ),
  );
  walk.note(
    walk.run('approvals', () =>
      conduct(checkApprovals(answers.ceremony, answers.counted, documents, roster, started?.start), []),
    ),
  );
  const ending = endingOf(statements);
  walk.found({ ending });
  if (started !== undefined) {
    const ran = { started, wallets, completed: ending === 'completed', conduct };
    const { signature, notes } = walkSession(walk, parts, statements, roster, ran);
    walk.found({ signature });
    walk.note(notes);
  }
  walk.run('ending', () =>
    ending === 'refused'
      ? checkRefusal(statements, answers.ceremony, roster, options.draft ? options.now : undefined)
      : ok(undefined),
  );
  const completed = ending === 'completed';
  const { ceremony } = answers;
  walk.accuse(accusations({ statements, documents, parts, ceremony, started, roster, wallet: named, completed }));
  walk.run('references', () => checkReferences(statements, documents, wallets));
  if (options.draft !== true) walk.run('closing', () => checkCloses(parts, statements, ending, started, roster));
  const { history } = options;
  if (history === undefined) return;
  const facts = factsOf({ parts, statements, answers, documents, roster, ending }, walk.report().signature);
  if (history.knows(facts)) walk.note(['this transcript was given before']);
  walk.note(history.remarks(facts));
  walk.run('history', () => {
    const finding = history.contradiction(facts);
    return finding === undefined ? ok(undefined) : err(finding);
  });
  history.remember(facts);
}

const LACKING: ReadonlySet<AuditCode> = new Set<AuditCode>(['DOCUMENT_MISSING', 'APPROVAL_MISSING']);

/**
 * A fault of one member in what it said of itself. Whoever closes a draft signs that it was said, not that it was right:
 * else one corrupt party could keep any ceremony from ever being closed. What is missing is no such fault.
 */
function noted<T>(walk: Walk, result: Result<T, Finding>, otherwise: T): Result<T, Finding> {
  if (result.ok || LACKING.has(result.error.code)) return result;
  walk.note([`${result.error.code}: ${result.error.message}`]);
  return ok(otherwise);
}

interface Ran {
  /** What becomes of a fault that is one member's own. */
  readonly conduct: <T>(result: Result<T, Finding>, otherwise: T) => Result<T, Finding>;
  readonly started: Started;
  readonly wallets: Wallets;
  readonly completed: boolean;
}

interface SessionResult {
  readonly signature?: EcdsaSignature | undefined;
  readonly notes: readonly string[];
}

function walkSession(walk: Walk, parts: Parts, statements: Statements, roster: Roster, ran: Ran): SessionResult {
  const { started, wallets, completed, conduct } = ran;
  const planned = planCeremony(statements.proposal.value, roster, wallets.named?.value);
  const plan = walk.run('session', () => checkSession(statements, started, planned, roster));
  const said = (): Result<undefined, Finding> => conduct(checkOutcomes(parts, statements, started), undefined);
  if (plan.kind === 'run') {
    const { made } = wallets;
    const fromRounds = walk.run('rounds', () =>
      checkRunRounds(parts.rounds, started, plan.run, completed ? made?.value : undefined),
    );
    walk.run('result', () => {
      const outcomes = said();
      return outcomes.ok ? conduct(checkKey(statements, made, fromRounds), undefined) : outcomes;
    });
    const partly = completed || made === undefined ? [] : ['not every party reports the new key'];
    return { notes: [...partly, ...otherForms(statements, made), ...equivocators(parts.rounds)] };
  }
  if (plan.kind === 'export') {
    walk.run('rounds', () => checkNoRounds(parts.rounds));
    walk.run('result', said);
    return { notes: exportNotes(statements) };
  }
  const combined = walk.run('rounds', () => checkSignRounds(parts.rounds, started, plan.wallet, roster, completed));
  const signature = walk.run('result', () => {
    const outcomes = said();
    return outcomes.ok ? conduct(checkSignature(statements, started, plan.wallet, combined), undefined) : outcomes;
  });
  if (completed) return { signature, notes: [] };
  const notes = equivocators(parts.rounds);
  const released = statements.outcomes.some(({ value }) => value.body.released) || parts.rounds.some(isLast);
  return { signature, notes: released ? [...notes, 'a last message had left: the payload counts as signed'] : notes };
}

/** From t shares on the recipient has the whole key, whatever else is reported. */
function exportNotes({ outcomes }: Statements): readonly string[] {
  const handed = outcomes.filter(({ value }) => value.body.released).map(({ value }) => value.body.party);
  return handed.length === 0 ? [] : [`party ${handed.join(', ')} handed its share to the recipient`];
}

function anchor(parts: Parts, { roster, fingerprint, history }: VerifyOptions): Result<Roster, Finding> {
  if (roster === undefined) return err({ code: 'UNANCHORED', message: 'no roster was given to verify against' });
  if (fingerprint !== undefined && !matchesFingerprint(roster.digest, fingerprint)) {
    return err({ code: 'FINGERPRINT_DIFFERS', message: 'the roster does not have this fingerprint' });
  }
  const known = equalBytes(parts.roster, roster.digest) ? roster : history?.roster(parts.roster);
  if (known !== undefined) return ok(known);
  const message = 'the transcript was made under another roster, and no transcript given before leads to it';
  return err({ code: 'WRONG_ROSTER', seq: 0, message });
}

function start(
  statements: Statements,
  ceremony: Ceremony,
  roster: Roster,
  parts: Parts,
): Result<Started | undefined, Finding> {
  if (statements.start !== undefined) return checkStart(statements, statements.start, ceremony, roster);
  return checkNothingRan(parts, statements);
}

function isLast({ value: { type, round } }: Parts['rounds'][number]): boolean {
  return type === SIGN && round === 3;
}

/** Ends the walk after the first failure. */
class Stop extends Error {}

type Found = Pick<Report, 'proposal' | 'ending' | 'signature' | 'wallet' | 'derived' | 'roster'>;

class Walk {
  readonly #checks: Check[] = [];
  readonly #notes: string[] = [];
  readonly #accusations: Accusation[] = [];
  #finished = false;
  #found: Found = {};

  /** Runs one group of checks; a failure ends the walk. */
  run<T>(name: CheckName, body: () => Result<T, Finding>): T {
    const result = body();
    if (!result.ok) {
      this.#checks.push({ name, ok: false, ...result.error });
      throw new Stop();
    }
    this.#checks.push({ name, ok: true, message: CHECKS[name] });
    return result.value;
  }

  /** A failure of the verifier itself, on the check that was running. */
  fail(finding: Finding): void {
    const names = Object.keys(CHECKS) as CheckName[];
    const name = names.find((candidate) => !this.#checks.some((check) => check.name === candidate));
    this.#checks.push({ name: name ?? 'structure', ok: false, ...finding });
  }

  /** Only a walk that came to its end is a verification. */
  finish(): void {
    this.#finished = true;
  }

  note(notes: readonly string[]): void {
    this.#notes.push(...notes);
  }

  accuse(accusations: readonly Accusation[]): void {
    this.#accusations.push(...accusations);
  }

  found(found: Found): void {
    this.#found = { ...this.#found, ...found };
  }

  report(): Report {
    const failure = this.#checks.find((check) => !check.ok);
    const ok = this.#finished && failure === undefined;
    return { ...this.#found, ok, checks: this.#checks, failure, notes: this.#notes, accusations: this.#accusations };
  }
}

/** One line for people: what failed and where. */
export function describeFailure(failure: Check): string {
  const where = failure.seq === undefined ? '' : `entry ${failure.seq}: `;
  return `${where}${failure.message} (${failure.code ?? 'FAILED'})`;
}
