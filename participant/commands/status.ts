import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { askNode } from './common.ts';
import { freezeLine, pendingLines, refusalLines } from './policy-lines.ts';
import { labels } from './wallets.ts';

export const status: Command = {
  usage: '--home DIR',
  summary: 'what this node holds, whom it reaches, what waits',
  options: HOME_OPTION,
  positionals: { min: 0, max: 0 },
  async run(call) {
    const answer = await askNode(call, 'status');
    call.terminal.result(answer, lines(answer).join('\n'));
    return 0;
  },
};

function lines(answer: JsonValue): readonly string[] {
  const held = field(answer, 'heldBack');
  const policies = memberOf(answer, 'policies') ?? null;
  return [
    memberOf(answer, 'guest') === true
      ? `guest      ${field(answer, 'name')}: has a place in the next roster only`
      : `party      ${field(answer, 'party')} (${field(answer, 'name')})`,
    `roster     version ${field(memberOf(answer, 'roster'), 'version')}`,
    ...nextRoster(memberOf(answer, 'successor')),
    `listening  ${listOf(memberOf(answer, 'addresses')).join(', ')}`,
    `connected  ${listOf(memberOf(answer, 'connected')).join(', ') || 'nobody'}`,
    ...(held === '' ? [] : [`HELD BACK  ${held}`]),
    `policies   common ${policyWords(memberOf(policies, 'common'))}, own ${policyWords(memberOf(policies, 'own'))}`,
    ...listOf(memberOf(policies, 'pending')).flatMap(pendingLines),
    ...refusalLines(memberOf(policies, 'lastRefusal')),
    ...listOf(memberOf(answer, 'freezes')).map(freezeLine),
    `waiting    ${field(answer, 'pending')} for your decision`,
    ...listOf(memberOf(answer, 'failures')).flatMap(failureLines),
    ...listOf(memberOf(answer, 'evidence')).flatMap((item) => [
      `EVIDENCE   ${field(item, 'accused')}, check ${field(item, 'check')}: ${field(item, 'message')}`,
      `           ${field(item, 'path')}${memberOf(item, 'forMembersOnly') === true ? '  (for members of that run only)' : ''}`,
    ]),
    ...listOf(memberOf(answer, 'wallets')).flatMap((wallet) => [
      `wallet     ${field(wallet, 'name')}${labels(wallet)}  ${field(wallet, 'address')}  generation ${field(wallet, 'generation')}`,
      ...(field(wallet, 'signs') === 'YES'
        ? []
        : [`           SIGNS NO MORE in this epoch: ${field(wallet, 'signs')}`]),
      ...listOf(memberOf(wallet, 'pairs')).map(
        (pair) => `           party ${field(pair, 'party')}: ${field(pair, 'state')}`,
      ),
    ]),
    ...listOf(memberOf(answer, 'elsewhere')).map(
      (row) => `elsewhere  ${field(row, 'name')}, generation ${field(row, 'generation')}: ${field(row, 'state')}`,
    ),
    ...listOf(memberOf(answer, 'olderShares')).map(olderShare),
    ...listOf(memberOf(answer, 'acknowledged')).map(
      (row) =>
        `new share  of wallet ${field(row, 'wallet').slice(0, 16)}, generation ${field(row, 'generation')}, acknowledged here, not by all yet`,
    ),
    ...listOf(memberOf(answer, 'bans')).map(
      (ban) => `BAN        ${field(ban, 'wallet')}, party ${field(ban, 'party')}: see "participant bans"`,
    ),
  ];
}

/** Who reported what, and what to do about it. */
function failureLines(failure: JsonValue): readonly string[] {
  const aborts = listOf(memberOf(failure, 'aborts'));
  const steps = new Map(aborts.map((abort) => [field(abort, 'check'), field(abort, 'next')]));
  return [
    ...aborts.map((abort) => {
      const culprits = listOf(memberOf(abort, 'culprits')).map((party) => `party ${String(party)}`);
      const fault = culprits.length === 0 ? '' : `; at fault: ${culprits.join(', ')}`;
      return `failed     ${field(failure, 'ceremony')}: party ${field(abort, 'party')} reports ${field(abort, 'check')}, ${field(abort, 'sentence')}${fault}`;
    }),
    ...[...steps].map(([check, next]) => `           ${check}: ${next}`),
  ];
}

function policyWords(policy: JsonValue | undefined): string {
  if (policy === undefined || policy === null) return 'none';
  return `${field(policy, 'id')} version ${field(policy, 'version')}`;
}

function nextRoster(successor: JsonValue | undefined): readonly string[] {
  if (successor === undefined || successor === null) return [];
  return [`next       roster version ${field(successor, 'version')}, adopted; in force when it holds every wallet`];
}

function olderShare(row: JsonValue): string {
  const waiting = listOf(memberOf(row, 'waitsFor')).map((index) => String(index));
  const why =
    waiting.length === 0
      ? 'is about to be erased'
      : `stays until party ${waiting.join(', ')} of the newer epoch is known to be active`;
  return `old share  of wallet ${field(row, 'wallet').slice(0, 16)}, generation ${field(row, 'generation')}, ${why}`;
}
