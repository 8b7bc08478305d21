/** What people must have said before a party consents: the strictest of all that rules and limits ask for. */
import { DEFAULT_TTL } from './limits.ts';
import type { Obligation } from './schema.ts';
import { NO_OBLIGATIONS, type Obligations } from './verdict.ts';

/** With what is not said filled in. `undefined`: a `require` rule that says nothing more. */
export function obligationsOf(asked: Obligation = {}): Obligations {
  return {
    holder: asked.holder ?? true,
    groups: asked.groups ?? [],
    distinctDevices: asked.distinctDevices ?? false,
    ttlSec: asked.ttlSec ?? DEFAULT_TTL,
    delaySec: asked.delaySec ?? 0,
    rejects: asked.rejects ?? 1,
  };
}

/** All of them together; nothing in the list asks for nothing. */
export function joined(all: readonly Obligations[]): Obligations {
  if (all.length === 0) return NO_OBLIGATIONS;
  const groups = new Map<string, number>();
  for (const { group, quorum } of all.flatMap((asked) => asked.groups)) {
    groups.set(group, Math.max(quorum, groups.get(group) ?? 0));
  }
  return {
    holder: all.some(({ holder }) => holder),
    groups: [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, quorum]) => ({ group, quorum })),
    distinctDevices: all.some(({ distinctDevices }) => distinctDevices),
    ttlSec: least(all.map(({ ttlSec }) => ttlSec)),
    delaySec: all.reduce((most, { delaySec }) => Math.max(most, delaySec), 0),
    rejects: least(all.map(({ rejects }) => rejects)),
  };
}

/** A person has to decide, whatever the rules say. */
export function withHolder(obligations: Obligations): Obligations {
  return { ...obligations, holder: true };
}

function least(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}
