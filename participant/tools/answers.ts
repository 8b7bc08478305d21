/** What a starter policy is made from (docs/policy-tools.md). A file of answers is one of these as JSON; `init` asks for the same. */

import type { Json } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import {
  array,
  integer,
  literal,
  object,
  optional,
  problem,
  type Reader,
  read,
  text,
} from '../../protocol/common/schema.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';

export const TEMPLATES = ['treasury', 'operations', 'exchange'] as const;
export type Template = (typeof TEMPLATES)[number];

export interface NamedAddress {
  readonly label: string;
  readonly address: string;
}

export interface Token {
  readonly symbol: string;
  readonly address: string;
  readonly decimals: number;
}

/** Amounts are in whole units of the coin or token, like `0.5`. Addresses and keys are checked by the policy's own reader. */
export interface Answers {
  readonly schema: 'keymoot/policy-answers/1';
  readonly template: Template;
  readonly wallet: string;
  readonly threshold: number;
  readonly parties: number;
  readonly chainId: string;
  /** Symbol of the chain's own coin. */
  readonly coin: string;
  /** Addresses of the wallet: its key's, and for a treasury the Safes whose transactions it signs. */
  readonly accounts: readonly NamedAddress[];
  /** Where money may go. Of a treasury: the group's own warm wallets. */
  readonly payees: readonly NamedAddress[];
  readonly token?: Token | undefined;
  readonly coinPerDay: string;
  readonly tokenPerDay?: string | undefined;
  /** Up to which amount of the token nobody is asked; not for a treasury. */
  readonly tokenUnattended?: string | undefined;
  /** Operators who may propose; empty: any. */
  readonly proposers: readonly string[];
  /** Entries as `keymoot approver init` prints them, by name; empty: no groups, and every version is adopted by hand. */
  readonly approvers: Json;
  /** Persons who must approve. */
  readonly quorum: number;
  /** Entries of the address book, by name. */
  readonly counterparties?: Json | undefined;
  /** Unix seconds. */
  readonly expiresAt: string;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
const AMOUNT: Reader<string> = text({ max: 40, pattern: /^(0|[1-9][0-9]{0,24})(\.[0-9]{1,18})?$/ });
const NAMED: Reader<readonly NamedAddress[]> = array(
  object<NamedAddress>({ label: text({ min: 1, max: 64 }), address: text({ min: 42, max: 42 }) }),
  { min: 1, max: 64 },
);
/** Checked with the policy it becomes part of. */
const AS_IT_IS: Reader<Json> = (value, field) => value ?? problem(field, 'is missing');

const ANSWERS: Reader<Answers> = object<Answers>({
  schema: literal('keymoot/policy-answers/1'),
  template: literal(...TEMPLATES),
  wallet: text({ max: 40, pattern: NAME }),
  threshold: integer({ min: 2, max: 20 }),
  parties: integer({ min: 2, max: 20 }),
  chainId: text({ max: 16, pattern: /^[1-9][0-9]*$/ }),
  coin: text({ min: 1, max: 40 }),
  accounts: NAMED,
  payees: NAMED,
  token: optional(
    object<Token>({
      symbol: text({ min: 1, max: 40 }),
      address: text({ min: 42, max: 42 }),
      decimals: integer({ max: 36 }),
    }),
  ),
  coinPerDay: AMOUNT,
  tokenPerDay: optional(AMOUNT),
  tokenUnattended: optional(AMOUNT),
  proposers: array(text({ max: 40, pattern: NAME }), { max: 16 }),
  approvers: AS_IT_IS,
  quorum: integer({ min: 1, max: 64 }),
  counterparties: optional(AS_IT_IS),
  expiresAt: text({ max: 12, pattern: /^[1-9][0-9]*$/ }),
});

/** Fails with `ANSWERS_INVALID`, the field and what is wrong with it. */
export function readAnswers(content: string): Answers {
  const parsed = parseStrictJson(content);
  if (!parsed.ok) throw new InvalidArgument('ANSWERS_INVALID', '', parsed.error.message);
  const json = toJson(parsed.value, 'decimal');
  if (!json.ok) throw new InvalidArgument('ANSWERS_INVALID', '', json.error.message);
  return checkedAnswers(json.value);
}

export function checkedAnswers(json: Json): Answers {
  const answers = read(ANSWERS, json);
  if (!answers.ok) throw new InvalidArgument('ANSWERS_INVALID', answers.error.field, answers.error.message);
  const { parties, template, threshold, token, tokenPerDay, tokenUnattended } = answers.value;
  const fail = (field: string, message: string): never => {
    throw new InvalidArgument('ANSWERS_INVALID', field, message);
  };
  if (threshold > parties) fail('threshold', `must not be above parties, which is ${parties}`);
  if (token !== undefined && tokenPerDay === undefined)
    fail('tokenPerDay', `is missing: how much ${token.symbol} a day`);
  if (token === undefined && template !== 'treasury') fail('token', 'is missing: this template pays in a token');
  if (template === 'treasury' && tokenUnattended !== undefined)
    fail('tokenUnattended', 'has no place in a treasury: people look at every payment');
  if (template !== 'treasury' && tokenUnattended === undefined)
    fail('tokenUnattended', 'is missing: up to which amount nobody is asked');
  return answers.value;
}

/** Whole units as base units: `0.5` with 6 decimals is `500000`. Fails where the fraction is finer than the token. */
export function baseUnits(amount: string, decimals: number, field: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  if (fraction.length > decimals) {
    throw new InvalidArgument('ANSWERS_INVALID', field, `has more than the ${decimals} decimal places there are`);
  }
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}
