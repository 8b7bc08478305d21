/** Codes about calls that change who rules over an account, or whose effect cannot be read. */
import type { RiskInfo } from './info.ts';

export type ControlRisk =
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
  | 'TIMELOCK'
  | 'USER_OPERATION'
  | 'ROUTER'
  | 'DELEGATION'
  | 'DRAINER_NAME'
  | 'BATCH';

export const CONTROL_RISKS: Readonly<Record<ControlRisk, RiskInfo>> = {
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
    why: 'it approves a hash; anything may be behind it, unless its content is shown below it',
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
  TIMELOCK: {
    severity: 'high',
    why: 'the calls inside are scheduled: they run later, when nobody looks at them any more',
    check: 'every call inside as if it ran now, and who can cancel it before it runs',
  },
  USER_OPERATION: {
    severity: 'high',
    why: 'it carries operations of smart accounts, whose accounts pay and act by their own code',
    check: 'each operation in the software of its account; what is not opened here cannot be judged',
  },
  ROUTER: {
    severity: 'high',
    why: 'it gives a router contract a list of commands that this software names but does not read',
    check: 'the trade in the software that made it: what leaves, what must come back at least, and to whom',
  },
  DELEGATION: {
    severity: 'high',
    why: 'it lets somebody else vote, claim or act in the name of the account',
    check: 'who gets the right, for which contract, and how it is taken back',
  },
  DRAINER_NAME: {
    severity: 'high',
    why: 'the function has a name that wallet drainers use as a bait, like a claim or a security update',
    check: 'that the contract is the real one, and why this call would need to be made',
  },
  BATCH: {
    severity: 'high',
    why: 'several calls run at once, and a bad one is easy to overlook',
    check: 'every call of the batch, not only the first',
  },
};
