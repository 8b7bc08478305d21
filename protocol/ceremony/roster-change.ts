/** How a roster follows another: which one may, and what it changes, for screens. */
import { equalBytes, toHex } from '../common/bytes.ts';
import { err, ok, type Result } from '../common/result.ts';
import type { Operator, Party, Roster, RosterBody } from './roster.ts';

export interface SuccessionFault {
  readonly code: 'NOT_SUCCESSOR';
  readonly message: string;
}

/** Whether `next`, which all its parties have signed, may follow `current`. */
export function checkSuccessor(
  current: RosterBody & { readonly digest: Uint8Array },
  next: Roster,
): Result<void, SuccessionFault> {
  const fault = successionFault(current, next);
  return fault === undefined ? ok(undefined) : err({ code: 'NOT_SUCCESSOR', message: fault });
}

function successionFault(current: RosterBody & { readonly digest: Uint8Array }, next: RosterBody): string | undefined {
  if (next.previous === undefined || !equalBytes(next.previous, current.digest)) {
    return 'it does not name the current roster as the one that it replaces';
  }
  if (next.version !== current.version + 1)
    return `its version is ${next.version}, and ${current.version + 1} would follow`;
  if (next.name !== current.name) return 'it has another name than the current roster';
  if (!equalBytes(next.network, current.network)) return 'it belongs to another private network';
  const uses = usesOf(current);
  const odd = [...usesOf(next)].find(([key, use]) => {
    const before = uses.get(key);
    return before !== undefined && before !== use;
  });
  return odd === undefined ? undefined : 'it gives a key of the current roster to another member or another use';
}

/** What each key is for; the transport key of a party is bound to its statement key, which is its identity. */
function usesOf(roster: RosterBody): ReadonlyMap<string, string> {
  const uses = new Map<string, string>();
  for (const { statementKey, transportKey } of roster.parties) {
    uses.set(toHex(statementKey), 'statements of a party');
    uses.set(toHex(transportKey), `transport of party ${toHex(statementKey)}`);
  }
  for (const { key, transportKey } of roster.operators) {
    uses.set(toHex(key), 'statements of an operator');
    uses.set(toHex(transportKey), `transport of operator ${toHex(key)}`);
  }
  return uses;
}

/** The party of this roster with this statement key. */
export function partyByKey(roster: RosterBody, statementKey: Uint8Array): Party | undefined {
  return roster.parties.find((party) => equalBytes(party.statementKey, statementKey));
}

/** A party that is in both rosters; its identity is its statement key. */
export interface Staying {
  readonly before: Party;
  readonly after: Party;
}

export interface RosterChange {
  /** In the next roster only, by its index there. */
  readonly joins: readonly Party[];
  /** In the current roster only, by its index there. */
  readonly leaves: readonly Party[];
  readonly stays: readonly Staying[];
  /** Of those that stay: who has another index afterwards. */
  readonly moved: readonly Staying[];
  /** Of those that stay: whose name, person, transport key or addresses change. */
  readonly altered: readonly Staying[];
  readonly threshold: { readonly from: number; readonly to: number };
  readonly parties: { readonly from: number; readonly to: number };
  readonly operators: {
    readonly joins: readonly Operator[];
    readonly leaves: readonly Operator[];
    /** Whose name, person or transport key changes; policies go by the name. */
    readonly altered: readonly { readonly before: Operator; readonly after: Operator }[];
  };
  /** Seconds. */
  readonly announcement: { readonly from: number; readonly to: number };
}

export function rosterChange(current: RosterBody, next: RosterBody): RosterChange {
  const stays = current.parties.flatMap((before): readonly Staying[] => {
    const after = partyByKey(next, before.statementKey);
    return after === undefined ? [] : [{ before, after }];
  });
  return {
    joins: next.parties.filter((party) => partyByKey(current, party.statementKey) === undefined),
    leaves: current.parties.filter((party) => partyByKey(next, party.statementKey) === undefined),
    stays,
    moved: stays.filter(({ before, after }) => before.index !== after.index),
    altered: stays.filter(({ before, after }) => describedAs(before) !== describedAs(after)),
    threshold: { from: current.threshold, to: next.threshold },
    parties: { from: current.parties.length, to: next.parties.length },
    operators: {
      joins: next.operators.filter((operator) => !hasOperator(current, operator)),
      leaves: current.operators.filter((operator) => !hasOperator(next, operator)),
      altered: current.operators.flatMap((before) => {
        const after = next.operators.find(({ key }) => equalBytes(key, before.key));
        return after === undefined || roleOf(before) === roleOf(after) ? [] : [{ before, after }];
      }),
    },
    announcement: { from: current.announcement, to: next.announcement },
  };
}

function describedAs({ addresses, name, person, transportKey }: Party): string {
  return JSON.stringify([name, person, toHex(transportKey), addresses]);
}

function roleOf({ name, person, transportKey }: Operator): string {
  return JSON.stringify([name, person, toHex(transportKey)]);
}

function hasOperator(roster: RosterBody, { key }: Operator): boolean {
  return roster.operators.some((operator) => equalBytes(operator.key, key));
}
