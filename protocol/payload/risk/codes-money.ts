/** Codes about money that leaves, now or later, and about fees. */
import type { RiskInfo } from './info.ts';

export type MoneyRisk = 'UNLIMITED_APPROVAL' | 'TRANSFER_FROM_OTHER' | 'VAULT_TO_OTHER' | 'FEE_ABUSE' | 'BLOB';

export const MONEY_RISKS: Readonly<Record<MoneyRisk, RiskInfo>> = {
  UNLIMITED_APPROVAL: {
    severity: 'high',
    why: 'the spender could take all tokens of this kind, now and later',
    check: 'the spender address, and whether a limited amount would do',
  },
  TRANSFER_FROM_OTHER: {
    severity: 'high',
    why: 'it moves tokens by an allowance, from an account that may not be your own',
    check: 'whose tokens move and where to',
  },
  VAULT_TO_OTHER: {
    severity: 'high',
    why: 'what comes out of a vault, or the shares for what goes in, goes to another account than the one that pays',
    check: 'the receiver in full, and why it is not the account itself',
  },
  FEE_ABUSE: {
    severity: 'high',
    why: 'the fee it may pay is absurdly high, which can burn the balance',
    check: 'the fee cap and the gas limit against what the network asks now',
  },
  BLOB: {
    severity: 'high',
    why: 'it publishes data of which only the hashes are signed, and pays a separate fee for it',
    check: 'that this wallet publishes blobs at all, and the number of blobs and their fee cap',
  },
};
