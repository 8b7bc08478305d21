import type { LintFinding } from '../../protocol/policy/lint/finding.ts';

/** Findings for people, two lines each. */
export function findingLines(findings: readonly LintFinding[]): readonly string[] {
  return findings.flatMap(({ code, cure, where, words }) => [`${code}  ${where}`, `    ${words} ${cure}`]);
}
