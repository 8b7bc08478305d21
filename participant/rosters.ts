/**
 * The rosters of a home: the one it lives under, the successor its key holder has adopted, and the ones it has left.
 * A node lives under one roster at a time. The change from one to the next is a single replaced file; what belongs to
 * it, the log above all, is put aside before anything else is opened (`settle`).
 */
import { join } from 'node:path';
import { readFileIfPresent, removeFile, writeFileAtomic } from '../proto/rest/atomic-file.ts';
import { ensureDirectory } from '../proto/rest/directory.ts';
import { type Disk, nodeDisk } from '../proto/rest/disk.ts';
import { type MemberAddress, members, type Roster } from '../protocol/ceremony/roster.ts';
import { checkSuccessor, partyByKey } from '../protocol/ceremony/roster-change.ts';
import { readRoster, rosterText } from '../protocol/ceremony/roster-file.ts';
import { equalBytes, utf8 } from '../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { farewellPath, type HomeLayout, pastLogPath, pastRosterPath } from './keystore/settings.ts';

export class Rosters {
  readonly #layout: HomeLayout;
  readonly #disk: Disk;
  #current: Roster;
  #successor: Roster | undefined;
  /** Newest last. */
  readonly #past: Roster[];
  /** Adopted once, and replaced by another successor before they came into force: a wallet may have got there. */
  readonly #others: Roster[];

  private constructor(
    layout: HomeLayout,
    disk: Disk,
    current: Roster,
    successor: Roster | undefined,
    past: readonly Roster[],
    others: readonly Roster[],
  ) {
    this.#layout = layout;
    this.#disk = disk;
    this.#current = current;
    this.#successor = successor;
    this.#past = [...past];
    this.#others = [...others];
  }

  /**
   * All signatures are checked again at each start. Call `settle` before the log is opened.
   * Fails with `ROSTER_MISSING` or what is wrong with a roster file.
   */
  static async open(layout: HomeLayout, disk: Disk = nodeDisk): Promise<Rosters> {
    const current = await rosterAt(layout.roster, disk);
    if (current === undefined) {
      throw new InvalidArgument('ROSTER_MISSING', '--home', 'this home has joined no roster yet; run join first');
    }
    const successor = await rosterAt(layout.successor, disk);
    const kept = await rostersIn(layout.rosters, disk);
    const past: Roster[] = [];
    for (let { previous } = current; previous !== undefined; ) {
      const digest = previous;
      const before = kept.find((roster) => equalBytes(roster.digest, digest));
      if (before === undefined) break; // A newcomer was not there.
      past.unshift(before);
      previous = before.previous;
    }
    const others = kept.filter((roster) => !past.includes(roster));
    return new Rosters(layout, disk, current, successor, past, others);
  }

  get current(): Roster {
    return this.#current;
  }

  /** Adopted by the key holder and not in force yet. */
  get successor(): Roster | undefined {
    return this.#successor;
  }

  /** Oldest first. */
  get past(): readonly Roster[] {
    return this.#past;
  }

  /**
   * The first roster under which exactly the present parties were together, with their indices and threshold. It is the
   * same at all of them, also while some live under a successor already that leaves all of this as it is.
   */
  get founding(): Roster {
    let first = this.#current;
    for (const before of this.#past.toReversed()) {
      if (!hasSameHolders(before, first)) break;
      first = before;
    }
    return first;
  }

  /** Every known roster, the ones that matter most first. */
  all(): readonly Roster[] {
    const next = this.#successor === undefined ? [] : [this.#successor];
    return [this.#current, ...next, ...this.#past.toReversed(), ...this.#others];
  }

  /** Why the key holder of this statement key cannot adopt `next`; undefined if it can. */
  fault(next: Roster, statementKey: Uint8Array): Refusal | undefined {
    const succession = checkSuccessor(this.#current, next);
    if (!succession.ok) return new Refusal(succession.error.code, succession.error.message);
    if (partyByKey(next, statementKey) !== undefined) return undefined;
    return new Refusal('NOT_A_PARTY', 'this roster does not list the keys of this home');
  }

  /** The key holder's decision for a successor; another one may take its place until it is in force. */
  async adopt(next: Roster): Promise<void> {
    const replaced = this.#successor;
    if (replaced !== undefined && !equalBytes(replaced.digest, next.digest)) {
      await ensureDirectory(this.#layout.rosters, this.#disk);
      const kept = pastRosterPath(this.#layout, replaced.digest);
      await writeFileAtomic(kept, utf8(rosterText(replaced.file)), this.#disk);
      this.#others.push(replaced);
    }
    await writeFileAtomic(this.#layout.successor, utf8(rosterText(next.file)), this.#disk);
    this.#successor = next;
  }

  /**
   * Puts the successor in force. What belongs to the old one is put aside by `settle`, when its log is closed.
   *
   * @param farewell what whoever was left behind should hear
   */
  async advance(farewell?: Uint8Array): Promise<void> {
    const next = this.#successor;
    if (next === undefined) throw new Refusal('NO_SUCCESSOR', 'no successor of the roster was adopted here');
    await ensureDirectory(this.#layout.rosters, this.#disk);
    const kept = pastRosterPath(this.#layout, this.#current.digest);
    await writeFileAtomic(kept, utf8(rosterText(this.#current.file)), this.#disk);
    if (farewell !== undefined) {
      await writeFileAtomic(farewellPath(this.#layout, this.#current.digest), farewell, this.#disk);
    }
    await writeFileAtomic(this.#layout.roster, utf8(rosterText(next.file)), this.#disk);
    this.#past.push(this.#current);
    this.#current = next;
  }

  /** What was put aside for those whom the last change left behind. */
  async farewell(): Promise<Uint8Array | undefined> {
    const previous = this.#past.at(-1);
    return previous === undefined
      ? undefined
      : await readFileIfPresent(farewellPath(this.#layout, previous.digest), this.#disk);
  }

  /** After `advance`, whenever a process died in it: the old log goes aside, then the successor's file goes. */
  async settle(): Promise<void> {
    const { log, successor } = this.#layout;
    if (this.#successor === undefined || !equalBytes(this.#successor.digest, this.#current.digest)) return;
    const { previous } = this.#current;
    const aside = previous === undefined ? undefined : pastLogPath(this.#layout, previous);
    if (aside !== undefined && !(await isThere(aside, this.#disk)) && (await isThere(log, this.#disk))) {
      await this.#disk.rename(log, aside);
      await this.#disk.syncDirectory(this.#layout.rosters);
      await this.#disk.syncDirectory(this.#layout.home);
    }
    await removeFile(successor, this.#disk);
    this.#successor = undefined;
  }

  /**
   * Whom a node speaks to, by name: the members of its roster; `joining:K` for the parties of the next one that are not
   * among them; `former:I` for parties that the last change left behind, who may dial to hear of it.
   *
   * @param transportKey of this home; it does not speak to itself
   * @param next the adopted successor, or the roster that this party deals for and is not in
   */
  peers(transportKey: Uint8Array, next: Roster | undefined = this.#successor): ReadonlyMap<string, MemberAddress> {
    const found = new Map(members(this.#current));
    const isKnown = (key: Uint8Array): boolean =>
      [...found.values()].some((member) => equalBytes(member.transportKey, key));
    for (const party of next?.parties ?? []) {
      if (!isKnown(party.transportKey)) found.set(`joining:${party.index}`, party);
    }
    for (const { index, transportKey: key } of this.#past.at(-1)?.parties ?? []) {
      if (!isKnown(key)) found.set(`former:${index}`, { transportKey: key, addresses: [] });
    }
    return new Map([...found].filter(([, member]) => !equalBytes(member.transportKey, transportKey)));
  }
}

function hasSameHolders(a: Roster, b: Roster): boolean {
  return (
    a.threshold === b.threshold &&
    a.parties.length === b.parties.length &&
    a.parties.every(({ index, statementKey }) => partyByKey(b, statementKey)?.index === index)
  );
}

async function rosterAt(path: string, disk: Disk): Promise<Roster | undefined> {
  const file = await readFileIfPresent(path, disk);
  if (file === undefined) return undefined;
  const roster = readRoster(new TextDecoder().decode(file));
  if (!roster.ok) throw new InvalidArgument(roster.error.code, path, roster.error.message);
  return roster.value;
}

/** All rosters that were put aside, in no order. */
async function rostersIn(directory: string, disk: Disk): Promise<readonly Roster[]> {
  const entries = await disk.list(directory).catch(() => []);
  const rosters: Roster[] = [];
  for (const { name } of entries) {
    const roster = name.endsWith('.json') ? await rosterAt(join(directory, name), disk) : undefined;
    if (roster !== undefined) rosters.push(roster);
  }
  return rosters;
}

async function isThere(path: string, disk: Disk): Promise<boolean> {
  const cut = path.lastIndexOf('/');
  const entries = await disk.list(path.slice(0, cut)).catch(() => []);
  return entries.some((entry) => entry.name === path.slice(cut + 1));
}
