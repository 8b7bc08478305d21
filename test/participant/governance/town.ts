/**
 * The governance of several nodes with real journals, files, rosters and statements; only the network and the clock are
 * make-believe, and there are no wallets. A member can be away, be started anew, or be put back on an older disk.
 */
import { cp, rm } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import type { NodeContext } from '../../../participant/context.ts';
import { isAnnouncement } from '../../../participant/governance/announcements.ts';
import { Governance } from '../../../participant/governance/governance.ts';
import { Journal } from '../../../participant/journal/journal.ts';
import { homeLayout } from '../../../participant/keystore/settings.ts';
import { Policies } from '../../../participant/policies.ts';
import type { FrameMessage } from '../../../proto/codec.ts';
import type { Disk } from '../../../proto/rest/disk.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import type { BookEntry } from '../../../protocol/ceremony/book.ts';
import { type Signer, signerFromSeed } from '../../../protocol/ceremony/ed25519.ts';
import { signPolicyVersion, versionBody } from '../../../protocol/ceremony/policy-version.ts';
import type { Roster } from '../../../protocol/ceremony/roster.ts';
import { type Envelope, envelopeJson, parseEnvelope } from '../../../protocol/ceremony/statement.ts';
import type { VerdictReason } from '../../../protocol/ceremony/verdict-statement.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../../protocol/common/canonical-json.ts';
import { policyDigest } from '../../../protocol/policy/canonical.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import { type Draft, edited, policyFrom, rich } from '../../policy/support/versions.ts';
import { counterRandom, temporaryHome } from '../../proto/rest/temporary.ts';
import { treasuryMoot } from '../../support/treasury.ts';

const moot = treasuryMoot('governance');
export const roster: Roster = moot.roster;
export const DAY = 86_400;
const START = 1_795_000_000;
const NUMBERS: Readonly<Record<string, number>> = { ada: 1, ben: 2, cem: 3, dan: 4 };

export function keyOf(member: string): Signer {
  return moot.keyOf(member);
}

export function approverKey(name: string): Signer {
  return signerFromSeed(new Uint8Array(32).fill(100 + (NUMBERS[name] ?? 0)));
}

/** The file of the version after `parent`, signed by these approvers. */
export function nextVersion(
  parent: Draft,
  edit: (draft: Draft) => void,
  names: readonly string[] = ['ada', 'dan'],
): Draft {
  const draft = edited(bare(parent), (policy) => {
    policy['parentHash'] = hashOf(parent);
    edit(policy);
  });
  const policy = policyFrom(draft);
  const signatures = names.map((name) => {
    const body = versionBody(policy, name, START);
    if (body === undefined) throw new Error('no parent');
    return envelopeJson(signPolicyVersion(body, approverKey(name)).envelope);
  });
  return { ...draft, signatures };
}

export function hashOf(file: Draft): string {
  return `0x${toHex(policyDigest(policyFrom(file)))}`;
}

function bare(file: Draft): Draft {
  return Object.fromEntries(Object.entries(file).filter(([name]) => name !== 'signatures'));
}

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

interface Running {
  readonly lock: HomeLock;
  readonly journal: Journal;
  readonly policies: Policies;
  readonly governance: Governance;
}

export class Member {
  readonly index: number;
  readonly home: string;
  readonly notes: string[] = [];
  readonly changes: string[] = [];
  /** Why its clock is not to be relied on. */
  doubt: VerdictReason | undefined;
  /** The ceremonies it knows of. */
  entries: readonly BookEntry[] = [];
  /** What the log holds. */
  kept: Uint8Array[] = [];
  #town: Town;
  #open: Running | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(town: Town, index: number, home: string) {
    this.#town = town;
    this.index = index;
    this.home = home;
  }

  get name(): string {
    return `party:${this.index}`;
  }

  get isUp(): boolean {
    return this.#open !== undefined;
  }

  get governance(): Governance {
    return this.#must().governance;
  }

  get journal(): Journal {
    return this.#must().journal;
  }

  get common(): Policy | undefined {
    return this.#must().policies.common;
  }

  get version(): number {
    return this.common?.document.version ?? 0;
  }

  get codes(): readonly string[] {
    return this.notes.map((note) => note.split(' ')[0] ?? '');
  }

  /** @param disk under the journal */
  async start(disk?: Disk): Promise<void> {
    const lock = await HomeLock.acquire(this.home);
    const journal = await Journal.open(lock, {
      random: counterRandom(this.index),
      ...(disk === undefined ? {} : { disk }),
    });
    const policies = await Policies.open(homeLayout(lock.home), journal);
    const node = {
      book: { entries: () => this.entries },
      clock: this.#town.clock,
      exchange: {
        exclusively: <T>(action: () => Promise<T>): Promise<T> => this.#exclusively(action),
        keep: async (_kind: string, bytes: Uint8Array) => {
          this.kept.push(bytes);
        },
      },
      journal,
      members: () => this.#town.bus(this),
      note: (code: string, detail: string) => this.notes.push(`${code} ${detail}`),
      policies,
      random: counterRandom(1000 * this.index + this.notes.length + 1),
      roster,
      self: this.index,
      signer: keyOf(this.name),
    } as unknown as NodeContext;
    const governance = new Governance({
      node,
      kept: this.kept,
      doubt: () => this.doubt,
      changed: async (what) => {
        this.changes.push(what);
      },
    });
    this.#open = { lock, journal, policies, governance };
    await governance.start();
  }

  async stop(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.governance.stop();
    await this.#turn.catch(() => undefined);
    await open.journal.close().catch(() => undefined);
    await open.lock.release();
  }

  async restart(disk?: Disk): Promise<void> {
    await this.stop();
    await this.start(disk);
  }

  async take(from: string, frame: FrameMessage): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    if (frame.kind === 'statement') {
      const envelope = parseEnvelope(frame.envelope);
      if (envelope.ok) await this.#exclusively(() => open.governance.receive(envelope.value, from));
    } else if (frame.kind === 'document') {
      const json = parseCanonical(frame.content);
      if (json.ok && isAnnouncement(json.value))
        await this.#exclusively(() => open.governance.offered(json.value, from));
    } else if (frame.kind === 'want') {
      for (const digest of frame.digests) {
        const document = await open.governance.wanted(digest);
        if (document !== undefined) await this.#town.document(this, from, document);
      }
    }
  }

  /** Resolves when what is under way now is done. */
  async idle(): Promise<void> {
    await this.#turn.catch(() => undefined);
  }

  async receive(envelope: Envelope, from = 'approver:ada'): Promise<void> {
    await this.take(from, { kind: 'statement', envelope: envelope.bytes });
    await this.#town.settle();
  }

  /** Gives a file by hand; resolves with the code of its refusal, or `ok`. */
  async give(file: Draft | string, scope: 'common' | 'own' = 'common'): Promise<string> {
    const text = typeof file === 'string' ? file : JSON.stringify(file);
    const code = await this.governance.adopt(scope, text).then(
      () => 'ok',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
    await this.#town.settle();
    return code;
  }

  async #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return await done;
  }

  #must(): Running {
    if (this.#open === undefined) throw new Error(`${this.name} is not running`);
    return this.#open;
  }
}

export class Town {
  readonly members: readonly Member[];
  time = START;
  #timers: Timer[] = [];
  readonly #away = new Set<number>();
  readonly #pending = new Set<Promise<unknown>>();

  private constructor(homes: readonly string[]) {
    this.members = homes.map((home, i) => new Member(this, i + 1, home));
  }

  static async open(): Promise<Town> {
    const homes = await Promise.all(roster.parties.map(() => temporaryHome()));
    const town = new Town(homes);
    onTestFinished(async () => {
      for (const member of town.members) await member.stop();
    });
    for (const member of town.members) await member.start();
    return town;
  }

  /** All members have adopted this first version by hand. */
  static async under(file: Draft = rich()): Promise<Town> {
    const town = await Town.open();
    for (const member of town.members) await member.give(file);
    return town;
  }

  readonly clock = {
    now: (): number => this.time,
    monotonic: (): number => this.time * 1000,
    after: (milliseconds: number, action: () => void): (() => void) => {
      const timer = { at: this.time + milliseconds / 1000, action };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    },
  };

  get versions(): readonly number[] {
    return this.members.map((member) => member.version);
  }

  member(index: number): Member {
    const found = this.members[index - 1];
    if (found === undefined) throw new Error(`no party ${index}`);
    return found;
  }

  /** Time passes; timers run when they are due. */
  async wait(seconds: number): Promise<void> {
    const end = this.time + seconds;
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.action();
      await this.settle();
    }
    this.time = end;
    await this.settle();
  }

  away(index: number): void {
    this.#away.add(index);
  }

  /** Comes back, and greets and is greeted by all others. */
  async back(index: number): Promise<void> {
    this.#away.delete(index);
    await this.meet(index);
  }

  async meet(index: number): Promise<void> {
    const member = this.member(index);
    for (const other of this.members) {
      if (other === member || !other.isUp || this.#away.has(other.index)) continue;
      await other.governance.greet(member.name);
      await member.governance.greet(other.name);
    }
    await this.settle();
  }

  /** Everything that was sent has arrived, and so has what followed from it. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const turns = this.members.map((member) => member.idle());
      await Promise.all([...this.#pending, ...turns]);
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#pending.size === 0 ? quiet + 1 : 0;
    }
  }

  bus(from: Member): object {
    const send = async (member: string, frame: FrameMessage): Promise<boolean> => this.#send(from, member, frame);
    return {
      connected: () => this.#reached(from).map(({ name }) => name),
      send,
      sendAll: async (frame: FrameMessage, chosen: (member: string) => boolean = () => true) => {
        for (const { name } of this.#reached(from)) if (chosen(name)) this.#send(from, name, frame);
      },
    };
  }

  async document(from: Member, to: string, document: Json): Promise<void> {
    this.#send(from, to, { kind: 'document', content: canonicalBytes(document) });
  }

  /** A copy of a member's disk, and the way back to it. */
  async snapshot(index: number): Promise<() => Promise<void>> {
    const member = this.member(index);
    const copy = await temporaryHome();
    await member.stop();
    await cp(member.home, copy, { recursive: true });
    const kept = [...member.kept];
    await member.start();
    return async () => {
      await member.stop();
      await rm(member.home, { recursive: true });
      await cp(copy, member.home, { recursive: true });
      member.kept = kept;
      await member.start();
    };
  }

  #reached(from: Member): readonly Member[] {
    if (this.#away.has(from.index)) return [];
    return this.members.filter((member) => member !== from && member.isUp && !this.#away.has(member.index));
  }

  #send(from: Member, to: string, frame: FrameMessage): boolean {
    const target = this.#reached(from).find(({ name }) => name === to);
    if (target === undefined) return false;
    const done = new Promise((resolve) => setImmediate(resolve)).then(() => target.take(from.name, frame));
    this.#pending.add(done);
    void done.finally(() => this.#pending.delete(done));
    return true;
  }
}
