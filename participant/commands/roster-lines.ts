import { peerIdOf } from '../../proto/link/identity.ts';
import { fingerprint, type RosterFile, unsignedParties } from '../../protocol/ceremony/roster.ts';
import { toHex } from '../../protocol/common/bytes.ts';

/** A roster as people read and compare it. */
export function rosterLines(file: RosterFile): readonly string[] {
  const { body, digest } = file;
  const { digits, words } = fingerprint(digest);
  const missing = new Set(unsignedParties(file).map((party) => party.index));
  return [
    `Roster ${body.name}, version ${body.version}: any ${body.threshold} of ${body.parties.length} parties sign`,
    '',
    ...body.parties.flatMap((party) => [
      `  ${party.index}  ${party.name}  (${party.person})  ${missing.has(party.index) ? 'NOT SIGNED YET' : 'signed'}`,
      `     statement key  ${toHex(party.statementKey)}`,
      `     peer id        ${peerIdOf(party.transportKey)}`,
      `     reached at     ${party.addresses.join(', ') || '(dials only)'}`,
    ]),
    ...body.operators.flatMap((operator) => [
      `  operator  ${operator.name}  (${operator.person})  may propose, holds no share`,
      `     statement key  ${toHex(operator.key)}`,
    ]),
    '',
    'Fingerprint, to be compared in full over another channel:',
    `  ${words}`,
    `  ${digits}`,
  ];
}
