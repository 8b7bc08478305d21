/**
 * The log of a running node: one line an event, whatever strangers put into it, and so many of one kind that no member
 * can fill a disk with what it is refused.
 */
import { sanitiseLine } from './sanitise.ts';

/** Longest line, in characters. */
const MAX_LINE = 1_000;
/** Lines of one code within a period; what is left out is counted. */
const MAX_LINES = 100;
/** Milliseconds. */
const PERIOD = 60_000;

interface Told {
  since: number;
  lines: number;
  left: number;
}

/**
 * @param write takes one line, without its end
 * @param now milliseconds since 1970
 */
export function nodeLog(write: (line: string) => void, now: () => number): (code: string, detail: string) => void {
  const told = new Map<string, Told>();
  return (code, detail) => {
    const time = now();
    const known = told.get(code) ?? { since: time, lines: 0, left: 0 };
    told.set(code, known);
    const say = (text: string): void => {
      known.lines += 1;
      write(sanitiseLine(`${new Date(time).toISOString()} ${code} ${text}`).slice(0, MAX_LINE));
    };
    if (Math.abs(time - known.since) >= PERIOD) {
      const { left } = known;
      [known.since, known.lines, known.left] = [time, 0, 0];
      if (left > 0) say(`(${left} more of these were left out)`);
    }
    if (known.lines < MAX_LINES) say(detail);
    else known.left += 1;
  };
}
