/**
 * The seam for what a payload's bytes do not say: a participant's own history, its simulation, its external checker.
 * Observations can only add risks. How serious one is follows from its code by our own table, never from who reports it.
 */
import { type ObservedRisk, RISKS, type Risk } from './codes.ts';

export interface Observation {
  readonly code: ObservedRisk;
  /** Path of the call it is about; `0` if it is about none in particular. */
  readonly path: string;
  /** What was seen, by which source, in printable ASCII; at most `MAX_OBSERVATION_DETAIL` characters. */
  readonly detail: string;
}

/** As many as one judgement records. */
export const MAX_OBSERVATIONS = 64;
export const MAX_OBSERVATION_DETAIL = 400;
/** Paths of calls: the depth of payloads is limited, so that this is ample. */
export const OBSERVATION_PATH: RegExp = /^0(\.(0|[1-9][0-9]{0,5})){0,15}$/;

const ROOT = '0';
/** No source begins its words like this. */
const SUMMED_UP = /(?:^|; )at [0-9]+ more calls, the first of them 0/;

/**
 * The one form of a list of observations: sorted by code, then by path; one entry for each code and path, whose details
 * are joined. What goes beyond the limit is not dropped: it is summed up by code at the outermost call, where a policy
 * must accept it, too.
 */
export function canonicalObservations(found: readonly Observation[]): readonly Observation[] {
  const merged = merge(found.map(plain));
  if (merged.length <= MAX_OBSERVATIONS) return merged;
  const codes = new Set(merged.map(({ code }) => code));
  const kept = merged.filter(({ path }) => path === ROOT);
  const room = MAX_OBSERVATIONS - kept.length - codes.size;
  const others = merged.filter(({ path }) => path !== ROOT);
  const perCode = Math.max(0, Math.floor(room / codes.size));
  const shown = [...codes].flatMap((code) => others.filter((item) => item.code === code).slice(0, perCode));
  const rest = [...codes].flatMap((code): readonly Observation[] => {
    const left = others.filter((item) => item.code === code).slice(perCode);
    const [first] = left;
    if (first === undefined) return [];
    return [{ code, path: ROOT, detail: `at ${left.length} more calls, the first of them ${first.path}` }];
  });
  return merge([...kept, ...shown, ...rest].map(plain));
}

/** As risks of an assessment; a path that the payload does not have stands for the outermost call. */
export function observedRisks(observations: readonly Observation[], paths: ReadonlySet<string>): readonly Risk[] {
  return observations.map(({ code, detail, path }) => {
    return { code, severity: RISKS[code].severity, path: paths.has(path) ? path : ROOT, detail };
  });
}

/**
 * Whether it stands in a canonical list: the same code about the same call, whatever the words, or about calls that were
 * summed up there. Which ones are summed up hangs on what else was seen at the time, so that it says nothing new.
 */
export function isAmong({ code, path }: Observation, list: readonly Observation[]): boolean {
  return list.some((other) => {
    return other.code === code && (other.path === path || (other.path === ROOT && SUMMED_UP.test(other.detail)));
  });
}

function plain({ code, detail, path }: Observation): Observation {
  const words = detail.replace(/[^\x20-\x7e]/g, '?');
  return { code, path: OBSERVATION_PATH.test(path) ? path : ROOT, detail: cut(words) };
}

function cut(text: string): string {
  return text.length <= MAX_OBSERVATION_DETAIL ? text : `${text.slice(0, MAX_OBSERVATION_DETAIL - 3)}...`;
}

function merge(list: readonly Observation[]): readonly Observation[] {
  const byKey = new Map<string, Observation>();
  for (const item of list) {
    const key = `${item.code} ${item.path}`;
    const known = byKey.get(key);
    const isNew = known !== undefined && item.detail !== '' && !known.detail.split('; ').includes(item.detail);
    if (known === undefined) byKey.set(key, item);
    else if (isNew) byKey.set(key, { ...known, detail: cut([known.detail, item.detail].filter(Boolean).join('; ')) });
  }
  return [...byKey.values()].sort(compareObservations);
}

/** The order of the canonical form: by code, then by path as text. */
export function compareObservations(a: Observation, b: Observation): number {
  return compare(a.code, b.code) || compare(a.path, b.path);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
