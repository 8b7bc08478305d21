/**
 * The inputs of a judgement: everything it depends on that is neither in the proposal nor in the policies. A verdict
 * names the digest of this document, the transcript keeps it, and whoever judges again with it gets the same verdict.
 */
import type { Json } from '../common/canonical-json.ts';
import { array, literal, object, problem, type Reader, text } from '../common/schema.ts';
import { isObservedRisk } from '../payload/risk/codes.ts';
import {
  compareObservations,
  MAX_OBSERVATION_DETAIL,
  MAX_OBSERVATIONS,
  OBSERVATION_PATH,
  type Observation,
} from '../payload/risk/observed.ts';
import { UNIX_SECONDS } from './proposal.ts';

export interface JudgementInputs {
  /** Unix seconds by the party's own clock. */
  readonly now: number;
  /** What the party saw outside of the payload's bytes, in canonical form; absent if nothing. */
  readonly observed?: readonly Observation[] | undefined;
}

/** Without observations. */
const TIME_ONLY = 'keymoot.inputs.v1';
/** With at least one. */
const OBSERVED = 'keymoot.inputs.v2';

/** Schemas of an inputs document. */
export const INPUTS_SCHEMAS: ReadonlySet<string> = new Set([TIME_ONLY, OBSERVED]);

/** The document whose digest a verdict names as `inputs`. */
export function inputsJson({ now, observed = [] }: JudgementInputs): Json {
  if (observed.length === 0) return { now: String(now), schema: TIME_ONLY };
  return {
    now: String(now),
    observed: observed.map(({ code, detail, path }) => ({ code, detail, path })),
    schema: OBSERVED,
  };
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

type InputsDocument = JudgementInputs & { readonly schema: string };

const WITHOUT: Reader<InputsDocument> = object<InputsDocument>({
  now: UNIX_SECONDS,
  observed: (value, field) => (value === undefined ? undefined : problem(field, 'has no place in this version')),
  schema: literal(TIME_ONLY),
});

const WITH: Reader<InputsDocument> = object<InputsDocument>({
  now: UNIX_SECONDS,
  observed: OBSERVATIONS,
  schema: literal(OBSERVED),
});

/** Reads either version; exactly one of them is right for any inputs, so that one judgement has one digest. */
export const INPUTS: Reader<JudgementInputs> = (value, field) => {
  const isFirst =
    typeof value === 'object' && !Array.isArray(value) && (value as { schema?: Json }).schema === TIME_ONLY;
  const { now, observed } = isFirst ? WITHOUT(value, field) : WITH(value, field);
  return observed === undefined ? { now } : { now, observed };
};
