/** What must hold of the homes of a network, whatever was killed when. */
import { expect } from 'vitest';
import { homeLayout as operatorLayout } from '../../../coordinator/layout.ts';
import type { JournalRecord } from '../../../participant/journal/records.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import { bookOf, journalOf, logsOf } from './memory.ts';
import type { Network } from './network.ts';

/** Reads everything back; call it when the network is quiet or stopped. */
export async function checkNothingTwice(network: Network): Promise<void> {
  for (const { home } of network.holders) {
    const records = await journalOf(home);
    checkSessions(records);
    checkSlots(records);
  }
  await checkRounds(network);
  await checkOutcomes(network);
}

/** One start a session id, one session a consent, one verdict an attempt, counters that only grow. */
function checkSessions(records: readonly JournalRecord[]): void {
  const sessions = records.flatMap((record) => (record.type === 'session-started' ? [record] : []));
  expectDistinct(sessions.map((record) => toHex(record.sessionId)));
  expectDistinct(sessions.map((record) => `${toHex(record.proposal)}/${record.attempt}`));
  const verdicts = records.flatMap((record) => (record.type === 'verdict-given' ? [record] : []));
  expectDistinct(verdicts.map((record) => `${toHex(record.proposal)}/${record.attempt}`));
  const counters = records.flatMap((record) => (record.type === 'counter' ? [record.value] : []));
  expect(counters).toEqual([...counters].sort((a, b) => a - b));
  expectDistinct(counters.map(String));
}

/** At most one digest was ever released for a wallet, chain and nonce. */
function checkSlots(records: readonly JournalRecord[]): void {
  const released = new Map<string, Set<string>>();
  for (const session of records) {
    if (session.type !== 'session-started' || session.slot === undefined) continue;
    const left = records.some(
      (record) => record.type === 'r3-sent' && toHex(record.sessionId) === toHex(session.sessionId),
    );
    const slot = `${toHex(session.walletId)}/${session.slot.chainId}/${session.slot.nonce}`;
    if (left) released.set(slot, (released.get(slot) ?? new Set()).add(toHex(session.digest)));
  }
  for (const digests of released.values()) expect(digests.size).toBe(1);
}

/** Nobody said two different things in one round of one session. */
async function checkRounds(network: Network): Promise<void> {
  // The coordinator's home has its logs in the same places.
  const logs = await logsOf(operatorLayout(network.operatorHome).home, [...network.past, network.roster]);
  const said = new Map<string, string>();
  for (const { bytes, kind } of logs.flatMap(({ records }) => records)) {
    const envelope = kind === 'round' ? parseEnvelope(bytes) : undefined;
    if (envelope === undefined) continue;
    const place = [toHex(envelope.sid), envelope.type, envelope.round, envelope.from].join('/');
    expect(said.get(place) ?? toHex(envelope.eh)).toBe(toHex(envelope.eh));
    said.set(place, toHex(envelope.eh));
  }
}

/** One outcome a party and ceremony, none that blames anybody, no two that contradict each other. */
async function checkOutcomes(network: Network): Promise<void> {
  const logs = await Promise.all(network.holders.map(({ home }) => logsOf(home, [...network.past, network.roster])));
  for (const { records, roster } of logs.flat()) {
    for (const { ceremony } of bookOf(roster, records).entries()) {
      expect(ceremony.equivocations.size).toBe(0);
      const bodies = [...ceremony.outcomes.values()].map((outcome) => outcome.body);
      expect(bodies.flatMap((body) => body.abort?.culprits ?? [])).toEqual([]);
      const signatures = bodies.flatMap(({ signature }) =>
        signature === undefined ? [] : [toHex(signature.r) + toHex(signature.s)],
      );
      expect(new Set(signatures).size).toBeLessThanOrEqual(1);
    }
  }
}

export async function bansOf(network: Network, index: number): Promise<number> {
  const records = await journalOf(network.holder(index).home);
  return records.filter((record) => record.type === 'ban' || record.type === 'pair-fail').length;
}

function expectDistinct(names: readonly string[]): void {
  expect(new Set(names).size).toBe(names.length);
}
