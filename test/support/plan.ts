/** What a test may change in a ceremony of a moot, and what comes of it. */
import type { Approval } from '../../protocol/ceremony/approval.ts';
import type { Ending } from '../../protocol/ceremony/close.ts';
import type { OutcomeBody } from '../../protocol/ceremony/outcome.ts';
import type { Proposal, SignProposal } from '../../protocol/ceremony/proposal.ts';
import type { StartBody } from '../../protocol/ceremony/start.ts';
import type { VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import type { Payload } from '../../protocol/payload/payload.ts';
import type { Observation } from '../../protocol/payload/risk/observed.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { LedgerView } from '../../protocol/policy/verdict.ts';
import type { Keyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import type { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import type { Line } from '../../protocol/transcript/entry.ts';
import type { Network } from './bus.ts';
import type { Closing, Story } from './story.ts';

/** A wallet as the moot holds it: public document, shares, pair setups. */
export interface MootWallet {
  readonly wallet: Wallet;
  readonly shares: ReadonlyMap<number, Keyshare>;
  readonly pairs: ReadonlyMap<number, PairStore>;
}

/** What a test may change on the way; each hook gets what an honest member would say. */
export interface Plan {
  readonly answer?: (body: VerdictBody) => VerdictBody | undefined;
  /** Of a change of keys: it is started although not all agreed. */
  readonly insist?: boolean;
  readonly policy?: (party: number) => Policy;
  /** What a party sees outside of the payload, in canonical form. */
  readonly observed?: (party: number) => readonly Observation[];
  /** What a party has counted; nothing at all if absent. */
  readonly ledger?: (party: number) => LedgerView;
  /** What approvers have said before any party answers; who owes approvals and has too few of them keeps silent. */
  readonly approvals?: (proposal: Proposal, common: Policy, now: number) => readonly Approval[];
  /** Before the session id is computed, and after. */
  readonly composing?: (body: StartBody) => StartBody;
  readonly composed?: (body: StartBody) => StartBody;
  /** Whose messages get lost, or whatever else the network does. */
  readonly network?: Network;
  /** Same label, same nonces: only for the test that must not happen. */
  readonly random?: string;
  readonly outcome?: ((body: OutcomeBody) => OutcomeBody | undefined) | undefined;
  readonly story?: (story: Story) => Story;
  readonly ending?: Ending;
  readonly authors?: readonly string[];
  readonly entries?: Closing['entries'];
  readonly close?: Closing['body'];
}

/** A ceremony that is over. */
export interface Told {
  readonly story: Story;
  readonly lines: readonly Line[];
}

export interface SignPlan extends Plan {
  readonly payload: Payload;
  /** Of the key that signs; the root key's if absent. */
  readonly path?: readonly number[];
  readonly signers?: readonly number[];
  readonly proposal?: (body: SignProposal) => SignProposal;
}
