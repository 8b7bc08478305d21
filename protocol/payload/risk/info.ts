/** What is said about each risk code. The codes stand in files by family; codes.ts puts them together. */

/** `critical`: deny unless a policy pins exactly this. `high`: a person decides. `info`: worth knowing. */
export type Severity = 'critical' | 'high' | 'info';

export interface RiskInfo {
  readonly severity: Severity;
  /** One sentence for a key holder. */
  readonly why: string;
  /** What to look at before approving. */
  readonly check: string;
}
