/**
 * Caps of a policy file. Each bounds the work a hostile or careless file can cause before anybody looks at it; all are
 * far above what a treasury writes by hand.
 */

/**
 * Characters of the file; some ten thousand listed addresses. Policies travel with the statements that name them, so
 * the canonical form must fit one document of 1 MiB; it is never more than a tenth longer than the file.
 */
export const MAX_POLICY_LENGTH: number = 900_000;
/** A judgement tries every rule on every node, and a person should still be able to read the rules. */
export const MAX_RULES: number = 256;
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
export const MAX_LABEL: number = 64;
export const MAX_NOTE: number = 200;
