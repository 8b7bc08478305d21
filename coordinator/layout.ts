/** Where everything of a coordinator lies. */
import { join } from 'node:path';

export interface HomeLayout {
  readonly home: string;
  readonly card: string;
  readonly roster: string;
  /** A roster that the operator has adopted as the next one. */
  readonly successor: string;
  /** Directory of past rosters, each with the log of its time beside it. */
  readonly rosters: string;
  readonly networkKey: string;
  readonly log: string;
  readonly control: string;
  /** Directory of finished transcripts. */
  readonly transcripts: string;
}

export function homeLayout(home: string): HomeLayout {
  return {
    home,
    card: join(home, 'card.json'),
    roster: join(home, 'roster.json'),
    successor: join(home, 'successor.json'),
    rosters: join(home, 'rosters'),
    networkKey: join(home, 'network.key'),
    log: join(home, 'log'),
    control: join(home, 'control.sock'),
    transcripts: join(home, 'transcripts'),
  };
}
