/** What lies where in a participant's home. Every name of a file is here and nowhere else. */
import { join } from 'node:path';
import { toHex } from '../../protocol/common/bytes.ts';

export interface HomeLayout {
  readonly home: string;
  /** Public keys of this participant; readable without the passphrase. */
  readonly identity: string;
  /** The pinned roster, with all signatures. */
  readonly roster: string;
  /** The roster that is to replace it, once adopted. */
  readonly successor: string;
  /** Directory of rosters this home has left, with their logs. */
  readonly rosters: string;
  /** Pre-shared key of the private network (secret towards strangers, known to all members). */
  readonly networkKey: string;
  /** Names and addresses for people; labels only, never judged by. */
  readonly addressBook: string;
  /** Append-only, docs/protocol.md d.6. */
  readonly journal: string;
  /** Says which journal belongs to this home, so that a missing one is noticed. */
  readonly journalId: string;
  /** Append-only: every statement this participant accepted or made, as it came. */
  readonly log: string;
  /** Directory of the cosigned transcripts of finished ceremonies. */
  readonly transcripts: string;
  /** Directory of what proves other members' guilt. */
  readonly evidence: string;
  /** The running node's own log, text. */
  readonly nodeLog: string;
  /** Which nodes to ask for the state of a chain; absent: no simulation. */
  readonly simulation: string;
  /** Which nodes to ask whether nonces were used up; absent: the key holder says so. */
  readonly nonces: string;
  /** Names the external checker, if the key holder has set one. */
  readonly checker: string;
  /** Socket of the running node. */
  readonly control: string;
}

/** @param home absolute path of the home directory */
export function homeLayout(home: string): HomeLayout {
  return {
    home,
    identity: join(home, 'identity.json'),
    roster: join(home, 'roster.json'),
    successor: join(home, 'successor.json'),
    rosters: join(home, 'rosters'),
    networkKey: join(home, 'network.key'),
    addressBook: join(home, 'address-book.json'),
    journal: join(home, 'journal'),
    journalId: join(home, 'journal.id'),
    log: join(home, 'log'),
    transcripts: join(home, 'transcripts'),
    evidence: join(home, 'evidence'),
    nodeLog: join(home, 'node.log'),
    simulation: join(home, 'simulation.json'),
    nonces: join(home, 'nonces.json'),
    checker: join(home, 'checker.json'),
    control: join(home, 'control.sock'),
  };
}

/**
 * An adopted policy, named by its digest: the file of the next version never touches the one in force, and the journal
 * says which that is.
 */
export function policyPath(layout: HomeLayout, scope: 'common' | 'own', digest: Uint8Array): string {
  return join(layout.home, `policy-${scope}-${toHex(digest)}.json`);
}

/** A roster that was replaced. */
export function pastRosterPath(layout: HomeLayout, digest: Uint8Array): string {
  return join(layout.rosters, `${toHex(digest)}.json`);
}

/** What those who were left behind at its end should hear. */
export function farewellPath(layout: HomeLayout, digest: Uint8Array): string {
  return join(layout.rosters, `${toHex(digest)}.farewell`);
}

/** What was said under a roster that was replaced. */
export function pastLogPath(layout: HomeLayout, digest: Uint8Array): string {
  return join(layout.rosters, `${toHex(digest)}.log`);
}

/** Kinds of sealed files in the vault. */
export const SEALED_IDENTITY = 'identity';
export const SEALED_KEY_RECORD = 'key-record';
export const SEALED_IMPORTED_KEY = 'imported-key';
