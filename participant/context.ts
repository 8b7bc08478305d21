/** What the parts of a running node share. Made once, in node.ts. */

import type { Members } from '../proto/link/members.ts';
import type { CeremonyBook } from '../protocol/ceremony/book.ts';
import type { Signer } from '../protocol/ceremony/ed25519.ts';
import type { Roster } from '../protocol/ceremony/roster.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import type { ApprovalStore } from './approvals/store.ts';
import type { Exchange } from './ceremonies/exchange.ts';
import type { Gate } from './ceremonies/gate.ts';
import type { SealedShares } from './ceremonies/sealed-shares.ts';
import type { Documents } from './documents.ts';
import type { EvidenceStore } from './evidence.ts';
import type { Governance } from './governance/governance.ts';
import type { Journal } from './journal/journal.ts';
import type { Limits } from './limits/limits.ts';
import type { Policies } from './policies.ts';
import type { Rosters } from './rosters.ts';
import type { Wallets } from './wallets.ts';

/** What this software calls itself in statements: a claim. */
export const SOFTWARE = 'keymoot 0.1.0';

export interface NodeContext {
  readonly rosters: Rosters;
  /** The one this node lives under: statements are of its parties, by its indices. */
  readonly roster: Roster;
  /** Own party index in it; 0 for a guest, which has a place in the successor only and signs no statements. */
  readonly self: number;
  /** Ed25519, 32 bytes: by this key all parties of all rosters know this one. */
  readonly statementKey: Uint8Array;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly book: CeremonyBook;
  readonly documents: Documents;
  readonly evidence: EvidenceStore;
  readonly policies: Policies;
  readonly wallets: Wallets;
  readonly exchange: Exchange;
  readonly sealedShares: SealedShares;
  /** The other members, as far as they are connected. */
  readonly members: () => Members;
  /** What approvers have said. */
  readonly approvals: ApprovalStore;
  /** What is charged to the limits of the policies. */
  readonly limits: Limits;
  /** How the common policy changes, and what is frozen. */
  readonly governance: Governance;
  /** What can hold an answer back or stop a signing, the first that speaks first. */
  readonly gates: readonly Gate[];
  /** One line for the node's log: a stable code and a sentence without secrets. */
  readonly note: (code: string, detail: string) => void;
}
