/** Codes about signatures that others can use: documents, messages, authorizations, and their forms on the chain. */
import type { RiskInfo } from './info.ts';

export type SignatureRisk =
  | 'EIP7702_AUTH'
  | 'RAW_MESSAGE'
  | 'MESSAGE_SIG'
  | 'UNKNOWN_TYPED_DATA'
  | 'NO_CHAIN_BINDING'
  | 'DOMAIN_MISMATCH'
  | 'PERMIT_SIG'
  | 'ORDER_SIG'
  | 'ORDER_WITHOUT_RETURN'
  | 'LONG_DEADLINE';

export const SIGNATURE_RISKS: Readonly<Record<SignatureRisk, RiskInfo>> = {
  EIP7702_AUTH: {
    severity: 'critical',
    why: 'it makes the code of a contract the code of the account, which can then be emptied by anyone the code obeys',
    check: 'that you have pinned this contract and reviewed its source; reject chain 0, which means every chain',
  },
  RAW_MESSAGE: {
    severity: 'critical',
    why: 'the message is not text that a person can read, so the signature may serve anything',
    check: 'what the bytes stand for; a hash needs its full content shown and decoded here',
  },
  MESSAGE_SIG: {
    severity: 'high',
    why: 'whoever holds the signed message can show it as the consent of this wallet',
    check: 'who asked for it, for which site, and that the text says only what you mean',
  },
  UNKNOWN_TYPED_DATA: {
    severity: 'critical',
    why: 'the document is of a type this software does not know, so what the signature permits is unknown',
    check: 'what the contract does with such a signature; prefer to reject',
  },
  NO_CHAIN_BINDING: {
    severity: 'critical',
    why: 'the signature would be valid on every chain where the same contract or account exists',
    check: 'whether the same account holds funds on other chains; upgrade a Safe to 1.3.0 or later',
  },
  DOMAIN_MISMATCH: {
    severity: 'high',
    why: 'the document names a contract, a name or a version that is not usual for its type',
    check: 'the verifying contract in full, and that it is the real one of this protocol on this chain',
  },
  PERMIT_SIG: {
    severity: 'high',
    why: 'a signature, not a transaction, lets somebody take tokens of this account or of another',
    check: 'the spender or receiver, the amount and the last day of use; reject one without an end',
  },
  ORDER_SIG: {
    severity: 'high',
    why: 'it sells or buys at a market: what is offered leaves the account when somebody takes the order',
    check: 'everything offered and everything that comes back, the receiver of each, and the last day',
  },
  ORDER_WITHOUT_RETURN: {
    severity: 'critical',
    why: 'the order gives things away: nothing, or close to nothing, comes back to the account',
    check: 'reject it; a real sale names its price, paid to you',
  },
  LONG_DEADLINE: {
    severity: 'high',
    why: 'the signature, or what it allows, works for many years, so it can be used when nobody remembers it',
    check: 'why it does not end within hours or days, as one that is used at once could',
  },
};
