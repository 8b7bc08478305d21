/**
 * Codes that no payload raises by itself. A participant observes them (its own history, its simulation, its checker)
 * and hands them to the judgement; they only add to what the bytes say.
 */
import type { RiskInfo } from './info.ts';

export type HistoryRisk =
  | 'FIRST_SEEN_DESTINATION'
  | 'LOOKALIKE'
  | 'LOOKALIKE_LISTED'
  | 'LARGE_SHARE'
  | 'UNUSUAL_AMOUNT'
  | 'COLD_TO_EXTERNAL'
  | 'UNUSUAL_FEE'
  | 'NONCE_REUSE'
  | 'NEW_SELECTOR'
  | 'REPEATED_REQUEST';

export const HISTORY_RISKS: Readonly<Record<HistoryRisk, RiskInfo>> = {
  FIRST_SEEN_DESTINATION: {
    severity: 'high',
    why: 'this participant has never signed anything that reaches this address',
    check: 'the whole address with its holder over another channel',
  },
  LOOKALIKE: {
    severity: 'high',
    why: 'the address begins and ends like one used before but is another, a common trick',
    check: 'every digit of the address against the one you know; never copy from a history',
  },
  LOOKALIKE_LISTED: {
    severity: 'critical',
    why: 'the address begins and ends like one of your address book but is another',
    check: 'reject it; if it is meant, have it listed in the address book first',
  },
  LARGE_SHARE: {
    severity: 'high',
    why: 'a large part of what the wallet holds leaves at once',
    check: 'that this amount is meant, and whether a smaller test should come first',
  },
  UNUSUAL_AMOUNT: {
    severity: 'high',
    why: 'the amount is many times what this account ever sent of this asset before',
    check: 'every digit of the amount, and with the receiver that so much is expected',
  },
  COLD_TO_EXTERNAL: {
    severity: 'high',
    why: 'a cold wallet pays somebody outside your own wallets directly',
    check: 'why it does not go through your own warm wallet as usual',
  },
  UNUSUAL_FEE: {
    severity: 'high',
    why: 'the fee is many times what this wallet paid before',
    check: 'the fee cap and the tip against what the network asks now',
  },
  NONCE_REUSE: {
    severity: 'critical',
    why: 'another payload with the same nonce was signed or asked for before; only one can be executed',
    check: 'which of the two is meant, and that the other is cancelled on purpose',
  },
  NEW_SELECTOR: {
    severity: 'high',
    why: 'this wallet has never called this function of this contract',
    check: 'what the function does, and why it is needed now',
  },
  REPEATED_REQUEST: {
    severity: 'high',
    why: 'the same request came several times, as if signing had failed; attackers use this to collect signatures',
    check: 'what happened to the earlier ones before you sign again',
  },
};

export type SimulationRisk =
  | 'SIM_REVERTS'
  | 'SIM_CONTROL_CHANGE'
  | 'SIM_FOREIGN_DELEGATECALL'
  | 'SIM_UNEXPECTED_MOVEMENT'
  | 'SIM_CREATES'
  | 'SIM_DISAGREES'
  | 'SIM_CUT_SHORT'
  | 'SIM_UNAVAILABLE';

export const SIMULATION_RISKS: Readonly<Record<SimulationRisk, RiskInfo>> = {
  SIM_REVERTS: {
    severity: 'high',
    why: 'in the simulation the transaction fails, so it would only burn the fee, or work later when things changed',
    check: 'why it fails, before anyone signs something that may succeed at a worse moment',
  },
  SIM_CONTROL_CHANGE: {
    severity: 'critical',
    why: 'in the simulation the owners, the code, a module, a guard or a handler of an account changes',
    check: 'each storage slot named, and who ordered this change',
  },
  SIM_FOREIGN_DELEGATECALL: {
    severity: 'critical',
    why: 'in the simulation an account hands itself to code that is not its own and not a known batch contract',
    check: 'reject it, unless you know this code and why it must run as the account',
  },
  SIM_UNEXPECTED_MOVEMENT: {
    severity: 'high',
    why: 'in the simulation money or an allowance moves that the decoded calls do not name',
    check: 'each movement: what leaves, whose it is, and who gets it',
  },
  SIM_CREATES: {
    severity: 'high',
    why: 'in the simulation a contract is created',
    check: 'what is created, and that it is expected',
  },
  SIM_DISAGREES: {
    severity: 'critical',
    why: 'the simulation here and the one of the node it asked differ, so one of them is wrong or lies',
    check: 'the payload against another node before anyone signs',
  },
  SIM_CUT_SHORT: {
    severity: 'high',
    why: 'the simulation did not end within its bounds, as of a payload that is made so that nobody sees what it does',
    check: 'why it needs so many steps, accounts or words, and what it does then, by other means',
  },
  SIM_UNAVAILABLE: {
    severity: 'info',
    why: 'no simulation was possible, so only the decoded calls speak',
    check: 'whether the node can be reached, if you rely on simulation',
  },
};

export type CheckerRisk = 'CHECKER_DISAGREES' | 'CHECKER_SILENT';

export const CHECKER_RISKS: Readonly<Record<CheckerRisk, RiskInfo>> = {
  CHECKER_DISAGREES: {
    severity: 'critical',
    why: 'the external checker that this participant named reads the payload differently',
    check: 'which of both is wrong; nothing is signed until they agree',
  },
  CHECKER_SILENT: {
    severity: 'critical',
    why: 'the external checker that this participant named gave no valid answer in time',
    check: 'the checker command; nothing is signed until it answers',
  },
};
