/**
 * From the text of a policy file to a policy ready to judge with. Strict: an unknown field, a key written twice, a null, a
 * number that is not whole or a reference to nothing makes the whole file invalid. A policy is never half in force.
 */
import type { Json } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { array, problem, type Reader, read, type SchemaProblem } from '../common/schema.ts';
import { parseStrictJson, type StrictJson } from '../common/strict-json.ts';
import { checkPolicy } from './check.ts';
import { MAX_POLICY_LENGTH, MAX_SIGNATURES } from './limits.ts';
import { type Policy, preparePolicy } from './prepare.ts';
import { POLICY } from './read.ts';
import type { PolicyDocument } from './schema.ts';

/** Why a policy is invalid: `field` is a path like `rules[2].match.amount.max`, empty for the file as a whole. */
export interface PolicyProblem extends SchemaProblem {
  readonly code: 'POLICY_INVALID';
}

/** Reads a file that a person wrote. White space, key order and rule order are free; comments are not JSON. */
export function parsePolicy(text: string): Result<Policy, PolicyProblem> {
  const parsed = parseStrictJson(text, { maxLength: MAX_POLICY_LENGTH });
  if (!parsed.ok) {
    return invalid({ field: '', message: `${parsed.error.message} (${position(text, parsed.error.offset)})` });
  }
  const json = read((_, field) => withoutSignatures(jsonOf(parsed.value, field, '')), '');
  return json.ok ? readPolicy(json.value.policy, json.value.signatures) : invalid(json.error);
}

/** A file may carry what its admins signed; that is no part of the policy, and is verified in protocol/ceremony. */
function withoutSignatures(file: Json): { readonly policy: Json; readonly signatures: readonly Json[] } {
  if (typeof file !== 'object' || Array.isArray(file)) return { policy: file, signatures: [] };
  const { signatures, ...policy } = file as { readonly [key: string]: Json };
  const items = signatures === undefined ? [] : SIGNATURES(signatures, 'signatures');
  return { policy, signatures: items };
}

const SIGNATURES: Reader<readonly Json[]> = array(
  (value, field) => {
    const isObject = typeof value === 'object' && !Array.isArray(value);
    return isObject ? value : problem(field, 'must be a signed statement: an object with payload and signatures');
  },
  { max: MAX_SIGNATURES },
);

/** The same for JSON that is already in the statement subset, for example inside a `policy` ceremony. */
export function readPolicy(json: Json, signatures: readonly Json[] = []): Result<Policy, PolicyProblem> {
  const document = read((value, field): PolicyDocument => {
    const policy = POLICY(value, field);
    checkPolicy(policy);
    return sorted(policy);
  }, json);
  return document.ok ? ok(preparePolicy(document.value, signatures)) : invalid(document.error);
}

function sorted(policy: PolicyDocument): PolicyDocument {
  const byId = <T extends { readonly id: string }>(items: readonly T[]): readonly T[] =>
    [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
  const { limits, rules } = policy;
  return { ...policy, rules: byId(rules), ...(limits === undefined ? {} : { limits: byId(limits) }) };
}

function invalid(found: SchemaProblem): Result<never, PolicyProblem> {
  const message =
    found.message === 'is not a known field'
      ? 'is not a known field; correct its spelling or remove it (docs/policy.md lists all fields)'
      : found.message;
  return err({ code: 'POLICY_INVALID', field: found.field, message });
}

/**
 * Small numbers may stand in a file as JSON numbers. Amounts may not: other tools round large numbers when they rewrite
 * a file, and a rounded amount is a different policy.
 */
const NUMBER_FIELDS: ReadonlySet<string> = new Set([
  'version',
  'effectiveAt',
  'expiresAt',
  'chainId',
  'chainIds',
  'legacyChainId',
  'decimals',
  'consents',
  'rejections',
  'windowSec',
  'ttlSec',
  'delaySec',
  'rejects',
  'quorum',
  'widenDelaySec',
  'created',
  'expires',
  'days',
]);

/** As `toJson` of common/strict-json.ts, but an error knows the path, and numbers are welcome only where they belong. */
function jsonOf(value: StrictJson, field: string, name: string): Json {
  switch (value.type) {
    case 'string':
      return value.text;
    case 'boolean':
      return value.value;
    case 'null':
      return problem(field, 'must not be null; leave the field out instead');
    case 'number':
      if (!NUMBER_FIELDS.has(name)) problem(field, 'must not be a bare number; write it in quotes, like "1000"');
      if (/^(0|[1-9][0-9]{0,77})$/.test(value.text)) return value.text;
      return problem(field, 'must be a whole number without sign, fraction or exponent');
    case 'array':
      return value.items.map((item, i) => jsonOf(item, `${field}[${i}]`, name));
    case 'object': {
      const result: { [key: string]: Json } = {};
      for (const [key, member] of value.members) {
        // The path is printed on terminals, so a key that is no plain name must not become part of it.
        if (!/^[A-Za-z0-9.-]{1,64}$/.test(key)) problem(field, 'has a field whose name is not valid here; remove it');
        const path = field === '' ? key : `${field}.${key}`;
        result[key] = jsonOf(member, path, key);
      }
      return result;
    }
  }
}

function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
