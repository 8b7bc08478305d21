/** What a judgement finds, counted in full and kept as far as a statement can hold it. */
import { type Layer, MAX_REASONS, type Reason } from './verdict.ts';

/** `denies`: by itself a denial. Else it leaves the decision to a person, whatever the rules say. */
export interface Finding {
  readonly denies: boolean;
  readonly code: string;
  readonly leaf?: string | undefined;
  readonly policy?: Layer | undefined;
  /** Written only if it is shown: batches bring thousands. */
  readonly detail: () => string;
}

export class Findings {
  readonly #kept: Finding[] = [];
  readonly #policy: Layer | undefined;
  #denials = 0;
  #others = 0;

  /** `policy`: the layer that finds them, if one does. */
  constructor(policy?: Layer) {
    this.#policy = policy;
  }

  get denials(): number {
    return this.#denials;
  }

  get count(): number {
    return this.#denials + this.#others;
  }

  /** As many of each sort as could ever be listed. */
  get kept(): readonly Finding[] {
    return this.#kept;
  }

  add(finding: Finding): void {
    const before = finding.denies ? this.#denials++ : this.#others++;
    if (before < MAX_REASONS) this.#kept.push({ ...finding, policy: this.#policy });
  }

  deny(code: string, detail: () => string, leaf?: string): void {
    this.add({ denies: true, code, detail, leaf });
  }

  /** Codes and places, and how many there are in all: what two judgements have to agree on. */
  codes(): readonly string[] {
    const counts = [`denials ${this.#denials}`, `others ${this.#others}`];
    return [...counts, ...this.#kept.map(({ code, leaf }) => (leaf === undefined ? code : `${code} ${leaf}`))];
  }
}

/** In the order found; what denies comes first where not all can be listed. */
export function reasonsOf(parts: readonly Findings[]): readonly Reason[] {
  const all = parts.flatMap(({ kept }) => kept);
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  if (count <= MAX_REASONS) return all.map(reasonOf);
  const ordered = [...all.filter(({ denies }) => denies), ...all.filter(({ denies }) => !denies)];
  const listed = ordered.slice(0, MAX_REASONS - 1).map(reasonOf);
  return [...listed, { code: 'MORE_REASONS', detail: `${count - listed.length} more reasons are not listed` }];
}

function reasonOf({ code, detail, leaf, policy }: Finding): Reason {
  const where = { ...(leaf === undefined ? {} : { leaf }), ...(policy === undefined ? {} : { policy }) };
  return { code, ...where, detail: detail() };
}
