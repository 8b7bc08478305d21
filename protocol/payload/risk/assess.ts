/** Every call of a decoded payload against the catalogue of risks. Pure: the same input gives the same list. */
import type { Address } from '../address.ts';
import { KNOWN_FUNCTIONS } from '../calldata/table.ts';
import type { Decoded } from '../payload.ts';
import { assessCall } from './calls.ts';
import type { Risk } from './codes.ts';
import { assessEnvelope } from './envelope.ts';
import { assessMoney } from './money.ts';
import { type Observation, observedRisks } from './observed.ts';
import { Findings } from './raise.ts';
import { assessTypedData } from './typed-data.ts';

declare const assessmentBrand: unique symbol;

/** A decoded payload with everything that is unusual about it. Only `assess` makes one. */
export interface Assessment {
  readonly [assessmentBrand]: true;
  readonly decoded: Decoded;
  /** Of the bytes, in order of the calls, then what was observed outside of them; no code twice for one call. */
  readonly risks: readonly Risk[];
}

export interface AssessmentContext {
  /** Address of the wallet that would sign, if known: its own tokens are then not "another account's". */
  readonly wallet?: Address;
  /** What a party saw outside of the bytes, in canonical form: it is added to what they say and takes nothing away. */
  readonly observed?: readonly Observation[] | undefined;
}

export function assess(decoded: Decoded, context: AssessmentContext = {}): Assessment {
  const findings = new Findings();
  assessEnvelope(decoded, findings);
  if (decoded.typedData !== undefined) assessTypedData(decoded.typedData, findings.at('0'));
  for (const call of decoded.calls) {
    const known = call.selector === undefined ? undefined : KNOWN_FUNCTIONS.get(call.selector);
    const raise = findings.at(call.path);
    assessCall(call, known, raise);
    assessMoney(call, known, context.wallet, raise);
  }
  const risks = [...findings.all()];
  const { observed = [] } = context;
  if (observed.length > 0) risks.push(...observedRisks(observed, new Set(decoded.calls.map(({ path }) => path))));
  return Object.freeze({ decoded, risks }) as unknown as Assessment;
}
