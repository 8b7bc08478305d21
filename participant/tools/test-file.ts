/** A file of cases with expected verdicts, `keymoot/policy-test/1` (docs/policy-tools.md). */
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
import { USAGE, type UsageRow } from './usage.ts';

export interface CaseFile {
  readonly schema: 'keymoot/policy-test/1';
  /** Relative to this file. */
  readonly policy: string;
  readonly own?: string | undefined;
  readonly wallet?: string | undefined;
  readonly address?: string | undefined;
  readonly initiator?: string | undefined;
  readonly threshold?: number | undefined;
  readonly parties?: number | undefined;
  /** Unix seconds for all cases that say nothing else. */
  readonly at?: number | undefined;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly name: string;
  /** As `keymoot inspect` takes it; or `file`, relative to this file; or several, one after another. */
  readonly payload?: Json | undefined;
  readonly file?: string | undefined;
  readonly sequence?: readonly Json[] | undefined;
  readonly initiator?: string | undefined;
  readonly at?: number | undefined;
  /** What limits have counted before. */
  readonly usage?: readonly UsageRow[] | undefined;
  readonly expect: Expected | readonly Expected[];
}

/** Only what is given is compared. */
export interface Expected {
  readonly decision: 'allow' | 'require' | 'deny';
  readonly consents?: number | undefined;
  /** `common/ID`: all that matched. */
  readonly rules?: readonly string[] | undefined;
  /** Codes that must be among the reasons. */
  readonly reasons?: readonly string[] | undefined;
  /** Groups that must approve, like `finance:2`. */
  readonly groups?: readonly string[] | undefined;
}

const PATH = text({ min: 1, max: 400 });
const NAME = text({ min: 1, max: 80 });
const SECONDS = integer({ max: 253_402_300_799 });
const PAYLOAD: Reader<Json> = (value, field) => value ?? problem(field, 'is missing');
const EXPECTED: Reader<Expected> = object<Expected>({
  decision: literal('allow', 'require', 'deny'),
  consents: optional(integer({ max: 255 })),
  rules: optional(array(NAME, { max: 256 })),
  reasons: optional(array(NAME, { max: 64 })),
  groups: optional(array(NAME, { max: 32 })),
});
const EXPECTATIONS: Reader<readonly Expected[]> = array(EXPECTED, { min: 1, max: 256 });

const CASE: Reader<Case> = object<Case>({
  name: text({ min: 1, max: 200 }),
  payload: optional(PAYLOAD),
  file: optional(PATH),
  sequence: optional(array(PAYLOAD, { min: 1, max: 256 })),
  initiator: optional(NAME),
  at: optional(SECONDS),
  usage: optional(USAGE),
  expect: (value, field) => (Array.isArray(value) ? EXPECTATIONS(value, field) : EXPECTED(value, field)),
});

const FILE: Reader<CaseFile> = object<CaseFile>({
  schema: literal('keymoot/policy-test/1'),
  policy: PATH,
  own: optional(PATH),
  wallet: optional(NAME),
  address: optional(text({ min: 42, max: 42 })),
  initiator: optional(NAME),
  threshold: optional(integer({ min: 1, max: 255 })),
  parties: optional(integer({ min: 1, max: 255 })),
  at: optional(SECONDS),
  cases: array(CASE, { min: 1, max: 4096 }),
});

/** Fails with `CASES_INVALID`, the field and what is wrong with it. */
export function readCases(content: string, path: string): CaseFile {
  const parsed = parseStrictJson(content, { maxLength: 16 << 20 });
  const json = parsed.ok ? toJson(parsed.value, 'decimal') : parsed;
  if (!json.ok) throw new InvalidArgument('CASES_INVALID', path, json.error.message);
  const file = read(FILE, json.value);
  if (!file.ok) throw new InvalidArgument('CASES_INVALID', `${path}: ${file.error.field}`, file.error.message);
  for (const [i, { expect, file: named, payload, sequence }] of file.value.cases.entries()) {
    const given = [named, payload, sequence].filter((source) => source !== undefined);
    if (given.length !== 1) {
      throw new InvalidArgument('CASES_INVALID', `${path}: cases[${i}]`, 'needs one of payload, file and sequence');
    }
    if (
      Array.isArray(expect) !== (sequence !== undefined) ||
      (sequence?.length ?? 0) !== (Array.isArray(expect) ? expect.length : 0)
    ) {
      const words = 'must be a list exactly with sequence, one for each of its payloads';
      throw new InvalidArgument('CASES_INVALID', `${path}: cases[${i}].expect`, words);
    }
  }
  return file.value;
}
