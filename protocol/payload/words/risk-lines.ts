/** Risks in words, the worst first. Marked by words and `!!`, never by colour. */
import { isObservedRisk, RISKS, type Risk, type RiskCode } from '../risk/codes.ts';
import { counted, wrapped } from './lines.ts';

/** Places named for one code; the rest is counted. */
const MAX_PLACES = 4;

/** What the bytes say by themselves. */
export function riskLines(risks: readonly Risk[]): readonly string[] {
  const own = risks.filter(({ code }) => !isObservedRisk(code));
  if (own.length === 0) {
    return ['RISKS: none', '  Nothing unusual was found. That does not make the receiver the right one.'];
  }
  return [`RISKS: ${tally(own)}`, ...byCode(own)];
}

/** What this participant saw outside the bytes; each detail begins with its source. */
export function observedLines(risks: readonly Risk[]): readonly string[] {
  const observed = risks.filter(({ code }) => isObservedRisk(code));
  if (observed.length === 0) return [];
  return ['', `UNUSUAL, SIMULATION, CHECKER: ${tally(observed)}`, ...byCode(observed)];
}

/** `2 critical, 1 high`; codes are counted, not calls. */
export function tally(risks: readonly Risk[]): string {
  const codes = [...new Set(risks.map(({ code }) => code))];
  const parts = (['critical', 'high', 'info'] as const).flatMap((severity) => {
    const count = codes.filter((code) => RISKS[code].severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  });
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function byCode(risks: readonly Risk[]): readonly string[] {
  const codes = [...new Set(risks.map(({ code }) => code))].sort((a, b) => rank(a) - rank(b));
  return codes.flatMap((code) =>
    codeLines(
      code,
      risks.filter((risk) => risk.code === code),
    ),
  );
}

function codeLines(code: RiskCode, places: readonly Risk[]): readonly string[] {
  const { check, severity, why } = RISKS[code];
  const mark = { critical: '!! CRITICAL', high: '!  HIGH', info: '   info' }[severity];
  const shown = places.slice(0, MAX_PLACES);
  const [only] = shown;
  const more = places.length - shown.length;
  return [
    `  ${mark} ${code}${only !== undefined && places.length === 1 ? `, ${place(only)}` : ''}`,
    ...(places.length === 1 ? [] : shown.map((risk) => `       ${place(risk)}`)),
    ...(more > 0 ? [`       and ${counted(more, 'more call')}`] : []),
    ...wrapped('       Why: ', why),
    ...wrapped('       Check: ', check),
  ];
}

function place({ detail, path }: Risk): string {
  return detail === '' ? `call ${path}` : `call ${path}: ${detail}`;
}

/** What a payload does stands before where it is valid. */
function rank(code: RiskCode): number {
  if (code === 'NO_CHAIN_BINDING') return 0.5;
  return { critical: 0, high: 1, info: 2 }[RISKS[code].severity];
}
