/**
 * Two simulations of the same run must tell the same about what approvers answer for: whether it works, what code runs as an
 * account of ours, which of its words and which words of control change, what leaves it, what is created. Gas and the
 * storage of strangers are left alone, since nodes differ there in the context of a call.
 */
import { type Address, checksumAddress } from '../payload/address.ts';
import { NAMED_SLOTS } from './control.ts';
import type { CrossCheck, NativeMovement, SimulationReport, TokenMovement } from './report.ts';

/** What another node's traces say, read strictly from its answer. */
export interface TraceFacts {
  readonly succeeds: boolean;
  /** Every changed word of every account. */
  readonly words: readonly { readonly account: Address; readonly slot: string; readonly after: bigint }[];
  readonly delegatecalls: readonly { readonly account: Address; readonly target: Address }[];
  readonly moved: readonly NativeMovement[];
  readonly tokens: readonly TokenMovement[];
  readonly created: readonly Address[];
}

/** Precompiled contracts: nodes differ in whether they count as called. */
const FIRST_REAL_ADDRESS = 0x10000n;

export function compareTraces(report: SimulationReport, theirs: TraceFacts, by: string): CrossCheck {
  const own = new Set(report.own);
  const isControl = (account: Address, slot: string): boolean => {
    return own.has(account) || NAMED_SLOTS.has(BigInt(`0x${slot}`));
  };
  const created = new Set([...theirs.created, ...report.created.map(({ address }) => address)]);
  const word = (account: Address, slot: string, after: bigint): string => {
    return `${checksumAddress(account)} has 0x${after.toString(16)} in slot 0x${slot}`;
  };
  const code = (account: Address, target: Address): string => {
    return `${checksumAddress(account)} runs ${checksumAddress(target)}`;
  };
  const native = ({ amount, from, to }: NativeMovement): string => {
    return `${amount} wei from ${checksumAddress(from)} to ${checksumAddress(to)}`;
  };
  const token = ({ amount, from, id, to, token: contract }: TokenMovement): string => {
    const number = id === undefined ? '' : ` of number ${id}`;
    return `${amount}${number} of ${checksumAddress(contract)} from ${checksumAddress(from)} to ${checksumAddress(to)}`;
  };
  const isReal = ({ target }: { readonly target: Address }): boolean => BigInt(target) >= FIRST_REAL_ADDRESS;
  const facts = [
    ...(hasSucceeded(report) === theirs.succeeds
      ? []
      : [theirs.succeeds ? 'it says that this succeeds' : 'it says that this fails']),
    ...difference(
      [...report.words, ...report.control.filter(({ area }) => area !== 'code')].map((row) =>
        word(row.account, row.slot, row.after),
      ),
      theirs.words
        .filter(({ account, slot }) => isControl(account, slot) && !created.has(account))
        .map((row) => word(row.account, row.slot, row.after)),
    ),
    ...difference(
      report.delegatecalls
        .filter((row) => own.has(row.account) && isReal(row))
        .map((row) => code(row.account, row.target)),
      theirs.delegatecalls
        .filter((row) => own.has(row.account) && isReal(row))
        .map((row) => code(row.account, row.target)),
    ),
    ...difference(
      report.moved.filter(({ from }) => own.has(from)).map(native),
      theirs.moved.filter(({ from }) => own.has(from)).map(native),
    ),
    ...difference(
      report.tokens.filter(({ from }) => own.has(from)).map(token),
      theirs.tokens.filter(({ from }) => own.has(from)).map(token),
    ),
    ...difference(
      report.created.map(({ address }) => `${checksumAddress(address)} is created`),
      theirs.created.map((address) => `${checksumAddress(address)} is created`),
    ),
  ];
  return facts.length === 0 ? { kind: 'agrees', by } : { kind: 'differs', by, facts };
}

function hasSucceeded({ outcome }: SimulationReport): boolean {
  // What is impossible was run all the same, with what is missing supplied on both sides.
  return (outcome.kind === 'impossible' ? outcome.otherwise : outcome.kind) !== 'reverts';
}

function difference(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const [here, there] = [new Set(ours), new Set(theirs)];
  return [
    ...[...here].filter((fact) => !there.has(fact)).map((fact) => `only here: ${fact}`),
    ...[...there].filter((fact) => !here.has(fact)).map((fact) => `only there: ${fact}`),
  ];
}
