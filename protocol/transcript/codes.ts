/**
 * Why a transcript does not verify. Stable: scripts rely on the codes, docs/transcript.md lists every one of them.
 * Codes of a lifecycle rule (protocol/ceremony/lifecycle.ts) keep their own names.
 */
export const AUDIT_CODES = {
  FILE_MALFORMED: 'a line is not canonical, out of place or not chained to the line before it',
  FORMAT_UNKNOWN: 'the first entry is not the opening of a transcript of this format',
  ENTRY_UNKNOWN: 'an entry of this kind does not belong into a transcript',
  ENTRY_DUPLICATE: 'the same thing stands in the transcript twice',
  ENTRY_ORDER: 'the entries are not in their one order',
  ENTRY_AFTER_CLOSE: 'something follows a closing signature',
  UNANCHORED: 'no roster was given, and anybody can make a consistent transcript of their own',
  FINGERPRINT_DIFFERS: 'the roster does not have the given fingerprint',
  WRONG_ROSTER: 'the transcript or its proposal belongs to another roster',
  STATEMENT_MALFORMED: 'a statement does not have its one form',
  STATEMENT_SIGNATURE: 'a statement is not signed by the roster key of its author',
  STATEMENT_FOREIGN: 'a statement belongs to another proposal or attempt',
  TIMES_DISORDERED: 'a statement is dated before what it answers, by more than clocks may differ',
  PROPOSAL_EXPIRED: 'the proposal had expired when it was acted upon',
  ATTEMPT_DIFFERS: 'a later attempt does not repeat the first one unchanged',
  CONSENT_INVALID: 'a consent contradicts itself: a denied payload, a missing approval, a life of no length',
  WITHDRAWN: 'the proposal was withdrawn before the start and still led to a result',
  REJECTED: 'the proposal was rejected before the start and still started',
  REJECTION_HIDDEN: 'the start calls a party unreachable that had rejected',
  QUORUM_MISSING: 'there are fewer consents than the rules demand',
  CONSENT_EXPIRED: 'a consent had expired at the start',
  CONSENTS_DIFFER: 'the consents do not name the same digest, leaf tree and common policy',
  ANNOUNCEMENT_RUNNING: 'a change of keys was started before its announcement was over',
  START_SPENT: 'there is more than one start',
  START_SIGNERS: 'the signer set is not as many consenters as must sign',
  START_STANDINGS: 'the start does not list every party with its verdict',
  START_DIGEST: 'the start names another digest than the consents',
  SESSION_ID: 'the session id does not follow from roster, proposal, signers, digest and consents',
  COUNTER_ORDER: 'a party’s statement counter does not grow',
  COUNTER_REUSED: 'a party used one counter for two statements',
  DOCUMENT_MISSING: 'a document that a statement names is not in the transcript',
  DOCUMENT_INVALID: 'a document is not a policy, an inputs record, an approval or a certificate that can be read',
  DOCUMENT_UNREFERENCED: 'no statement refers to a document',
  PAYLOAD_REFUSED: 'a party consented to a payload that does not decode',
  DIGEST_DIFFERS: 'a verdict names another digest than the payload has',
  TREE_DIFFERS: 'a verdict names another leaf tree than the payload has',
  CHILD_KEY_DIFFERS: 'a verdict names no key for the path of the proposal, or one that does not belong to it',
  POLICY_DIFFERS: 'a verdict names another version than its policy has',
  JUDGEMENT_DIFFERS: 'a verdict is not what the policies give for this payload and these inputs',
  APPROVAL_MISSING: 'an approval that a consent names is not in the transcript',
  APPROVAL_INVALID: 'the approvals that a consent names are not signed, not about this, or not enough',
  CERTIFICATE_INVALID: 'the certificate of the wallet does not verify under the roster',
  WALLET_DIFFERS: 'the name, id, epoch or address of the wallet is not that of the certificate',
  ROUND_CONFIDENTIAL: 'a message that is not a broadcast stands in the transcript',
  ROUND_FOREIGN: 'a round message belongs to no session of this transcript or comes from nobody in it',
  ROUND_SIGNATURE: 'a round message is not signed by its sender',
  ROUND_MISSING: 'a completed ceremony lacks a round message',
  ROUND_EQUIVOCATED: 'a completed ceremony holds two different messages in one place',
  ROUND_CHECK: 'the round messages fail a check of the protocol that anybody can repeat',
  OUTCOME_FOREIGN: 'an outcome is by nobody who signed, or of another session',
  OUTCOME_INVALID: 'an outcome does not say exactly one of signature, key and abort',
  OUTCOMES_DIFFER: 'the signers report different results',
  SIGNATURE_INVALID: 'the signature does not verify under the wallet’s key for the payload’s digest',
  SIGNATURE_HIGH_S: 'the signature is not in its low form',
  SIGNATURE_RECOVERY: 'the recovery id does not give the wallet’s key',
  KEY_DIFFERS: 'an outcome names another key, epoch or certificate than the round messages give',
  ENDING_UNFOUNDED: 'the transcript closes as refused, but nothing in it ended the proposal',
  CLOSE_MISSING: 'no closing signature',
  CLOSE_DIFFERS: 'a closing signature covers other entries than the transcript has',
  CLOSE_ENDING: 'a closing signature names another ending than the entries show',
  CLOSE_TOO_FEW: 'fewer than t parties closed the transcript',
  NONCE_REUSED: 'the same r stands in the signature of another transcript: the key must be considered lost',
  POLICY_ROLLBACK: 'a party answered by an older policy than before, or by two of one version',
  POLICY_NOT_IN_CHAIN: 'a consent rests on a policy that is none of the versions given with --policies',
  LIMIT_UNDERSTATED: 'a party consented as if less of a limit were used up than it had consented to before',
  EPOCH_REPLACED: 'shares of an epoch were used after a party had been removed from the key',
  SUCCESSION_FORK: 'two transcripts hand keys of one roster to two different successors',
  TRANSCRIPT_FORK: 'another transcript of the same proposal tells another story',
  EQUIVOCATION_HIDDEN: 'another transcript holds a different verdict of the same party on the same attempt',
  VERIFIER_FAILED: 'the verifier itself failed on this input, which counts as a failed verification',
} as const;

export type AuditCode = keyof typeof AUDIT_CODES;

/** The groups of checks, in the order in which they run; each needs the ones before it. */
export const CHECKS = {
  structure: 'canonical lines, unbroken chain, one opening, nothing after the closes',
  anchor: 'the pinned roster is the one this transcript names, or leads to it',
  statements: 'every statement has its form and its author’s signature, and belongs here',
  order: 'the entries stand in their one order, none of them twice',
  counters: 'statement counters of each party grow',
  answers: 'every verdict was possible at its time',
  start: 'the start lists every party truly and has its quorum',
  documents: 'every document is a policy, an inputs record, an approval or a wallet, and can be read',
  wallet: 'the certificate gives the wallet that the proposal names',
  payload: 'the payload decodes, and gives the digest and leaf tree of the verdicts',
  derivation: 'the key that every verdict names for the path has the address of the proposal',
  judgement: 'the policies give every verdict again',
  approvals: 'every consent rests on the approvals of people that its rules demand',
  session: 'the session id binds exactly these consents',
  rounds: 'the round messages are complete and pass every public check',
  result: 'the outcomes agree, and the signature or key is valid',
  ending: 'a refusal has its cause in the transcript',
  references: 'every document is referred to',
  closing: 'enough parties signed exactly these entries',
  history: 'nothing in it contradicts the other transcripts',
} as const;

export type CheckName = keyof typeof CHECKS;

/** Why a check failed, and where. */
export interface Finding {
  readonly code: AuditCode;
  /** The entry at fault, counted from 0; absent if it is something that is not there. */
  readonly seq?: number | undefined;
  /** One plain sentence, printable as it stands. */
  readonly message: string;
}
