/** What the simulation thread is given, and what it says in the end. */
import type { Result } from '../../protocol/common/result.ts';
import type { Address } from '../../protocol/payload/address.ts';
import type { Payload } from '../../protocol/payload/payload.ts';
import type { SimulationProblem, SimulationReport } from '../../protocol/simulation/report.ts';

/** Where the state comes from: the address of a node, or the text of a state file. */
export type StateOrigin =
  | { readonly kind: 'rpc'; readonly address: string }
  | { readonly kind: 'file'; readonly text: string };

export interface ThreadData {
  /** The bytes, which the thread decodes for itself. */
  readonly payload: Payload;
  readonly wallet: Address | undefined;
  readonly origin: StateOrigin;
  /** Whether to hand back everything that was read, as the text of a state file. */
  readonly keepState: boolean;
}

export interface Simulated {
  readonly report: SimulationReport;
  /** Text of a state file. */
  readonly state: string | undefined;
}

export type SimulationResult = Result<Simulated, SimulationProblem>;

/** `isFinal`: nothing follows. Before that there may be a report whose cross-check is still open. */
export interface FromThread {
  readonly result: SimulationResult;
  readonly isFinal: boolean;
}
