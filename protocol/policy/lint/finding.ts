/** What the linter says. A policy with findings is valid; it may not mean what its author thinks. */

export type LintCode =
  | 'LINT_UNREACHABLE'
  | 'LINT_SHADOWED'
  | 'LINT_WIDE_SELECTOR'
  | 'LINT_WIDE_TARGET'
  | 'LINT_NO_FEE_CAP'
  | 'LINT_ALLOW_NO_LIMIT'
  | 'LINT_NO_OUTSTANDING'
  | 'LINT_LIMIT_SPLIT'
  | 'LINT_COLD_EXTERNAL'
  | 'LINT_FLOW_UNUSED'
  | 'LINT_UNUSED_LIST'
  | 'LINT_UNUSED_ASSET'
  | 'LINT_UNUSED_GROUP'
  | 'LINT_UNUSED_APPROVER'
  | 'LINT_ONE_PERSON'
  | 'LINT_QUORUM_LOW'
  | 'LINT_LOOKALIKE'
  | 'LINT_NO_EXPIRY'
  | 'LINT_NO_ADMIN';

export interface LintFinding {
  readonly code: LintCode;
  /** Path in the canonical policy, like `rules.token-small.match`; rules and limits by id. */
  readonly where: string;
  /** One sentence, printable ASCII. */
  readonly words: string;
  /** The change that cures it. */
  readonly cure: string;
}

export function finding(code: LintCode, where: string, words: string, cure: string): LintFinding {
  return { code, where, words, cure };
}
