/** All cases, in the order of the report. */
import { ENVELOPE_CASES } from './cases/envelope.ts';
import { GOVERNANCE_CASES } from './cases/governance.ts';
import { PEOPLE_CASES } from './cases/people.ts';
import { SAFE_CASES } from './cases/safe.ts';
import { SIGNATURE_CASES } from './cases/signature.ts';
import { TIME_CASES } from './cases/time.ts';
import { TOKEN_CASES } from './cases/token.ts';
import type { AttackCase } from './types.ts';

export const CASES: readonly AttackCase[] = [
  ...SAFE_CASES,
  ...TOKEN_CASES,
  ...SIGNATURE_CASES,
  ...ENVELOPE_CASES,
  ...TIME_CASES,
  ...PEOPLE_CASES,
  ...GOVERNANCE_CASES,
];
