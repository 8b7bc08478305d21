/**
 * A change of keys as people must see it before they agree: the difference between now and then, in plain sentences,
 * and what is unusual about it. The same words on a key holder's screen and in an audit.
 */
import { toHex } from '../common/bytes.ts';
import { checksumAddress } from '../payload/address.ts';
import { addressOfClaimed } from './address.ts';
import type { KeyChangeProposal } from './agreement.ts';
import { duration } from './announcement.ts';
import type { ExportProposal, ImportProposal, ReshareProposal } from './proposal.ts';
import { fingerprint, type Party, partyOf, type Roster, type RosterBody } from './roster.ts';
import { type RosterChange, rosterChange } from './roster-change.ts';

export interface KeyChangeWords {
  readonly title: string;
  /** What will be different, and what stays. */
  readonly lines: readonly string[];
  /** What a person should ask about before agreeing; none is ordinary. */
  readonly warnings: readonly string[];
}

/** @param address 20 bytes of the wallet, if it is known here */
export function describeKeyChange(
  body: KeyChangeProposal,
  roster: RosterBody,
  address: Uint8Array | undefined,
): KeyChangeWords {
  switch (body.ceremony) {
    case 'reshare':
      return body.next === undefined ? refresh(body, roster, address) : handOver(body, body.next, roster, address);
    case 'import':
      return importing(body, roster);
    case 'export':
      return exporting(body, roster, address);
  }
}

function refresh(body: ReshareProposal, roster: RosterBody, address: Uint8Array | undefined): KeyChangeWords {
  return {
    title: 'NEW SHARES of a key',
    lines: [
      ...walletLines(body.wallet, address),
      `the same ${roster.parties.length} parties hold it, and any ${roster.threshold} of them sign, as before`,
      dealerLine(body, roster),
      `an old share, or a backup of one, no longer combines with the new ones; ${roster.threshold} old ones together still are the key`,
    ],
    warnings: [],
  };
}

function handOver(
  body: ReshareProposal,
  next: Roster,
  roster: RosterBody,
  address: Uint8Array | undefined,
): KeyChangeWords {
  const change = rosterChange(roster, next);
  const { words, digits } = fingerprint(next.digest);
  const restored = (body.restored ?? []).map(({ joining, oldIndex }) => {
    return `${named(next, joining)} brings back the share of ${named(roster, oldIndex)} from a backup, and deals it`;
  });
  return {
    title: change.joins.length === 0 && change.leaves.length === 0 ? 'NEW ROSTER for a key' : 'HANDS A KEY TO OTHERS',
    lines: [
      ...walletLines(body.wallet, address),
      ...changeLines(change),
      dealerLine(body, roster),
      ...restored,
      `afterwards any ${next.threshold} of ${names(next.parties)} have full control of it`,
      `next roster: ${next.name} version ${next.version}, fingerprint ${words}`,
      `  in digits ${digits}`,
    ],
    warnings: warningsOf(change, next),
  };
}

/** What a roster changes, one sentence each. */
export function changeLines(change: RosterChange): readonly string[] {
  const { altered, announcement, joins, leaves, moved, operators, parties, threshold } = change;
  const rule = (t: number, n: number): string => `any ${t} of ${n} sign`;
  return [
    ...joins.map((party) => `JOINS  party ${party.index}: ${party.name} (${party.person}), key ${keyName(party)}`),
    ...leaves.map((party) => `LEAVES party ${party.index}: ${party.name} (${party.person})`),
    ...moved.map(({ before, after }) => `${before.name}: party ${before.index} becomes party ${after.index}`),
    ...altered.map(({ before, after }) => `${before.name} (${before.person}): ${alteration(before, after)}`),
    rule(threshold.from, parties.from) === rule(threshold.to, parties.to)
      ? `${rule(threshold.to, parties.to)}, as before`
      : `${rule(threshold.to, parties.to)}; before: ${rule(threshold.from, parties.from)}`,
    ...operators.joins.map(({ name, person }) => `operator ${name} (${person}) may propose from now on`),
    ...operators.leaves.map(({ name, person }) => `operator ${name} (${person}) may propose no longer`),
    ...operators.altered.map(({ before, after }) => {
      return `operator ${before.name} (${before.person}): ${alteration(before, after)}`;
    }),
    ...(announcement.from === announcement.to
      ? []
      : [`changes of keys are announced ${delay(announcement.to)}; before: ${delay(announcement.from)}`]),
  ];
}

function warningsOf(change: RosterChange, next: RosterBody): readonly string[] {
  const { announcement, joins, parties, stays, threshold } = change;
  return [
    ...(joins.length >= next.threshold ? ['those who join could sign without anybody of today'] : []),
    ...(stays.length < next.threshold ? ['those of today who stay could no longer sign by themselves'] : []),
    ...(threshold.to < threshold.from ? ['fewer parties than before are enough to sign'] : []),
    ...(parties.to < parties.from ? ['fewer parties than before hold the key'] : []),
    ...(threshold.to === parties.to ? ['a single lost party would make the key unusable'] : []),
    ...(announcement.to < announcement.from ? ['later changes of keys would be announced for a shorter time'] : []),
  ];
}

function importing(body: ImportProposal, roster: RosterBody): KeyChangeWords {
  const address = addressOfClaimed(body.publicKey);
  return {
    title: 'IMPORTS A KEY',
    lines: [
      ...walletLines(body.wallet, address),
      `${named(roster, body.holder)} has its private key and deals shares of it to all ${roster.parties.length} parties`,
      `afterwards any ${roster.threshold} of them sign`,
      exportLine(body.exportable),
    ],
    warnings: ['whoever has had this private key may keep a copy, and can then sign alone, for ever'],
  };
}

function exporting(body: ExportProposal, roster: RosterBody, address: Uint8Array | undefined): KeyChangeWords {
  return {
    title: 'HANDS OVER A WHOLE PRIVATE KEY',
    lines: [
      ...walletLines(body.wallet, address),
      `all ${roster.parties.length} parties seal their shares to the recipient ${toHex(body.recipient)}`,
      `  in words ${fingerprint(body.recipient).words}`,
      'afterwards the wallet is marked as exported for ever',
    ],
    warnings: [
      'the recipient can sign alone, for ever, past every policy and every party; nothing takes that back',
      'compare the recipient with the person it belongs to, over another channel',
    ],
  };
}

function walletLines(wallet: string, address: Uint8Array | undefined): readonly string[] {
  const shown = address === undefined ? '(not known here)' : checksumAddress(`0x${toHex(address)}`);
  return [`wallet ${wallet}, address ${shown}: it stays the same`];
}

function dealerLine({ dealers, restored = [] }: ReshareProposal, roster: RosterBody): string {
  const dealing = dealers.filter((index) => !restored.some((item) => item.oldIndex === index));
  return `dealt by ${dealing.map((index) => named(roster, index)).join(', ')}`;
}

function exportLine(exportable: boolean): string {
  return exportable
    ? 'the whole key MAY be exported later, if all parties agree'
    : 'the whole key can never be exported';
}

type Described = Pick<Party, 'name' | 'person' | 'transportKey'> & Partial<Pick<Party, 'addresses'>>;

function alteration(before: Described, after: Described): string {
  const changed = [
    ...(before.name === after.name ? [] : [`is called ${after.name}`]),
    ...(before.person === after.person ? [] : [`belongs to ${after.person}`]),
    ...(toHex(before.transportKey) === toHex(after.transportKey) ? [] : ['has another transport key']),
    ...(before.addresses?.join() === after.addresses?.join()
      ? []
      : [`is reached at ${(after.addresses ?? []).join(' or ')}`]),
  ];
  return changed.join(', ');
}

function named(roster: RosterBody, index: number): string {
  const party = partyOf(roster, index);
  return party === undefined ? `party ${index}` : `party ${index} (${party.name}, ${party.person})`;
}

function names(parties: readonly Party[]): string {
  return parties.map((party) => party.name).join(', ');
}

/** Enough of a key to tell two apart on a screen; the fingerprint of the roster is what is compared. */
function keyName({ statementKey }: Party): string {
  return toHex(statementKey.subarray(0, 8));
}

function delay(seconds: number): string {
  return seconds === 0 ? 'not at all' : `${duration(seconds)} ahead`;
}
