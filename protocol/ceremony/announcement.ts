/**
 * The delay between announcing and executing a change of keys: time in which any party may veto it. Every party counts
 * it by its own clock, from when it first saw the proposal; the statements' own dates must show it too, so that an
 * auditor can see that it was kept.
 */
import { isKeyChange } from './agreement.ts';
import type { Ceremony } from './lifecycle.ts';
import type { RosterBody } from './roster.ts';
import type { Start } from './start.ts';

/** When this member may take a start of it, in Unix seconds; undefined for kinds that are not announced. */
export function announcementEnd({ announced, proposal }: Ceremony, roster: RosterBody): number | undefined {
  if (!isKeyChange(proposal.body)) return undefined;
  return Math.max(announced.seen, announced.created) + roster.announcement;
}

/** Why the announcement is not over for this member, as a sentence; undefined if it is. */
export function announcementFault(
  ceremony: Ceremony,
  start: Start,
  roster: RosterBody,
  now: number,
): string | undefined {
  const end = announcementEnd(ceremony, roster);
  if (end === undefined) return undefined;
  if (now < end) return `the announcement runs for another ${duration(end - now)}`;
  return datedTooEarly(ceremony, start, roster);
}

/** The part of it that the statements show. */
export function datedTooEarly({ announced, proposal }: Ceremony, start: Start, roster: RosterBody): string | undefined {
  if (!isKeyChange(proposal.body)) return undefined;
  const missing = announced.created + roster.announcement - start.body.created;
  return missing <= 0 ? undefined : `it was started ${duration(missing)} before its announcement was over`;
}

/** A span of time as people say it, to the minute, or to the second below one. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}
