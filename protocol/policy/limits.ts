/**
 * Caps of a policy file. Each bounds the work a hostile or careless file can cause before anybody looks at it; all are
 * far above what a treasury writes by hand.
 */

/** Characters of a file that is read at all; ten thousand rules with all their fields fit. */
export const MAX_POLICY_LENGTH: number = 4_000_000;
/** Bytes of the canonical form that can be adopted: policies travel whole, beside the statements that name them. */
export const MAX_CANONICAL_LENGTH: number = 1_000_000;
/** A judgement compares only the rules that can match at all (prepare.ts), within a budget of steps. */
export const MAX_RULES: number = 10_000;
export const MAX_LIMITS: number = 64;
export const MAX_FLOWS: number = 64;
export const MAX_APPROVERS: number = 64;
export const MAX_GROUPS: number = 32;
export const MAX_COUNTERPARTIES: number = 1024;
export const MAX_COUNTERPARTY_ADDRESSES: number = 16;
/** Conditions on arguments in one rule, and characters of a value one is compared with. */
export const MAX_ARGS: number = 16;
export const MAX_ARG_VALUE: number = 160;
export const MAX_TIME_WINDOWS: number = 16;
/** Signatures a file may carry beside the policy: a few for every approver. */
export const MAX_SIGNATURES: number = 256;
/** Windows of limits, in seconds: a minute to ninety days. */
export const MIN_WINDOW: number = 60;
export const MAX_WINDOW: number = 7_776_000;
/** An approval lives a minute to a week; absent: two hours. */
export const MIN_TTL: number = 60;
export const MAX_TTL: number = 604_800;
export const DEFAULT_TTL: number = 7200;
/** A proposal lives at most a week, so a delay ends a day before. */
export const MAX_DELAY: number = 518_400;
/** Wallets one group of parties keeps. */
export const MAX_WALLETS: number = 256;
export const MAX_LISTS: number = 64;
/** Payees of a large payroll; lookups are hash sets, so only reading the file grows with it. */
export const MAX_LIST_ENTRIES: number = 4096;
export const MAX_ASSETS: number = 256;
/** Values inside one match field; longer sets of addresses belong in a list with labels. */
export const MAX_MATCH_VALUES: number = 64;
/** Parties have indices of one byte, so no count of consents or rejections goes beyond. */
export const MAX_PARTIES: number = 255;
/** ERC-20 `decimals` is a byte, but 36 is beyond every token in use and keeps amounts readable. */
export const MAX_DECIMALS: number = 36;
/** Versions only grow, by hand; the verdict statement holds as much. */
export const MAX_VERSION: number = 1_000_000_000;
/** The last second of the year 9999. */
export const MAX_TIME: number = 253_402_300_799;
/** What a payload can name (protocol/payload/limits.ts). */
export const MAX_CHAIN_ID: bigint = 2n ** 53n - 1n;
export const MAX_UINT256: bigint = 2n ** 256n - 1n;
/** Names, ids and labels appear on one line of a screen. */
export const MAX_NAME: number = 40;
/** As in rosters. */
export const MAX_PERSON: number = 80;
export const MAX_LABEL: number = 64;
export const MAX_NOTE: number = 200;
