/** What of a simulation approvers must weigh, as observations. They only ever add to what the bytes themselves raise. */
import { type Address, checksumAddress, ZERO_ADDRESS } from '../payload/address.ts';
import type { AbiValue } from '../payload/calldata/abi.ts';
import type { Call, Executor, Movement } from '../payload/calldata/call.ts';
import type { Decoded } from '../payload/payload.ts';
import type { SimulationRisk } from '../payload/risk/codes-observed.ts';
import type { Observation } from '../payload/risk/observed.ts';
import type { Approval, NativeMovement, SimulationProblem, SimulationReport, TokenMovement } from './report.ts';
import { controlWords, MoneyWords } from './sentences.ts';

const PATH = '0';
/** Rows named one by one for each code; the report has them all. */
const MAX_NAMED = 16;

/** @param wallet the account whose key would sign, for movements that the decode ascribes to "the wallet" */
export function simulationRisks(
  report: SimulationReport,
  decoded: Decoded,
  wallet: Address | undefined,
): readonly Observation[] {
  const { crossCheck, outcome } = report;
  const result: Observation[] = [];
  const raise = (code: SimulationRisk, facts: readonly string[]): void => {
    const where = `simulation on block ${report.basis.blockNumber}`;
    for (const fact of facts.slice(0, MAX_NAMED)) result.push({ code, path: PATH, detail: `${where}: ${fact}` });
    const left = facts.length - MAX_NAMED;
    if (left > 0) result.push({ code, path: PATH, detail: `${where}: and ${left} more like it` });
  };
  if (outcome.kind !== 'succeeds') raise('SIM_REVERTS', [outcome.reason]);
  raise('SIM_CONTROL_CHANGE', report.control.map(controlWords));
  raise('SIM_FOREIGN_DELEGATECALL', foreignDelegatecalls(report));
  raise('SIM_UNEXPECTED_MOVEMENT', unexpected(report, decoded, wallet));
  raise(
    'SIM_CREATES',
    report.created.map(({ address, size }) => `${checksumAddress(address)} with ${size} bytes of code`),
  );
  if (crossCheck.kind === 'differs') raise('SIM_DISAGREES', crossCheck.facts);
  return result;
}

/** The run began and was ended: by what the payload does, or, which nobody can tell apart, by a node that is too slow. */
const CUT_SHORT: ReadonlySet<SimulationProblem['code']> = new Set<SimulationProblem['code']>([
  'SIM_LIMIT',
  'SIM_MEMORY',
  'SIM_TIMEOUT',
]);

/** A payload that runs nothing lacks nothing; everything else without a report is worth knowing. */
export function problemRisks({ code, message }: SimulationProblem): readonly Observation[] {
  if (code === 'SIM_NOTHING_TO_RUN') return [];
  const risk: SimulationRisk = CUT_SHORT.has(code) ? 'SIM_CUT_SHORT' : 'SIM_UNAVAILABLE';
  return [{ code: risk, path: PATH, detail: `simulation: ${message}` }];
}

function foreignDelegatecalls({ delegatecalls }: SimulationReport): readonly string[] {
  return delegatecalls
    .filter(({ isForeign }) => isForeign)
    .map(({ account, isUndone, target }) => {
      const undone = isUndone ? ', undone by a revert' : '';
      return `${checksumAddress(account)} runs the code at ${checksumAddress(target)} as itself${undone}`;
    });
}

/** What leaves an account of ours, or may be taken from it, and stands in no decoded call. */
function unexpected(report: SimulationReport, decoded: Decoded, wallet: Address | undefined): readonly string[] {
  const own = new Set(report.own);
  const named = new Named(decoded, wallet, new Set(report.created.map(({ address }) => address)));
  const words = new MoneyWords(report.basis.chainId);
  return [
    ...report.moved.filter((row) => own.has(row.from) && !named.native(row)).map((row) => words.native(row)),
    ...report.tokens.filter((row) => own.has(row.from) && !named.token(row)).map((row) => words.token(row)),
    ...report.approvals
      .filter((row) => own.has(row.owner) && row.spender !== ZERO_ADDRESS && row.amount > 0n && !named.approval(row))
      .map((row) => words.approval(row)),
    ...report.destroyed
      .filter(({ address }) => own.has(address))
      .map(({ address, beneficiary }) => {
        return `${checksumAddress(address)} ends itself, and ${checksumAddress(beneficiary)} gets what it holds`;
      }),
  ];
}

/** What the decode names. Each movement stands for one; the same again is a movement that nobody has named. */
class Named {
  readonly #calls: readonly Call[];
  readonly #wallet: Address | undefined;
  readonly #created: ReadonlySet<Address>;
  readonly #open: Set<Movement>;

  constructor(decoded: Decoded, wallet: Address | undefined, created: ReadonlySet<Address>) {
    this.#calls = decoded.calls;
    this.#wallet = wallet;
    this.#created = created;
    this.#open = new Set(decoded.calls.flatMap(({ movements }) => movements));
  }

  native({ amount, from, to }: NativeMovement): boolean {
    return this.#take((movement) => {
      const { asset, counterparty } = movement;
      const isReceiver = counterparty === to || (counterparty === 'created' && this.#created.has(to));
      return asset === 'native' && isReceiver && movement.amount === amount && this.#isOwner(movement, from);
    });
  }

  token({ amount, from, id, standard, to, token }: TokenMovement): boolean {
    // A decoded transferFrom does not know whether its number is an amount or a token.
    const number = standard === 'erc721' && id !== undefined ? id : amount;
    return (
      this.#take((movement) => {
        const { asset, counterparty, kind } = movement;
        const isIt = asset === token && kind !== 'approve' && counterparty === to && movement.amount === number;
        return isIt && this.#isOwner(movement, from);
      }) || this.#says(token, /^safe(?:Batch)?Transfer/, [to], id === undefined ? [] : [id])
    );
  }

  approval({ amount, kind, owner, spender, token }: Approval): boolean {
    if (kind === 'all') return this.#says(token, /^setApprovalForAll$/, [spender], []);
    const isNamed = this.#take((movement) => {
      const { asset, counterparty } = movement;
      const isIt = asset === token && movement.kind === 'approve' && counterparty === spender;
      return isIt && movement.amount === amount && this.#isOwner(movement, owner);
    });
    if (isNamed) return true;
    if (kind === 'permit2') return this.#says(undefined, /^(?:approve|permit)/, [token, spender], [amount]);
    // These say by how much, the event says how much it is then.
    return this.#says(token, /^(?:in|de)creaseAllowance$/, [spender], []);
  }

  #take(fits: (movement: Movement) => boolean): boolean {
    for (const movement of this.#open) {
      if (!fits(movement)) continue;
      this.#open.delete(movement);
      return true;
    }
    return false;
  }

  #isOwner({ owner }: Movement, account: Address): boolean {
    return this.#addressOf(owner) === account;
  }

  #addressOf(executor: Executor): Address | undefined {
    return executor === 'wallet' ? this.#wallet : executor;
  }

  /** Whether a decoded call of such a function holds all these among its arguments. */
  #says(to: Address | undefined, name: RegExp, addresses: readonly Address[], numbers: readonly bigint[]): boolean {
    return this.#calls.some((call) => {
      if (call.call === undefined || !name.test(call.call.name)) return false;
      if (call.operation !== 'call' || (to !== undefined && call.to !== to)) return false;
      const values = call.call.args.flatMap(({ value }) => flat(value));
      return [...addresses, ...numbers].every((wanted) => values.includes(wanted));
    });
  }
}

function flat(value: AbiValue): readonly (string | bigint | boolean)[] {
  if (typeof value !== 'object') return [value];
  return Array.isArray(value) ? value.flatMap(flat) : [];
}
