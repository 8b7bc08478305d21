/**
 * Four outcomes of a condition, in two bits. Doubt works against the payload: an unknown condition keeps a permitting rule
 * from matching and does not keep a deny rule from matching.
 */

/** `free`: the rule has no such condition. */
export type Outcome = 'free' | 'yes' | 'no' | 'unknown';

export const OUTCOMES: readonly Outcome[] = ['free', 'yes', 'no', 'unknown'];
export const FREE = 0;
export const YES = 1;
export const NO = 2;
export const UNKNOWN = 3;

export function truth(holds: boolean): number {
  return holds ? YES : NO;
}

/** Of several that must all hold: one certain no decides, then one doubt. */
export function worse(a: number, b: number): number {
  if (a === NO || b === NO) return NO;
  return Math.max(a, b);
}

/** `undefined` as value means that the payload does not say. */
export function member<T>(set: ReadonlySet<T> | undefined, value: T | undefined): number {
  if (set === undefined) return FREE;
  return value === undefined ? UNKNOWN : truth(set.has(value));
}
