/** Times and spans in plain numbers, without a clock: a payload says when, and the screen repeats it. */

const DAY = 86_400n;
/** The last second of the year 9999. */
const LAST = 253_402_300_799n;

/** `2026-11-21 20:05:00 UTC`; `undefined` for what no calendar reaches. */
export function dateWords(seconds: bigint): string | undefined {
  if (seconds < 0n || seconds > LAST) return undefined;
  const { year, month, day } = civil(Number(seconds / DAY));
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)} ${clock(Number(seconds % DAY))} UTC`;
}

/** `3 days 02:00:00`. */
export function spanWords(seconds: bigint): string {
  const days = seconds / DAY;
  const rest = clock(Number(seconds % DAY));
  return days === 0n ? rest : `${days} ${days === 1n ? 'day' : 'days'} ${rest}`;
}

function clock(seconds: number): string {
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => pad(Math.floor(part), 2)).join(':');
}

function pad(value: number, length: number): string {
  return value.toString().padStart(length, '0');
}

/** Gregorian date of a count of days since 1970-01-01; years begin in March, so that the leap day comes last. */
function civil(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
