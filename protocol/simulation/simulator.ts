/** What a command that may not simulate itself is given by whoever may: the auditor's room knows no network. */
import type { Result } from '../common/result.ts';
import type { Address } from '../payload/address.ts';
import type { Decoded } from '../payload/payload.ts';
import type { SimulationProblem, SimulationReport } from './report.ts';

export interface SimulationOrder {
  readonly decoded: Decoded;
  readonly wallet: Address | undefined;
  /** Address of a node (http or https), or path of a state file. */
  readonly where: string;
  /** Path of a state file to write, with everything that was read. */
  readonly saveTo: string | undefined;
}

/** Never rejects. */
export type Simulator = (order: SimulationOrder) => Promise<Result<SimulationReport, SimulationProblem>>;
