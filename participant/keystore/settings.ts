/** What lies where in a participant's home. Every name of a file is here and nowhere else. */
import { join } from 'node:path';
import { toHex } from '../../protocol/common/bytes.ts';

export interface HomeLayout {
  readonly home: string;
  /** Public keys of this participant; readable without the passphrase. */
  readonly identity: string;
  /** The pinned roster, with all signatures. */
  readonly roster: string;
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
  /** The running node's own log, text. */
  readonly nodeLog: string;
  /** Socket of the running node. */
  readonly control: string;
}

/** @param home absolute path of the home directory */
export function homeLayout(home: string): HomeLayout {
  return {
    home,
    identity: join(home, 'identity.json'),
    roster: join(home, 'roster.json'),
    networkKey: join(home, 'network.key'),
    addressBook: join(home, 'address-book.json'),
    journal: join(home, 'journal'),
    journalId: join(home, 'journal.id'),
    log: join(home, 'log'),
    transcripts: join(home, 'transcripts'),
    nodeLog: join(home, 'node.log'),
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

/** Kinds of sealed files in the vault. */
export const SEALED_IDENTITY = 'identity';
export const SEALED_KEY_RECORD = 'key-record';
