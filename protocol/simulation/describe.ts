/** The lines on a screen that say what a simulation saw. Printable ASCII only. */
import { checksumAddress } from '../payload/address.ts';
import { wrapped } from '../payload/words/lines.ts';
import { sanitise } from '../payload/words/sanitise.ts';
import type { CrossCheck, SimulationProblem, SimulationReport } from './report.ts';
import { controlWords, MoneyWords } from './sentences.ts';

const HEADING = 'SIMULATION';
const MAX_LINE = 1024;
/** Rows of one kind on a screen; the JSON has them all. */
const MAX_SHOWN = 24;

export function describeSimulation(report: SimulationReport): readonly string[] {
  const { basis, delegatecalls, notes } = report;
  const own = new Set(report.own);
  const words = new MoneyWords(basis.chainId);
  const foreign = delegatecalls.filter(({ isForeign }) => isForeign);
  const others = delegatecalls.filter((row) => !row.isForeign && own.has(row.account));
  const lines = [
    ...wrapped('  ', `State of block ${basis.blockNumber}, as claimed by ${basis.source}; nobody has proven it.`),
    `  Block: 0x${basis.blockHash} of chain ${basis.chainId}`,
    ...outcomeLines(report, words),
    ...rows(
      'Control changes',
      report.control.map((row) => `!! ${controlWords(row)}`),
    ),
    ...rows(
      'Foreign code that runs as an account of yours',
      foreign.map(({ account, isUndone, target }) => {
        const undone = isUndone ? ' (undone by a revert)' : '';
        return `!! ${checksumAddress(account)} runs ${checksumAddress(target)}${undone}`;
      }),
    ),
    ...rows(
      'Money that moves',
      report.moved.map((row) => words.native(row)),
    ),
    ...rows(
      'Tokens that move, as their contracts say',
      report.tokens.map((row) => words.token(row)),
    ),
    ...rows(
      'Approvals, as the contracts say',
      report.approvals.map((row) => words.approval(row)),
    ),
    ...rows(
      'Balances of your accounts',
      report.balances
        .filter(({ account }) => own.has(account))
        .map(({ account, after, before }) => {
          const more = after > before;
          return `${checksumAddress(account)} ${more ? 'gains' : 'loses'} ${words.coin(more ? after - before : before - after)}`;
        }),
    ),
    ...rows(
      'New contracts',
      report.created.map(({ address, creator, size }) => {
        return `${checksumAddress(address)}, ${size} bytes of code, by ${checksumAddress(creator)}`;
      }),
    ),
    ...rows(
      'Contracts that end themselves',
      report.destroyed.map(({ address, beneficiary }) => {
        return `${checksumAddress(address)}, in favour of ${checksumAddress(beneficiary)}`;
      }),
    ),
    ...rows(
      'Code that runs as an account of yours, its own or a batch',
      others.map(({ account, target }) => `${checksumAddress(account)} runs ${checksumAddress(target)}`),
    ),
    ...(moves(report) ? [] : ['  Nothing of value moves in the simulation.']),
    ...rows('To know', notes),
    ...crossCheckLines(report.crossCheck),
  ];
  return [HEADING, ...lines].map((line) => sanitise(line, MAX_LINE));
}

/** Where there is no report: why. */
export function describeProblem({ code, message }: SimulationProblem): readonly string[] {
  return [HEADING, ...wrapped('  ', `None (${code}): ${message}`)].map((line) => sanitise(line, MAX_LINE));
}

function moves({ approvals, moved, tokens }: SimulationReport): boolean {
  return moved.length + tokens.length + approvals.length > 0;
}

function outcomeLines({ fee, gasUsed, outcome }: SimulationReport, words: MoneyWords): readonly string[] {
  const cost = `${gasUsed} gas${fee === 0n ? '' : `, a fee of ${words.coin(fee)}`}`;
  switch (outcome.kind) {
    case 'succeeds':
      return wrapped('  ', `It succeeds and uses ${cost}.`);
    case 'failed-inside':
      return wrapped('  !! ', `It is executed, but ${outcome.reason}; it uses ${cost}.`);
    case 'reverts':
      return wrapped('  !! ', `It reverts: ${outcome.reason}. It uses ${cost}.`);
    case 'impossible':
      return wrapped(
        '  !! ',
        `No chain would execute it now: ${outcome.reason}. It would ${outcome.otherwise === 'succeeds' ? 'succeed' : 'revert'} otherwise, as below.`,
      );
  }
}

function crossCheckLines(check: CrossCheck): readonly string[] {
  switch (check.kind) {
    case 'none':
      return wrapped('  ', `Not cross-checked: ${check.why}.`);
    case 'agrees':
      return wrapped('  ', `Cross-checked: ${check.by} traces the same.`);
    case 'differs':
      return [
        ...wrapped('  !! ', `CROSS-CHECK FAILED: ${check.by} traces something else:`),
        ...check.facts.slice(0, MAX_SHOWN).flatMap((fact) => wrapped('     ', fact)),
      ];
  }
}

function rows(heading: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MAX_SHOWN).flatMap((line) => {
    const [mark, text] = line.startsWith('!! ') ? ['!! ', line.slice(3)] : ['', line];
    return wrapped(`    ${mark}`, text);
  });
  const left = lines.length - MAX_SHOWN;
  return [`  ${heading}:`, ...shown, ...(left > 0 ? [`    and ${left} more`] : [])];
}
