/**
 * A report as JSON for scripts: whole numbers as decimal strings, bytes and words of storage as
 * `0x` hex, addresses in lower case.
 */
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import type { SimulationProblem, SimulationReport } from './report.ts';

export function simulationJson(result: Result<SimulationReport, SimulationProblem>): Json {
  if (!result.ok) return { ok: false, error: { code: result.error.code, message: result.error.message } };
  const { basis, control, delegatecalls, words, ...report } = result.value;
  return {
    ok: true,
    basis: { ...json(basis), blockHash: `0x${basis.blockHash}` },
    ...json(report),
    control: control.map((row) => ({
      ...json(row),
      ...(row.slot === '' ? {} : { slot: `0x${row.slot}` }),
      before: word(row.before),
      after: word(row.after),
    })),
    words: words.map((row) => ({ ...json(row), slot: `0x${row.slot}`, after: word(row.after) })),
    delegatecalls: delegatecalls.map((row) => {
      return { ...json(row), ...(row.selector === undefined ? {} : { selector: `0x${row.selector}` }) };
    }),
  };
}

function word(value: bigint): string {
  return `0x${value.toString(16).padStart(64, '0')}`;
}

/** Absent where undefined; numbers of any kind as text. */
function json(value: object): { [key: string]: Json } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, jsonValue(member)]));
}

function jsonValue(value: unknown): Json {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint' || typeof value === 'number') return `${value}`;
  if (Array.isArray(value)) return value.map(jsonValue);
  return typeof value === 'object' && value !== null ? json(value) : '';
}
