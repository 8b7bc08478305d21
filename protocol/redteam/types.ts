/**
 * Attacks on a policy (docs/policy-tools.md). Begin here: a case is a shape that is made from the policy itself, since
 * a payload of somebody else's Safe says nothing about one's own lists, and beside it a benign twin of the same shape.
 */
import type { Address } from '../payload/address.ts';
import type { Payload } from '../payload/payload.ts';
import type { Observation } from '../payload/risk/observed.ts';
import type { JudgedWallet } from '../policy/judge.ts';
import type { Policy } from '../policy/prepare.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { ChainOutcome } from './chain.ts';

/** The business of a policy: what the cases are made from. */
export interface Setting {
  readonly policy: Policy;
  readonly own?: Policy | undefined;
  readonly wallet: JudgedWallet;
  readonly chainId: bigint;
  /** A Safe of the wallet: one that the policy names, else one that nobody has. */
  readonly safe: Address;
  /** Whom the policy lets this wallet pay on that chain, sorted; empty if it names nobody. */
  readonly payees: readonly Address[];
  /** An ERC-20 of the policy on that chain, else one that nobody listed. */
  readonly token: Address;
  readonly initiator: string;
  /** Unix seconds. */
  readonly now: number;
  /** Payments that this policy permits, judged; at most one for each carrier, asset and strictness. */
  readonly acts: readonly Act[];
  /** Of the wallet's account and its Safe; what acts used up is below. */
  readonly nonce: bigint;
  /** Wei per gas, for transactions that no policy should mind. */
  readonly gasPrice: bigint;
}

/** One payment that a policy permits. */
export interface Act extends Payment {
  readonly what: string;
  readonly payload: Payload;
  readonly verdict: Verdict;
}

export interface Payment {
  readonly carrier: Carrier;
  readonly safe: Address;
  readonly asset: 'native' | Address;
  readonly receiver: Address;
  /** Wei or base units. */
  readonly amount: bigint;
  readonly initiator: string;
}

/**
 * How a payment reaches its account: as a transaction of the wallet's own account, as a Safe transaction for owners to
 * sign, as a call of `execTransaction`, or inside a batch of a Safe transaction.
 */
export type Carrier = 'transaction' | 'safe-transaction' | 'safe-execution' | 'safe-batch';

export type Family = 'safe' | 'token' | 'signature' | 'account' | 'envelope' | 'time' | 'people' | 'governance';

export interface AttackCase {
  /** Lower case with hyphens; what `--only` takes. */
  readonly id: string;
  readonly name: string;
  /** The incident or the published pattern behind it. */
  readonly source: string;
  readonly family: Family;
  /** Files of test/vectors/incidents whose exact bytes are tried, too. */
  readonly incidents: readonly string[];
  /** Each way to carry it out; one that gets through is enough. */
  build(setting: Setting): readonly Trial[];
  /** The same kind of business without the attack; `nothing-like-it`: this policy has none, its first act stands in. */
  twin(setting: Setting): Trial | 'nothing-like-it';
}

export interface Trial {
  readonly label: string;
  readonly steps: readonly Step[];
}

export type Step = PayloadStep | PresentedStep;

/** A payload is asked for, as an operator would. */
export interface PayloadStep {
  readonly kind: 'payload';
  readonly payload: Payload;
  /** What an honest node would see outside of the bytes, besides what its own history says. */
  readonly observed?: readonly Observation[];
  readonly initiator?: string;
  /** Unix seconds; absent: the setting's now. */
  readonly at?: number;
  /** The signature is kept back, so that its nonce stays open. */
  readonly hoarded?: boolean;
}

/** Something else is shown to a node: an approval, a version of the policy. `judge` says what the node makes of it. */
export interface PresentedStep {
  readonly kind: 'presented';
  readonly what: string;
  judge(setting: Setting): StoppedBy | undefined;
}

/** Where an attack ends. */
export type StoppingLayer =
  | 'decode'
  | 'risk'
  | 'rule'
  | 'default-deny'
  | 'flow'
  | 'limit'
  | 'approval'
  | 'history'
  | 'chain-of-versions'
  | 'freeze';

export interface StoppedBy {
  readonly layer: StoppingLayer;
  readonly code: string;
  readonly words: string;
}

export interface CaseResult {
  readonly id: string;
  /** Absent if the attack passed. */
  readonly stoppedBy?: StoppedBy | undefined;
  /** Other layers that would have stopped it as well. */
  readonly alsoBy: readonly StoppingLayer[];
  readonly passed: boolean;
  readonly twin: TwinResult;
  /** Why a twin is blocked, or what the trial that passed was. */
  readonly words: string;
  readonly onChain?: ChainOutcome | undefined;
}

/** `held-for-people`: it goes through once the people that the policy asks have agreed. */
export type TwinResult = 'through' | 'held-for-people' | 'blocked';
