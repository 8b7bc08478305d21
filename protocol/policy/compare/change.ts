/** One difference between two versions of a policy, for people; what it does to what may be signed, for the delay. */

export interface PolicyChange {
  /** As in the file: `rules.salaries`, `limits.day`, `groups.finance`. */
  readonly path: string;
  readonly kind: 'narrows' | 'widens' | 'neutral';
  /** Printable ASCII, with the values of both versions. */
  readonly words: string;
}

export function narrows(path: string, words: string): PolicyChange {
  return { path, kind: 'narrows', words };
}

export function widens(path: string, words: string): PolicyChange {
  return { path, kind: 'widens', words };
}

/** Narrows if `proven`. */
export function judgedBy(proven: boolean, path: string, words: string): PolicyChange {
  return proven ? narrows(path, words) : widens(path, words);
}
