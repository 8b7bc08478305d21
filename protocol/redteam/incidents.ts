/** The exact bytes of known attacks, compiled from test/vectors/incidents by scripts/redteam-corpus.mjs. */
import { payloadFromInspectJson } from '../payload/inspect-json.ts';
import { isObservedRisk } from '../payload/risk/codes.ts';
import type { Observation } from '../payload/risk/observed.ts';
import incidentData from './data/incidents.json' with { type: 'json' };
import type { Trial } from './types.ts';

interface Incident {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly exact: boolean;
  /** Codes that only a history can add. */
  readonly observed: readonly string[];
  /** As `keymoot inspect` reads it. */
  readonly payload: string;
}

export const INCIDENTS: ReadonlyMap<string, Incident> = new Map(
  (incidentData as readonly Incident[]).map((incident) => [incident.id, incident] as const),
);

/** The bytes as they are. What not even the first reader accepts is a step that ends there. */
export function incidentTrial(id: string): Trial {
  const incident = INCIDENTS.get(id);
  if (incident === undefined) throw new RangeError(`there is no incident "${id}"`);
  const label = `the bytes of ${id}`;
  const payload = payloadFromInspectJson(incident.payload);
  if (!payload.ok) {
    const { code, message } = payload.error;
    return {
      label,
      steps: [{ kind: 'presented', what: label, judge: () => ({ layer: 'decode', code, words: message }) }],
    };
  }
  const observed = incident.observed.flatMap((code): readonly Observation[] => {
    return isObservedRisk(code) ? [{ code, path: '0', detail: 'as the history of the victim would have said' }] : [];
  });
  return { label, steps: [{ kind: 'payload', payload: payload.value, observed }] };
}
