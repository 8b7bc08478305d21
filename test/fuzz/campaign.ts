/**
 * The fuzzing loop, guided by behaviour: an input that is answered in a way not seen before (another acceptance,
 * another refusal, another sentence) joins the pool that later inputs are made from. Line coverage would say more and
 * costs a native tool with an install script.
 */
import type { Payload } from '../../protocol/payload/payload.ts';
import { mutate } from './mutations.ts';
import { type Outcome, outcomeOf } from './opinions.ts';
import { Random } from './random.ts';
import { seedPayload } from './seeds.ts';

export interface Campaign {
  readonly inputs: number;
  readonly accepted: number;
  /** How often each refusal was given. */
  readonly codes: ReadonlyMap<string, number>;
  /** One input for each way of being answered. */
  readonly pool: readonly Payload[];
  readonly complaints: readonly { readonly payload: Payload; readonly complaints: readonly string[] }[];
}

const MAX_POOL = 2000;
const MAX_COMPLAINTS = 20;
/** The thorough look costs several times a decode. */
const THOROUGH_ONE_IN = 8;

export function fuzz(
  inputs: number,
  seed: number,
  corpus: readonly Payload[],
  progress?: (done: number) => void,
): Campaign {
  const random = new Random(seed);
  const signatures = new Set<string>();
  const pool: Payload[] = [...corpus];
  const codes = new Map<string, number>();
  const complaints: { payload: Payload; complaints: readonly string[] }[] = [];
  let accepted = 0;
  const look = (payload: Payload): Outcome => {
    const outcome = outcomeOf(payload, random.chance(THOROUGH_ONE_IN));
    if (outcome.accepted) accepted += 1;
    else codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
    if (outcome.complaints.length > 0 && complaints.length < MAX_COMPLAINTS) {
      complaints.push({ payload, complaints: outcome.complaints });
    }
    return outcome;
  };
  for (let done = 0; done < inputs; done++) {
    const fresh = pool.length < 20 || random.chance(5);
    const parent = fresh ? seedPayload(random) : random.pick(pool);
    const payload =
      fresh && random.chance(2) ? parent : mutate(parent, random.pick(pool.length === 0 ? [parent] : pool), random);
    const { signature } = look(payload);
    if (!signatures.has(signature)) {
      signatures.add(signature);
      if (pool.length < MAX_POOL) pool.push(payload);
    }
    if (done % 10_000 === 9_999) progress?.(done + 1);
  }
  return { inputs, accepted, codes, pool, complaints };
}

/** For a report: how to reproduce an input. */
export function spell(payload: Payload): string {
  return `${payload.kind} 0x${Buffer.from(payload.bytes).toString('hex')}`;
}
