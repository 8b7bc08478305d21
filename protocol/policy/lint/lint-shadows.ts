/** Rules that never decide anything, because another one always does. */
import { type Area, areaOfRule, isInside } from '../compare/area.ts';
import { asksAsMuch, demandOf } from '../compare/demand.ts';
import { Reaches } from '../compare/reach.ts';
import type { Policy, PreparedRule } from '../prepare.ts';
import { finding, type LintFinding } from './finding.ts';

/** Each pair is one comparison; beyond this many rules nothing is said about shadows. */
const MAX_RULES = 400;

interface Placed {
  readonly prepared: PreparedRule;
  readonly area: Area;
}

export function lintShadows({ document, rules }: Policy): readonly LintFinding[] {
  if (rules.length > MAX_RULES) return [];
  const reaches = new Reaches(document);
  const lists = { inner: reaches, outer: reaches };
  const placed = rules.map((prepared): Placed => ({ prepared, area: areaOfRule(prepared, reaches) }));
  return placed.flatMap((inner) => {
    const outer = placed.find(
      (other) => other !== inner && isInside(inner.area, other.area, lists) && decides(other, inner, placed),
    );
    return outer === undefined ? [] : [shadow(inner.prepared, outer.prepared)];
  });
}

/** Whether `outer` leaves `inner` nothing to say. Of two equal rules the first in the file's order keeps its word. */
function decides(outer: Placed, inner: Placed, placed: readonly Placed[]): boolean {
  const [wide, narrow] = [outer.prepared, inner.prepared];
  if (wide.rule.effect === 'deny')
    return narrow.permits || placed.indexOf(outer) < placed.indexOf(inner) || !isSame(outer, inner);
  if (!narrow.permits || !wide.permits) return false;
  const [given, wanted] = [demandOf(wide.rule), demandOf(narrow.rule)];
  const acceptsAll = [...narrow.risks].every((risk) => wide.risks.has(risk)) && (wide.pinned || !narrow.pinned);
  if (!acceptsAll || !asksAsMuch(given, wanted)) return false;
  return !asksAsMuch(wanted, given) || placed.indexOf(outer) < placed.indexOf(inner) || !isSame(outer, inner);
}

function isSame(a: Placed, b: Placed): boolean {
  const parts = ({ area, prepared }: Placed): string =>
    JSON.stringify([prepared.rule.effect, area.amount ?? '', area.caps], (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
  return parts(a) === parts(b);
}

function shadow({ rule }: PreparedRule, { rule: outer }: PreparedRule): LintFinding {
  const words =
    outer.effect === 'deny' && rule.effect !== 'deny'
      ? `Rule "${rule.id}" permits only what deny rule "${outer.id}" denies.`
      : `Rule "${rule.id}" changes nothing: all it matches is matched by "${outer.id}", which asks for as much.`;
  return finding('LINT_SHADOWED', `rules.${rule.id}`, words, `Remove it, or narrow "${outer.id}".`);
}
