/**
 * Known attacks, each as a payload with the codes that it must get, and beside it a harmless payload of the same shape
 * that must not get any critical one. test/vectors/incidents/README.md says what each file holds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Result } from '../../protocol/common/result.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { type Decoded, decode } from '../../protocol/payload/payload.ts';
import type { PayloadProblem } from '../../protocol/payload/refusal.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { isObservedRisk, RISKS } from '../../protocol/payload/risk/codes.ts';
import { hex } from './support/payloads.ts';

interface Case {
  readonly payload: unknown;
  /** `CODE@path`, in order. */
  readonly expected?: readonly string[];
}

interface Incident extends Case {
  readonly name: string;
  readonly source: string;
  readonly exact: boolean;
  /** `0x` hex of what would be signed, where the chain tells it. */
  readonly digest?: string;
  /** The code of the refusal, for bytes that nobody may be shown as whole. */
  readonly refused?: string;
  /** Codes that no bytes raise: what a participant's history would add. */
  readonly observed?: readonly string[];
  readonly twin: Case & { readonly note: string; readonly expected: readonly string[] };
}

const FOLDER = new URL('../vectors/incidents/', import.meta.url);
const INCIDENTS = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => [file, JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Incident] as const);

function read(payload: unknown): Result<Decoded, PayloadProblem> {
  const parsed = payloadFromInspectJson(JSON.stringify(payload));
  return parsed.ok ? decode(parsed.value) : parsed;
}

function codes(decoded: Decoded): readonly string[] {
  return assess(decoded).risks.map(({ code, path }) => `${code}@${path}`);
}

describe.each(INCIDENTS)('%s', (_, incident) => {
  test(`${incident.name}`, () => {
    const result = read(incident.payload);
    if (incident.refused !== undefined) {
      expect(result).toMatchObject({ ok: false, error: { code: incident.refused } });
      return;
    }
    if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
    expect(codes(result.value)).toEqual(incident.expected);
    if (incident.digest !== undefined) expect(hex(result.value.digest)).toBe(incident.digest);
    for (const code of incident.observed ?? []) expect(isObservedRisk(code)).toBe(true);
  });

  test(`its twin: ${incident.twin.note}`, () => {
    const result = read(incident.twin.payload);
    if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
    expect(codes(result.value)).toEqual(incident.twin.expected);
    const critical = assess(result.value).risks.filter(({ code }) => RISKS[code].severity === 'critical');
    expect(critical).toEqual([]);
  });
});

test('an attack is told from its twin by the bytes, unless only history can tell', () => {
  for (const [file, { expected, twin, observed, refused }] of INCIDENTS) {
    if (refused === undefined && observed === undefined) expect(expected, file).not.toEqual(twin.expected);
  }
  expect(INCIDENTS.length).toBe(41);
});
