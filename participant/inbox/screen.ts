/**
 * What the key holder reads before deciding. First what would happen, computed by this machine from the bytes; then
 * what the policies say; last, and marked as such, what others claim.
 */
import { isKeyChange } from '../../protocol/ceremony/agreement.ts';
import { announcementEnd, duration } from '../../protocol/ceremony/announcement.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Judgement } from '../../protocol/ceremony/judgement.ts';
import { describeKeyChange, type KeyChangeWords } from '../../protocol/ceremony/key-change-words.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { type Address, checksumAddress } from '../../protocol/payload/address.ts';
import { describe } from '../../protocol/payload/words/describe.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import { addressNames } from '../../protocol/policy/names.ts';
import type { Verdict } from '../../protocol/policy/verdict.ts';
import { formatPath } from '../../protocol/threshold/derivation.ts';

/** What the screen needs to know beside the proposal. */
export interface ScreenContext {
  readonly roster: Roster;
  /** The wallet that the proposal names, in any epoch that is known here. */
  readonly wallet: Wallet | undefined;
  /** Warnings that stand beside that wallet's name for ever. */
  readonly labels: readonly string[];
  /** What the key holder has to do before it can agree. */
  readonly hold: string | undefined;
  /** Unix seconds. */
  readonly now: number;
  /** What a simulation or a checker says, sanitised; absent or empty if there is none. */
  readonly seen?: readonly string[];
  /** That the same was asked for before and not signed; absent or empty if it was not. */
  readonly repeated?: readonly string[];
  /** What approvers have said, and what is still asked of them; absent or empty if nobody is asked. */
  readonly people?: readonly string[];
}

export function proposalScreen(entry: BookEntry, judgement: Judgement, context: ScreenContext): readonly string[] {
  const { ceremony } = entry;
  const { proposal } = ceremony;
  const { body } = proposal;
  const { hold, labels, now, people = [], repeated = [], roster, seen = [], wallet } = context;
  const change = isKeyChange(body) ? describeKeyChange(body, roster, wallet?.address) : undefined;
  const title = change?.title ?? (body.ceremony === 'keygen' ? 'NEW KEY' : 'SIGN');
  const end = announcementEnd(ceremony, roster);
  return [
    `${title}  ceremony ${shortName(proposal.digest)}  attempt ${body.attempt} of at most 3`,
    ...repeated,
    ...(body.attempt > 1 ? ['!! This is a REPEATED request. Ask why the one before did not finish.'] : []),
    ...(hold === undefined ? [] : [`!! YOU CANNOT AGREE YET: ${hold}.`]),
    '',
    'WHAT WOULD HAPPEN  (read from the payload by this machine)',
    ...indent(change === undefined ? contentLines(entry, judgement, roster) : changeOfKeyLines(change, wallet)),
    ...indent(labels.map((label) => `!! ${label}`)),
    ...(end === undefined || end <= now
      ? []
      : [
          '',
          'ANNOUNCED',
          ...indent([`Nothing happens for another ${duration(end - now)}. Until then any party can veto it.`]),
        ]),
    ...(seen.length === 0
      ? []
      : ['', 'WHAT ELSE THIS MACHINE SEES  (claims of others, which add risks only)', ...indent(seen)]),
    '',
    'WHAT THE POLICIES SAY',
    ...indent(policyLines(judgement, change !== undefined)),
    ...(people.length === 0 ? [] : ['', 'WHO HAS APPROVED', ...indent(people)]),
    '',
    'WHO HAS ANSWERED',
    ...indent(answerLines(entry, roster)),
    '',
    'CLAIMED BY THE PROPOSER  (nothing of this was checked)',
    ...indent([
      `operator   ${sanitise(body.initiator, 80)}`,
      `note       ${body.note === '' ? '(none)' : sanitise(body.note, 160)}`,
      `expires    ${remaining(body.expires - now)}`,
    ]),
  ];
}

function contentLines(entry: BookEntry, judgement: Judgement, roster: Roster): readonly string[] {
  const { body } = entry.ceremony.proposal;
  if (body.ceremony === 'keygen') return keygenLines(body.wallet, body.exportable, roster);
  return payloadLines(entry, judgement);
}

function changeOfKeyLines(change: KeyChangeWords, wallet: Wallet | undefined): readonly string[] {
  return [
    ...change.lines.map((line) => sanitise(line, 400)),
    ...(wallet === undefined
      ? []
      : [`present shares: generation ${wallet.gen}, epoch ${toHex(wallet.epochId).slice(0, 16)}`]),
    ...change.warnings.map((warning) => `!! ${sanitise(warning, 400)}`),
  ];
}

function keygenLines(wallet: string, exportable: boolean, roster: Roster): readonly string[] {
  const n = roster.parties.length;
  return [
    `A new wallet named ${sanitise(wallet, 80)} is made. Any ${roster.threshold} of these ${n} parties will be able to sign with it:`,
    ...roster.parties.map((party) => `  ${party.index}  ${party.name}  (${sanitise(party.person, 80)})`),
    exportable ? '!! The key can be EXPORTED later, if all parties agree.' : 'The key can never be exported.',
    'All parties must agree by hand.',
  ];
}

export function payloadLines(entry: BookEntry, judgement: Judgement): readonly string[] {
  const { body } = entry.ceremony.proposal;
  if (body.ceremony !== 'sign') return [];
  if (judgement.assessment === undefined) {
    return [
      'CANNOT READ THIS. Nothing that cannot be read is signed.',
      `payload  ${body.payload.bytes.length} bytes of ${body.payload.kind}`,
    ];
  }
  const wallet: Address = `0x${toHex(body.address)}`;
  const layers = judgement.verdict?.trace.layers ?? [];
  const names = addressNames(
    layers.map(({ policy }) => policy),
    layers[0]?.request.now,
  );
  const path = body.path.length === 0 ? '' : `, derived key ${formatPath(body.path)}`;
  return [
    `Wallet: ${sanitise(body.wallet, 80)}${path}, ${checksumAddress(wallet)}`,
    ...describe(judgement.assessment, { names, wallet }),
    '(computed by this machine; compare it on a second device)',
  ];
}

function policyLines(judgement: Judgement, aboutKeys: boolean): readonly string[] {
  const asked = aboutKeys
    ? `No policy decides about keys: it is you who does, by hand. ${judgement.consents} consents are needed, and one rejection by anybody ends it.`
    : `REQUIRE: the policies leave the decision to you. ${judgement.consents} consents are needed in all.`;
  const head = {
    allow: 'ALLOW: the policies let this party consent by itself.',
    require: asked,
    deny: 'DENY: this party will not sign.',
  }[judgement.judgement];
  const { verdict } = judgement;
  return [
    head,
    ...judgement.reasons.map((reason) => `${reason.code}: ${reason.detail}`),
    ...(verdict === undefined ? [] : ruleLines(verdict)),
  ];
}

/** The rules that speak about it, with what their authors wrote; `inspect --policy` shows every comparison. */
export function ruleLines({ rules, trace }: Verdict): readonly string[] {
  return rules.map(({ effect, id, leaf, policy }) => {
    const layer = trace.layers.find((candidate) => candidate.layer === policy);
    const note = layer?.policy.document.rules.find((rule) => rule.id === id)?.note;
    const version = layer === undefined ? '' : ` version ${layer.policy.document.version}`;
    const words = note === undefined ? '' : `: ${sanitise(note, 200)}`;
    return `call ${leaf}: ${effect} rule "${id}" of the ${policy} policy${version}${words}`;
  });
}

export function answerLines(entry: BookEntry, roster: Roster): readonly string[] {
  return roster.parties.map((party) => {
    const verdict = entry.ceremony.verdicts.get(party.index)?.body;
    const reasons = verdict?.reasons.map((reason) => reason.code).join(', ') ?? '';
    const word =
      verdict === undefined ? 'no answer yet' : verdict.decision === 'consent' ? 'consents' : `REJECTS  ${reasons}`;
    return `${party.index}  ${party.name.padEnd(12)} ${word}`;
  });
}

export function remaining(seconds: number): string {
  if (seconds <= 0) return 'expired';
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `in ${minutes} min` : `in ${Math.round(minutes / 60)} h`;
}

export function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
