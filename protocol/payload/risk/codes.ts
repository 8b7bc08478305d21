/** What can be wrong or unusual about a decoded payload. Codes are stable; policies and docs/risks.md rely on them. */

/** `critical`: deny unless a policy pins exactly this. `high`: a person decides. `info`: worth knowing. */
export type Severity = 'critical' | 'high' | 'info';

export interface RiskInfo {
  readonly severity: Severity;
  /** One sentence for a key holder. */
  readonly why: string;
  /** What to look at before approving. */
  readonly check: string;
}

export type RiskCode =
  | 'DELEGATECALL'
  | 'DELEGATECALL_UNTRUSTED'
  | 'SELECTOR_CONTEXT_MISMATCH'
  | 'SAFE_SELF_CHANGE'
  | 'SAFE_MIGRATION'
  | 'SAFE_REFUND'
  | 'APPROVE_HASH'
  | 'MODULE_EXEC'
  | 'UPGRADE'
  | 'OWNERSHIP'
  | 'CONTRACT_CREATE'
  | 'UNDECODED'
  | 'NO_CHAIN_BINDING'
  | 'UNLIMITED_APPROVAL'
  | 'TRANSFER_FROM_OTHER'
  | 'BATCH'
  | 'FEE_ABUSE';

export const RISKS: Readonly<Record<RiskCode, RiskInfo>> = {
  DELEGATECALL: {
    severity: 'high',
    why: 'foreign code runs as the account itself, with its funds and its owner list',
    check: 'that the code address is one you have pinned, and every call inside it',
  },
  DELEGATECALL_UNTRUSTED: {
    severity: 'critical',
    why: 'the code that would run as the account is not a known batch contract and can take the account over',
    check: 'reject it, unless your policy pins this exact code address and its source was reviewed',
  },
  SELECTOR_CONTEXT_MISMATCH: {
    severity: 'critical',
    why: 'it looks like a token transfer but cannot be one, a disguise used to steal whole wallets',
    check: 'reject it and ask who prepared it',
  },
  SAFE_SELF_CHANGE: {
    severity: 'critical',
    why: 'it changes who controls a Safe: its owners, threshold, modules, guards, handler or code',
    check: 'each new owner, module or address with its holder over another channel',
  },
  SAFE_MIGRATION: {
    severity: 'critical',
    why: 'it replaces the code of a Safe',
    check: 'the migration contract and the version it installs',
  },
  SAFE_REFUND: {
    severity: 'critical',
    why: 'the Safe would pay a gas refund that the signer of the transaction sets, which can drain it',
    check: 'that gas price, base gas, gas token and refund receiver are all zero, or why not',
  },
  APPROVE_HASH: {
    severity: 'critical',
    why: 'it approves a hash whose content is not shown, so anything may be behind it',
    check: 'the full transaction behind the hash, decoded on your own machine',
  },
  MODULE_EXEC: {
    severity: 'critical',
    why: 'it acts through a module, which moves funds without the signatures of the owners',
    check: 'which module, on whose account, and what it may do afterwards',
  },
  UPGRADE: {
    severity: 'critical',
    why: 'it replaces the code of a contract, or who may replace it',
    check: 'the new code address and its reviewed source',
  },
  OWNERSHIP: {
    severity: 'critical',
    why: 'it changes who owns or administers a contract',
    check: 'the new owner or role holder over another channel',
  },
  CONTRACT_CREATE: {
    severity: 'critical',
    why: 'it deploys code that nobody has decoded',
    check: 'that the code was built from reviewed source and is expected now',
  },
  UNDECODED: {
    severity: 'critical',
    why: 'the call is not one this software can read, so its effect is unknown',
    check: 'what the function does, and why it is needed; prefer to reject',
  },
  NO_CHAIN_BINDING: {
    severity: 'critical',
    why: 'the signature would be valid on every chain where this Safe exists',
    check: 'whether the same Safe holds funds on other chains; upgrade the Safe to 1.3.0 or later',
  },
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
  BATCH: {
    severity: 'high',
    why: 'several calls run at once, and a bad one is easy to overlook',
    check: 'every call of the batch, not only the first',
  },
  FEE_ABUSE: {
    severity: 'high',
    why: 'the fee it may pay is absurdly high, which can burn the balance',
    check: 'the fee cap and the gas limit against what the network asks now',
  },
};

export interface Risk {
  readonly code: RiskCode;
  readonly severity: Severity;
  /** Path of the call that raised it; see `Call.path`. */
  readonly path: string;
  /** What exactly, in printable ASCII, full addresses; empty when the code says it all. */
  readonly detail: string;
}
