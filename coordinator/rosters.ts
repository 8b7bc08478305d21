/**
 * The rosters of a coordinator: the one it works under and the successor that its operator has adopted. It lives under
 * one at a time, as the parties do. Statements are always of the current one.
 */
import { basename, dirname, join } from 'node:path';
import { readFileIfPresent, removeFile, writeFileAtomic } from '../proto/rest/atomic-file.ts';
import { ensureDirectory } from '../proto/rest/directory.ts';
import { nodeDisk } from '../proto/rest/disk.ts';
import { type MemberAddress, members, type Operator, type Roster } from '../protocol/ceremony/roster.ts';
import { checkSuccessor } from '../protocol/ceremony/roster-change.ts';
import { readRoster, rosterText } from '../protocol/ceremony/roster-file.ts';
import { equalBytes, toHex, utf8 } from '../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import type { HomeLayout } from './layout.ts';

export class Rosters {
  readonly #layout: HomeLayout;
  #current: Roster;
  #successor: Roster | undefined;

  private constructor(layout: HomeLayout, current: Roster, successor: Roster | undefined) {
    this.#layout = layout;
    this.#current = current;
    this.#successor = successor;
  }

  /** All signatures are checked again. Ends what an earlier process left half done; call it before the log is opened. */
  static async open(layout: HomeLayout): Promise<Rosters> {
    const current = await rosterAt(layout.roster);
    if (current === undefined) {
      throw new InvalidArgument('ROSTER_MISSING', '--home', 'this home has joined no roster yet; run join first');
    }
    const rosters = new Rosters(layout, current, await rosterAt(layout.successor));
    await rosters.#settle();
    return rosters;
  }

  get current(): Roster {
    return this.#current;
  }

  /** Adopted by the operator and not in force yet. */
  get successor(): Roster | undefined {
    return this.#successor;
  }

  /** The operator's decision for a successor; another one may take its place until it is in force. */
  async adopt(next: Roster, statementKey: Uint8Array): Promise<void> {
    const fits = checkSuccessor(this.#current, next);
    if (!fits.ok) throw new Refusal(fits.error.code, fits.error.message);
    if (operatorWith(next, statementKey) === undefined) {
      throw new Refusal('NOT_AN_OPERATOR', 'this roster does not list the operator of this home');
    }
    await writeFileAtomic(this.#layout.successor, utf8(rosterText(next.file)));
    this.#successor = next;
  }

  /** Puts the successor in force. The log of the old roster goes aside at the next `open`. */
  async advance(): Promise<void> {
    const next = this.#successor;
    if (next === undefined) throw new Refusal('NO_SUCCESSOR', 'no successor of the roster was adopted here');
    await ensureDirectory(this.#layout.rosters);
    await writeFileAtomic(this.#past(this.#current.digest, 'json'), utf8(rosterText(this.#current.file)));
    await writeFileAtomic(this.#layout.roster, utf8(rosterText(next.file)));
    this.#current = next;
  }

  /** Whom a coordinator speaks to: the members of its roster, and `joining:K` for parties of the successor only. */
  peers(transportKey: Uint8Array): ReadonlyMap<string, MemberAddress> {
    const found = new Map(members(this.#current));
    const isKnown = (key: Uint8Array): boolean =>
      [...found.values()].some((member) => equalBytes(member.transportKey, key));
    for (const party of this.#successor?.parties ?? []) {
      if (!isKnown(party.transportKey)) found.set(`joining:${party.index}`, party);
    }
    return new Map([...found].filter(([, member]) => !equalBytes(member.transportKey, transportKey)));
  }

  async #settle(): Promise<void> {
    const { log, successor } = this.#layout;
    if (this.#successor === undefined || !equalBytes(this.#successor.digest, this.#current.digest)) return;
    const { previous } = this.#current;
    const aside = previous === undefined ? undefined : this.#past(previous, 'log');
    if (aside !== undefined && !(await isThere(aside)) && (await isThere(log))) {
      await nodeDisk.rename(log, aside);
      await nodeDisk.syncDirectory(this.#layout.rosters);
      await nodeDisk.syncDirectory(this.#layout.home);
    }
    await removeFile(successor);
    this.#successor = undefined;
  }

  #past(digest: Uint8Array, kind: 'json' | 'log'): string {
    return join(this.#layout.rosters, `${toHex(digest)}.${kind}`);
  }
}

export function operatorWith(roster: Roster, statementKey: Uint8Array): Operator | undefined {
  return roster.operators.find((operator) => equalBytes(operator.key, statementKey));
}

async function rosterAt(path: string): Promise<Roster | undefined> {
  const file = await readFileIfPresent(path);
  if (file === undefined) return undefined;
  const roster = readRoster(new TextDecoder().decode(file));
  if (!roster.ok) throw new InvalidArgument(roster.error.code, path, roster.error.message);
  return roster.value;
}

async function isThere(path: string): Promise<boolean> {
  const entries = await nodeDisk.list(dirname(path)).catch(() => []);
  return entries.some(({ name }) => name === basename(path));
}
