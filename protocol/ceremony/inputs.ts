/**
 * The inputs of a judgement: everything it depends on that is neither in the proposal nor in the policies. A verdict
 * names the digest of this document, the transcript keeps it, and whoever judges again with it gets the same verdict.
 */
import type { Json } from '../common/canonical-json.ts';
import { array, decimal, integer, literal, object, optional, problem, type Reader, text } from '../common/schema.ts';
import { isObservedRisk } from '../payload/risk/codes.ts';
import {
  compareObservations,
  MAX_OBSERVATION_DETAIL,
  MAX_OBSERVATIONS,
  OBSERVATION_PATH,
  type Observation,
} from '../payload/risk/observed.ts';
import { MAX_SUM } from '../policy/spend.ts';
import { compareRows, type LimitRow, MAX_BUCKET, MAX_ENTRIES, MAX_LIMIT_ROWS } from '../policy/usage.ts';
import { UNIX_SECONDS } from './proposal.ts';

export interface JudgementInputs {
  /** Unix seconds by the party's own clock. */
  readonly now: number;
  /** What the party saw outside of the payload's bytes, in canonical form; absent if nothing. */
  readonly observed?: readonly Observation[] | undefined;
  /**
   * What the party's own ledger answered to each question of a limit, sorted; absent if no limit asked. Exactly the
   * questions that the judgement asks, no more: a row too many is a judgement that differs.
   */
  readonly limits?: readonly LimitRow[] | undefined;
}

/** Without observations. */
const TIME_ONLY = 'keymoot.inputs.v1';
/** With at least one. */
const OBSERVED = 'keymoot.inputs.v2';
/** With at least one limit that asked what was used up; observations, too, if there are any. */
const LIMITED = 'keymoot.inputs.v3';

/** Schemas of an inputs document. */
export const INPUTS_SCHEMAS: ReadonlySet<string> = new Set([TIME_ONLY, OBSERVED, LIMITED]);

/** The document whose digest a verdict names as `inputs`. */
export function inputsJson({ now, observed = [], limits = [] }: JudgementInputs): Json {
  const seen = observed.map(({ code, detail, path }) => ({ code, detail, path }));
  if (limits.length > 0) {
    return {
      limits: limits.map(({ layer, limit, bucket, used, entries }) => {
        return { bucket, entries: String(entries), layer, limit, used: String(used) };
      }),
      now: String(now),
      ...(seen.length === 0 ? {} : { observed: seen }),
      schema: LIMITED,
    };
  }
  if (seen.length === 0) return { now: String(now), schema: TIME_ONLY };
  return { now: String(now), observed: seen, schema: OBSERVED };
}

/**
 * A code of the observed family only: what the bytes raise is found by reading them, and nobody can put it there. The
 * severity is not in the document.
 */
const CODE: Reader<Observation['code']> = (value, field) => {
  if (typeof value === 'string' && isObservedRisk(value)) return value;
  return problem(field, 'must be a code that is observed outside of the payload');
};

const OBSERVATION: Reader<Observation> = object<Observation>({
  code: CODE,
  detail: text({ max: MAX_OBSERVATION_DETAIL, pattern: /^[\x20-\x7e]*$/ }),
  path: text({ min: 1, max: 120, pattern: OBSERVATION_PATH }),
});

const OBSERVATIONS: Reader<readonly Observation[]> = (value, field) => {
  const list = array(OBSERVATION, { min: 1, max: MAX_OBSERVATIONS })(value, field);
  for (const [i, item] of list.entries()) {
    const before = list[i - 1];
    if (before !== undefined && compareObservations(before, item) >= 0) {
      problem(`${field}[${i}]`, 'must follow the one before it by code and path');
    }
  }
  return list;
};

const ROW: Reader<LimitRow> = object<LimitRow>({
  bucket: text({ min: 1, max: MAX_BUCKET, pattern: /^[\x21-\x7e]+$/ }),
  entries: integer({ max: MAX_ENTRIES }),
  layer: literal('common', 'own'),
  limit: text({ min: 1, max: 40, pattern: /^[a-z0-9][a-z0-9-]*$/ }),
  used: decimal(MAX_SUM),
});

const ROWS: Reader<readonly LimitRow[]> = (value, field) => {
  const list = array(ROW, { min: 1, max: MAX_LIMIT_ROWS })(value, field);
  for (const [i, row] of list.entries()) {
    const before = list[i - 1];
    if (before !== undefined && compareRows(before, row) >= 0) {
      problem(`${field}[${i}]`, 'must follow the one before it by layer, limit and bucket');
    }
  }
  return list;
};

type InputsDocument = JudgementInputs & { readonly schema: string };

function absent(value: Json | undefined, field: string): undefined {
  return value === undefined ? undefined : problem(field, 'has no place in this version');
}

const VERSIONS: ReadonlyMap<string, Reader<InputsDocument>> = new Map([
  [
    TIME_ONLY,
    object<InputsDocument>({ limits: absent, now: UNIX_SECONDS, observed: absent, schema: literal(TIME_ONLY) }),
  ],
  [
    OBSERVED,
    object<InputsDocument>({ limits: absent, now: UNIX_SECONDS, observed: OBSERVATIONS, schema: literal(OBSERVED) }),
  ],
  [
    LIMITED,
    object<InputsDocument>({
      limits: ROWS,
      now: UNIX_SECONDS,
      observed: optional(OBSERVATIONS),
      schema: literal(LIMITED),
    }),
  ],
]);

/** Reads any version; exactly one of them is right for any inputs, so that one judgement has one digest. */
export const INPUTS: Reader<JudgementInputs> = (value, field) => {
  const schema = typeof value === 'object' && !Array.isArray(value) ? (value as { schema?: Json }).schema : undefined;
  const version = typeof schema === 'string' ? VERSIONS.get(schema) : undefined;
  if (version === undefined) return problem(field, 'is not a known version of inputs');
  const { now, observed, limits } = version(value, field);
  return { now, ...(observed === undefined ? {} : { observed }), ...(limits === undefined ? {} : { limits }) };
};
