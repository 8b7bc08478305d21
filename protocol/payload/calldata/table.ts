/**
 * The functions we know by selector. Ours alone: public selector lists collide and anyone can write to them. A selector
 * says what the bytes claim; that the contract behind it really behaves so is for the policy's address lists to say.
 */
import {
  ACCOUNT_BATCHES,
  ACCOUNT_CALLS,
  AGGREGATED_OPERATIONS,
  AGGREGATES,
  MULTICALLS,
  USER_OPERATIONS,
} from './functions/batches.ts';
import { BAITS, CREATIONS, DELEGATIONS, OWNERSHIPS, UPGRADES } from './functions/control.ts';
import { MARKETS, ROUTERS } from './functions/markets.ts';
import { PERMIT2, PERMIT2_OWN, PERMITS } from './functions/permits.ts';
import { functionsOf, type KnownFunction } from './functions/row.ts';
import {
  APPROVED_HASHES,
  MODULES,
  SAFE_BATCHES,
  SAFE_CALLS,
  SAFE_MIGRATIONS,
  SAFE_SETTINGS,
} from './functions/safe.ts';
import { TIMELOCK_BATCHES, TIMELOCK_CANCELS, TIMELOCKS } from './functions/timelocks.ts';
import { TOKENS } from './functions/tokens.ts';

export type { KnownFunction } from './functions/row.ts';

const FAMILIES = [
  TOKENS,
  PERMITS,
  PERMIT2,
  PERMIT2_OWN,
  SAFE_CALLS,
  SAFE_BATCHES,
  SAFE_SETTINGS,
  SAFE_MIGRATIONS,
  APPROVED_HASHES,
  MODULES,
  MULTICALLS,
  AGGREGATES,
  ACCOUNT_CALLS,
  ACCOUNT_BATCHES,
  USER_OPERATIONS,
  AGGREGATED_OPERATIONS,
  TIMELOCKS,
  TIMELOCK_BATCHES,
  TIMELOCK_CANCELS,
  UPGRADES,
  OWNERSHIPS,
  CREATIONS,
  DELEGATIONS,
  BAITS,
  ROUTERS,
  MARKETS,
];

/** Every known function by selector (8 lower hex digits). */
export const KNOWN_FUNCTIONS: ReadonlyMap<string, KnownFunction> = new Map(
  FAMILIES.flatMap(functionsOf).map((entry) => [entry.selector, entry] as const),
);

/** Selectors of functions of tokens, whose meaning in foreign code run by delegatecall is a disguise. */
export const TOKEN_SELECTORS: ReadonlySet<string> = new Set(
  [...KNOWN_FUNCTIONS.values()].filter(({ ofToken }) => ofToken).map(({ selector }) => selector),
);
