/** How the files of this folder report what they find. */
import { RISKS, type Risk, type RiskCode } from './codes.ts';

/** Adds a finding about one call. `detail`: printable ASCII, addresses in full. */
export type Raise = (code: RiskCode, detail?: string) => void;

/** Findings in the order in which they are raised; a code that comes twice for one call has both details. */
export class Findings {
  readonly #found = new Map<string, Risk>();

  at(path: string): Raise {
    return (code, detail = '') => {
      const key = `${path} ${code}`;
      const before = this.#found.get(key)?.detail ?? '';
      const joined = before === '' || before === detail ? detail : `${before}, ${detail}`;
      this.#found.set(key, { code, severity: RISKS[code].severity, path, detail: joined });
    };
  }

  all(): readonly Risk[] {
    return [...this.#found.values()];
  }
}
