/** Hours of the week, UTC. */
import type { TimeWindow } from './schema.ts';

const DAY = 86_400;

export interface PreparedWindow {
  readonly days: ReadonlySet<number>;
  /** Seconds of the day, `to` excluded. */
  readonly from: number;
  readonly to: number;
}

export function prepareWindow({ days, from, to }: TimeWindow): PreparedWindow {
  return { days: new Set(days), from: secondOf(from), to: secondOf(to) };
}

/** `08:30`, as seconds since midnight. */
export function secondOf(hour: string): number {
  return Number(hour.slice(0, 2)) * 3600 + Number(hour.slice(3)) * 60;
}

/** `now` in Unix seconds; the first of January 1970 was a Thursday. */
export function dayOf(now: number): number {
  return (Math.floor(now / DAY) + 4) % 7;
}

export function isWithin(windows: readonly PreparedWindow[], now: number): boolean {
  const second = now % DAY;
  const day = dayOf(now);
  return windows.some(({ days, from, to }) => days.has(day) && from <= second && second < to);
}
