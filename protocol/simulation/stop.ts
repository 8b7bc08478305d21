import type { SimulationCode, SimulationProblem } from './report.ts';

/** Ends a simulation from inside the EVM, which passes on every error that is not its own. */
export class SimulationStop extends Error {
  readonly problem: SimulationProblem;

  constructor(code: SimulationCode, message: string) {
    super(message);
    this.problem = { code, message };
  }
}
