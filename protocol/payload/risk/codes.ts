/** What can be wrong or unusual about a decoded payload. Codes are stable; policies and docs/risks.md rely on them. */
import { CONTROL_RISKS, type ControlRisk } from './codes-control.ts';
import { MONEY_RISKS, type MoneyRisk } from './codes-money.ts';
import {
  CHECKER_RISKS,
  type CheckerRisk,
  HISTORY_RISKS,
  type HistoryRisk,
  SIMULATION_RISKS,
  type SimulationRisk,
} from './codes-observed.ts';
import { SIGNATURE_RISKS, type SignatureRisk } from './codes-signature.ts';
import type { RiskInfo, Severity } from './info.ts';

export type { RiskInfo, Severity } from './info.ts';

/** Codes that the bytes of a payload alone raise. */
export type PayloadRisk = ControlRisk | SignatureRisk | MoneyRisk;
/** Codes that a participant adds from outside the bytes: its history, its simulation, its external checker. */
export type ObservedRisk = HistoryRisk | SimulationRisk | CheckerRisk;
export type RiskCode = PayloadRisk | ObservedRisk;

const OBSERVED: Readonly<Record<ObservedRisk, RiskInfo>> = { ...HISTORY_RISKS, ...SIMULATION_RISKS, ...CHECKER_RISKS };

export const RISKS: Readonly<Record<RiskCode, RiskInfo>> = {
  ...CONTROL_RISKS,
  ...SIGNATURE_RISKS,
  ...MONEY_RISKS,
  ...OBSERVED,
};

/** Whether a code may be added from outside the bytes; no other code is taken from there. */
export function isObservedRisk(code: string): code is ObservedRisk {
  return Object.hasOwn(OBSERVED, code);
}

/** Codes that deny whatever a policy accepts: a checker that a participant named has the last word. */
export function isFinalRisk(code: string): code is CheckerRisk {
  return Object.hasOwn(CHECKER_RISKS, code);
}

export interface Risk {
  readonly code: RiskCode;
  readonly severity: Severity;
  /** Path of the call that raised it; see `Call.path`. */
  readonly path: string;
  /** What exactly, in printable ASCII, full addresses; empty when the code says it all. */
  readonly detail: string;
}
