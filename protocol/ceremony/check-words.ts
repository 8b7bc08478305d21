/**
 * What each check means to people: what failed, and what to do next. An outcome names the check and the culprits; this
 * table is the same at the operator, at the key holder and at the auditor (docs/errors.md lists it).
 */

export interface CheckWords {
  /** What failed, to stand behind a colon. */
  readonly sentence: string;
  /** What a person does about it. */
  readonly next: string;
}

const AGAIN = 'Nobody is to blame; try again.';
const REPAIR =
  'Do not try again with that party as it is: its software is altered or faulty. Have its key holder look at the machine.';
const BANNED =
  'That pair is banned from now on. Sign with other parties, and have that machine looked at; the ban ends when both key holders lift it, or with a refresh of the key.';
const COMPARE =
  'Try once more. If it happens again, run `keymoot audit verify` on the transcripts: it names whoever said two things.';
const OTHERS =
  'Try again with other signers; a party that is in every failing set is the one to look at. After two failures with one set it is not tried automatically.';
const SETUP_AGAIN = 'Nobody is to blame; the setup is made anew by itself.';
const SETUP =
  'The setup is made anew by itself. After 16 failures the pair is refused until its key holder resets it: look at the machine before.';
const WAIT = 'See who is connected (`status`), and try again when they are.';

export const CHECKS: Readonly<Record<string, CheckWords>> = {
  K1: {
    sentence: 'a member sent a message of the wrong length, or committed to a dealing it has no part in',
    next: REPAIR,
  },
  K2: { sentence: 'members have seen different first messages', next: COMPARE },
  K3: { sentence: 'a dealing is malformed', next: REPAIR },
  K4: { sentence: 'a dealing does not open its commitment', next: REPAIR },
  K5: { sentence: 'a dealer does not prove that it knows what it deals', next: REPAIR },
  K6: { sentence: 'members have seen different dealings', next: COMPARE },
  K7: { sentence: 'a share does not fit its dealing, or a complaint shows a good share', next: REPAIR },
  K8: { sentence: 'a chain code is not the one committed to', next: REPAIR },
  K9: { sentence: 'a member confirms another key than the others', next: REPAIR },
  K10: { sentence: 'a member does not prove that it holds its share', next: REPAIR },
  K11: { sentence: 'a share belongs to another run than its sender’s broadcast', next: COMPARE },
  K12: { sentence: 'the result cannot be used, by bad luck or an own fault', next: AGAIN },
  F1: { sentence: 'a dealer deals something else than its share of the key', next: REPAIR },
  P1: { sentence: 'a message of a pair setup is malformed', next: SETUP },
  P2: { sentence: 'the two sides of a pair setup have seen different messages', next: SETUP_AGAIN },
  P3: { sentence: 'the mirror or the self-test of a pair setup failed at its receiver', next: SETUP },
  P4: { sentence: 'the self-test of a pair setup failed at its sender', next: SETUP },
  P5: { sentence: 'the two sides have prepared different pair setups', next: SETUP_AGAIN },
  C1: { sentence: 'a party may have tried to learn a secret of a pair setup', next: BANNED },
  C2: { sentence: 'a multiplication was not what it must be', next: BANNED },
  S0: { sentence: 'signers have seen different messages', next: COMPARE },
  S1: { sentence: 'a signer sent a malformed message', next: BANNED },
  S2: { sentence: 'a signer opened another nonce than it had committed to', next: BANNED },
  S3: { sentence: 'a multiplication of a signer was not what it must be', next: BANNED },
  S4: { sentence: 'a signer multiplied by another nonce than it had opened', next: BANNED },
  S5: { sentence: 'a signer multiplied by another key share than it had opened', next: BANNED },
  S6: { sentence: 'the key shares of the signers do not add up to the key', next: OTHERS },
  S7: { sentence: 'the nonce cannot be used, which is bad luck', next: AGAIN },
  R3: { sentence: 'a last message of a signer is malformed', next: REPAIR },
  ABORT: { sentence: 'another member ended the run', next: 'Read what that member reports.' },
  bh: { sentence: 'the parts of a message belong to different runs', next: COMPARE },
  combine: { sentence: 'the shares of the signature do not make a signature', next: OTHERS },
  'd.2-size': { sentence: 'a signer sent a message of the wrong length', next: BANNED },
  'own-zero': { sentence: 'an own value was zero, which is bad luck', next: AGAIN },
  pairEpoch: { sentence: 'two signers use different pair setups', next: AGAIN },
  ban: { sentence: 'the pair setup with a signer was given up meanwhile', next: 'Sign with other parties.' },
  refused: {
    sentence: 'the party may not go on: a rejection, a withdrawal, a changed policy, an expiry or a freeze',
    next: 'Read its reason in the log of that party; propose anew if it still should be signed.',
  },
  share: { sentence: 'the key share was no longer there', next: AGAIN },
  begin: { sentence: 'a party could not begin', next: 'Read the log of that party.' },
  claim: { sentence: 'a party may not take part in this session', next: 'Its code says why; see the table of codes.' },
  deadline: { sentence: 'the session took too long: somebody is gone, silent or slow', next: WAIT },
  peer: { sentence: 'another signer ended the session first', next: 'Read what that signer reports.' },
  record: {
    sentence: 'a party could not write down what it must before it speaks',
    next: 'See to the disk of that party.',
  },
  restart: {
    sentence: 'the process of a party ended in the middle',
    next: 'Try again; what was released stays released.',
  },
  'two-messages': { sentence: 'two different messages were signed in one place', next: REPAIR },
  'two-proposals': {
    sentence: 'an operator signed two proposals under one nonce',
    next: 'Somebody uses that operator key twice, or stole it: replace the operator.',
  },
  'two-verdicts': { sentence: 'two different verdicts were signed on one attempt', next: REPAIR },
  WITHDRAWN: { sentence: 'the proposal was withdrawn meanwhile', next: 'Propose anew if it still should be signed.' },
  REJECTED: {
    sentence: 'a party rejected it meanwhile',
    next: 'Read its reasons; a rejected proposal stays rejected.',
  },
  CONSENT_EXPIRED: { sentence: 'a consent expired meanwhile', next: 'Propose anew; approvals last an hour.' },
  PROPOSAL_EXPIRED: { sentence: 'the proposal expired meanwhile', next: 'Propose anew.' },
  OPERATOR_EQUIVOCATION: {
    sentence: 'the operator showed two proposals under one nonce',
    next: 'Somebody uses that operator key twice, or stole it: replace the operator.',
  },
};

const UNKNOWN: CheckWords = { sentence: 'a check failed', next: 'See the table of codes.' };

/** Of any check or code that an outcome may name; a corrupt party may name one that does not exist. */
export function wordsOf(check: string): CheckWords {
  return (Object.hasOwn(CHECKS, check) ? CHECKS[check] : undefined) ?? UNKNOWN;
}

/** Who failed what, in one line: `party 3 (bea): K4, a dealing does not open its commitment`. */
export function describeCulprits(
  check: string,
  culprits: readonly number[],
  nameOf: (party: number) => string | undefined = () => undefined,
): string {
  const who = culprits.map((party) => {
    const name = nameOf(party);
    return name === undefined ? `party ${party}` : `party ${party} (${name})`;
  });
  const { sentence } = wordsOf(check);
  return who.length === 0 ? `${check}: ${sentence}` : `${who.join(', ')}: ${check}, ${sentence}`;
}
