/** Makes the report of what a finished run has left behind. */
import type { EVMResult } from '@ethereumjs/evm';
import type { Address } from '../payload/address.ts';
import type { Decoded } from '../payload/payload.ts';
import { BATCH_CONTRACTS } from '../payload/risk/batch-contracts.ts';
import { controlWrites, looksLikeSafe, ownCode } from './control.ts';
import { saysExecutionFailure, tokenFacts } from './logs.ts';
import { failureReason } from './reason.ts';
import type { Recorder } from './recorder.ts';
import type { ControlWrite, CreatedContract, DelegateCall, SimulationOutcome, SimulationReport } from './report.ts';
import type { Run } from './run.ts';
import type { SimulationLimits, StateSource } from './source.ts';
import { type SimulatedState, wordHex } from './state.ts';

export interface Finished {
  readonly decoded: Decoded;
  readonly wallet: Address | undefined;
  readonly run: Run;
  readonly source: StateSource;
  readonly limits: SimulationLimits;
  readonly state: SimulatedState;
  readonly recorder: Recorder;
  readonly delegations: readonly ControlWrite[];
  readonly result: EVMResult;
  readonly gasUsed: bigint;
}

export async function collect(finished: Finished): Promise<SimulationReport> {
  const { delegations, gasUsed, limits, recorder, result, run, source, state } = finished;
  const own = ownAccounts(finished);
  const safes = new Set([...run.safes, ...safesOf(finished.decoded)]);
  const logs = result.execResult.logs ?? [];
  const facts = tokenFacts(logs);
  const made = recorder.created;
  const created = new Set(made.map(({ address }) => address));
  const words = await state.changedWords();
  const control = [...delegations, ...(await controlWrites({ state, recorder, safes, created }))];
  const failed = [...safes].find((safe) => saysExecutionFailure(logs, safe));
  const notes = [...run.notes];
  // What concerns accounts of ours is never cut: a long list must not hide its last row. The gas limits it.
  const cut = <T>(rows: readonly T[], name: string, isOurs: (row: T) => boolean = () => false): readonly T[] => {
    const ours = rows.filter(isOurs);
    const room = Math.max(0, limits.maxRows - ours.length);
    if (rows.length - ours.length <= room) return rows;
    notes.push(`${rows.length} ${name}, of which ${ours.length + room} are listed`);
    return [...ours, ...rows.filter((row) => !isOurs(row)).slice(0, room)];
  };
  // Of a Safe transaction: an account that we made up.
  const isSubmitter = (account: Address): boolean => run.subject === 'safe-transaction' && account === run.caller;
  const isOwn = (...accounts: readonly Address[]): boolean => accounts.some((account) => own.includes(account));
  return {
    basis: {
      source: source.name,
      chainId: source.chainId,
      blockNumber: source.block.number,
      blockHash: source.block.hash,
      timestamp: source.block.timestamp,
    },
    subject: run.subject,
    own,
    outcome: outcomeOf(finished, failed),
    gasUsed,
    fee: run.fee === undefined ? 0n : run.fee.perGas * gasUsed + run.fee.blobs,
    balances: cut(
      (await state.balances()).filter(({ account, after, before }) => before !== after && !isSubmitter(account)),
      'balances',
      ({ account }) => isOwn(account),
    ),
    moved: cut(recorder.moved, 'movements of native money', ({ from, to }) => isOwn(from, to)),
    tokens: cut(facts.tokens, 'token movements', ({ from, to }) => isOwn(from, to)),
    approvals: cut(facts.approvals, 'approvals', ({ owner }) => isOwn(owner)),
    control: cut(control, 'changes of control', ({ account }) => isOwn(account)),
    delegatecalls: cut(await delegatecalls(finished, own, safes), 'delegatecalls', (row) => isOwn(row.account)),
    created: cut(await sized(state, made), 'new contracts'),
    destroyed: cut(recorder.destroyed, 'contracts that end'),
    words: words
      .filter(({ account }) => own.includes(account))
      .map(({ account, after, slot }) => ({ account, slot: wordHex(slot), after })),
    wordsChanged: words.length,
    notes,
    crossCheck: { kind: 'none', why: 'nobody was asked' },
  };
}

function outcomeOf({ result, run }: Finished, failed: Address | undefined): SimulationOutcome {
  const { exceptionError, returnValue } = result.execResult;
  if (run.obstacle !== undefined) {
    const otherwise = exceptionError === undefined ? 'succeeds' : 'reverts';
    return { kind: 'impossible', reason: run.obstacle, otherwise };
  }
  if (exceptionError !== undefined) return { kind: 'reverts', reason: failureReason(exceptionError, returnValue) };
  if (failed !== undefined) return { kind: 'failed-inside', reason: `the call of the Safe ${failed} fails` };
  return { kind: 'succeeds' };
}

/** The wallet and whoever acts in the decoded calls: their money and their rules are what approvers answer for. */
function ownAccounts({ decoded, run, wallet }: Finished): readonly Address[] {
  const acting = decoded.calls.flatMap(({ from }) => (from === 'wallet' ? [] : [from]));
  return [...new Set([...(wallet === undefined ? [] : [wallet]), ...run.safes, ...acting])];
}

/** Accounts that the decoded calls make execute Safe transactions. */
function safesOf({ calls }: Decoded): readonly Address[] {
  return calls.flatMap(({ from, safeGas }) => (safeGas === undefined || from === 'wallet' ? [] : [from]));
}

/** Whether code is foreign is only asked for accounts of ours: contracts call their libraries this way all the time. */
async function delegatecalls(
  { recorder, state }: Finished,
  own: readonly Address[],
  safes: ReadonlySet<Address>,
): Promise<readonly DelegateCall[]> {
  const codes = new Map<Address, ReadonlySet<Address>>();
  const result: DelegateCall[] = [];
  for (const seen of recorder.delegatecalls) {
    const { account, target } = seen;
    if (!own.includes(account)) {
      result.push({ ...seen, isForeign: false });
      continue;
    }
    const known = codes.get(account);
    const isSafe = safes.has(account) || (known === undefined && (await looksLikeSafe(state, account)));
    const allowed = known ?? (await ownCode(state, account, isSafe));
    codes.set(account, allowed);
    result.push({ ...seen, isForeign: !allowed.has(target) && !BATCH_CONTRACTS.has(target) });
  }
  return result;
}

async function sized(state: SimulatedState, made: Recorder['created']): Promise<readonly CreatedContract[]> {
  const result: CreatedContract[] = [];
  for (const row of made) result.push({ ...row, size: (await state.codeNow(row.address)).length });
  return result;
}
