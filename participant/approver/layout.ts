/** What lies where in an approver's home. The names it shares with a participant's home mean the same there. */
import { join } from 'node:path';
import { homeLayout } from '../keystore/settings.ts';

export interface ApproverLayout {
  readonly home: string;
  /** Name, person, device; readable without the passphrase. */
  readonly profile: string;
  /** Public keys. */
  readonly identity: string;
  /** The pinned roster. */
  readonly roster: string;
  /** Pre-shared key of the private network; absent on a device that is never connected. */
  readonly networkKey: string;
  /** Append-only: policies adopted, requests seen, own decisions. */
  readonly log: string;
  /** Socket of the running program. */
  readonly control: string;
}

/** @param home absolute path of the home directory */
export function approverLayout(home: string): ApproverLayout {
  const { control, identity, log, networkKey, roster } = homeLayout(home);
  return { home, profile: join(home, 'approver.json'), identity, roster, networkKey, log, control };
}
