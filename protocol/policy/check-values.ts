/** Values inside conditions: references to something that exists, arguments and hours that can be compared at all. */
import { problem } from '../common/schema.ts';
import { BOOK } from './addresses.ts';
import { HEX, SELF, WHOLE } from './args.ts';
import { MAX_UINT256 } from './limits.ts';
import type { AddressRef, ArgCondition, ArgOperator, PolicyDocument, RuleMatch } from './schema.ts';
import { secondOf } from './times.ts';

export function checkRefs(policy: PolicyDocument, refs: readonly AddressRef[] | undefined, field: string): void {
  for (const ref of refs ?? []) {
    if (!ref.startsWith('@') || isDeclared(policy, ref.slice(1))) continue;
    problem(field, `names ${ref}; declare that list under addressLists`);
  }
}

function isDeclared({ addressLists, counterparties }: PolicyDocument, name: string): boolean {
  if (name === BOOK) return counterparties !== undefined;
  return addressLists.has(name) || counterparties?.has(name) === true;
}

export function checkTimes({ time }: RuleMatch, field: string): void {
  for (const [i, { from, to }] of (time ?? []).entries()) {
    if (secondOf(from) < secondOf(to)) continue;
    problem(`${field}[${i}].to`, 'must be later than from; write hours across midnight as two entries');
  }
}

export function checkArgs(policy: PolicyDocument, { args }: RuleMatch, field: string): void {
  for (const [i, condition] of (args ?? []).entries()) checkArg(policy, condition, `${field}[${i}].value`);
}

/** An address written out, which means little without its chain. */
export function hasPlainAddress({ value }: ArgCondition): boolean {
  return (typeof value === 'string' ? [value] : value).some((text) => /^0x[0-9a-f]{40}$/.test(text));
}

function checkArg(policy: PolicyDocument, { op, value }: ArgCondition, field: string): void {
  const several = op === 'in' || op === 'notIn';
  if (several && typeof value === 'string') problem(field, `must be a list of values for "${op}"`);
  if (!several && typeof value !== 'string') {
    problem(field, `must be one value for "${op}"; several go with "in" and "notIn"`);
  }
  const values = typeof value === 'string' ? [value] : value;
  if (several) checkOneType(values, field);
  for (const [i, text] of values.entries()) checkOperand(policy, op, text, several ? `${field}[${i}]` : field);
}

function checkOperand(policy: PolicyDocument, op: ArgOperator, value: string, field: string): void {
  switch (op) {
    case 'eq':
    case 'ne':
    case 'in':
    case 'notIn':
      checkSpelling(value, field);
      break;
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      checkNumber(value, field);
      break;
    case 'lenLte':
      if (value.startsWith('-')) problem(field, 'must not be negative');
      checkNumber(value, field);
      break;
    case 'inList':
      checkList(policy, value, field);
      break;
    case 'eqWallet':
      checkWallet(policy, value, field);
  }
}

/** What looks like a number, bytes or an address must be one, in its one spelling. */
function checkSpelling(text: string, field: string): void {
  if (/^[+-]?[0-9]/.test(text) && !/^0x/i.test(text)) checkNumber(text, field);
  if (/^0x/i.test(text) && !HEX.test(text)) {
    problem(field, 'must be 0x and an even number of lower-case hex digits; addresses are written in lower case here');
  }
}

function checkNumber(text: string, field: string): void {
  if (!WHOLE.test(text)) problem(field, 'must be a whole number in decimal digits, without sign, dot or exponent');
  const number = BigInt(text);
  if (number > MAX_UINT256 || number < -MAX_UINT256) problem(field, 'is beyond what 256 bits hold');
}

/** Values of different types in one list could never all be meant. */
function checkOneType(values: readonly string[], field: string): void {
  const types = new Set(values.map((text) => (WHOLE.test(text) ? 'number' : HEX.test(text) ? 'hex' : 'text')));
  if (types.size > 1) problem(field, 'mixes numbers, hex and other text; use one condition for each');
}

function checkList(policy: PolicyDocument, value: string, field: string): void {
  if (!value.startsWith('@') || !isDeclared(policy, value.slice(1))) {
    problem(field, 'must be "@" and the name of a list under addressLists, of a counterparty, or "@book"');
  }
}

function checkWallet({ wallets }: PolicyDocument, value: string, field: string): void {
  if (value === SELF) return;
  const scope = wallets.get(value);
  if (scope === undefined) problem(field, `must be "${SELF}" or the name of a wallet declared under wallets`);
  if (scope?.accounts === undefined) problem(field, `names wallet "${value}", which lists no accounts; add them`);
}
