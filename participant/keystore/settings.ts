/** What lies where in a participant's home. Every name of a file is here and nowhere else. */
import { join } from 'node:path';

export interface HomeLayout {
  readonly home: string;
  /** Public keys of this participant; readable without the passphrase. */
  readonly identity: string;
  /** The pinned roster, with all signatures. */
  readonly roster: string;
  /** Pre-shared key of the private network (secret towards strangers, known to all members). */
  readonly networkKey: string;
  /** The common policy as adopted, and the own policy. */
  readonly commonPolicy: string;
  readonly ownPolicy: string;
  /** Names and addresses for people; labels only, never judged by. */
  readonly addressBook: string;
  /** Append-only, docs/protocol.md d.6. */
  readonly journal: string;
  /** Transcripts of every ceremony this participant answered. */
  readonly log: string;
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
    commonPolicy: join(home, 'policy-common.json'),
    ownPolicy: join(home, 'policy-own.json'),
    addressBook: join(home, 'address-book.json'),
    journal: join(home, 'journal'),
    log: join(home, 'log'),
    nodeLog: join(home, 'node.log'),
    control: join(home, 'control.sock'),
  };
}

/** Kinds of sealed files in the vault. */
export const SEALED_IDENTITY = 'identity';
export const SEALED_KEY_RECORD = 'key-record';
