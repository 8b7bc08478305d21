/** A verification as an auditor reads it: one line a check, the first failure by entry and reason. */

import { isKeyChange } from '../../protocol/ceremony/agreement.ts';
import { wordsOf } from '../../protocol/ceremony/check-words.ts';
import { describeKeyChange } from '../../protocol/ceremony/key-change-words.ts';
import { fingerprint, type Roster } from '../../protocol/ceremony/roster.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { checksumAddress } from '../../protocol/payload/address.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import { formatPath } from '../../protocol/threshold/derivation.ts';
import type { DerivedAccount } from '../../protocol/transcript/verify/derived.ts';
import type { Accusation } from '../../protocol/transcript/verify/evidence.ts';
import { type Check, describeFailure, type Report } from '../../protocol/transcript/verify.ts';

/** A transcript with what came out. */
export interface Verified {
  readonly file: string;
  readonly report: Report;
}

const MAX_LINE = 600;

export function verificationText({ file, report }: Verified): readonly string[] {
  const lines = [
    file,
    ...report.checks.map((check) => `  ${check.ok ? 'ok  ' : 'FAIL'} ${check.name.padEnd(11)} ${explained(check)}`),
    ...report.notes.map((note) => `  note ${note}`),
    ...report.accusations.map(accusationLine),
    report.ok ? `  VERIFIED: ${conclusion(report)}` : '  NOT VERIFIED',
    ...(report.ok ? changeText(report).map((line) => `    ${line}`) : []),
  ];
  return lines.map((line) => sanitise(line, MAX_LINE));
}

export function verificationJson({ file, report }: Verified): Json {
  const { accusations, derived, proposal, ending, roster, signature, wallet, failure } = report;
  const next = handedTo(report);
  return {
    accusations: accusations.map(({ check, member, message, shownBy, verdict }) => ({
      ...(check === '' ? {} : { check }),
      member,
      message,
      shownBy: shownBy.map(String),
      verdict,
    })),
    checks: report.checks.map((check) => ({ name: check.name, ...checkJson(check) })),
    ...(derived === undefined ? {} : { derived: derivedJson(derived) }),
    ...(ending === undefined ? {} : { ending }),
    ...(failure === undefined ? {} : { failure: { check: failure.name, ...checkJson(failure) } }),
    file,
    ...(next === undefined ? {} : { next: rosterJson(next) }),
    notes: report.notes,
    ok: report.ok,
    ...(proposal === undefined ? {} : { ceremony: proposal.body.ceremony, proposal: toHex(proposal.digest) }),
    ...(signature === undefined
      ? {}
      : { signature: { r: toHex(signature.r), s: toHex(signature.s), yParity: String(signature.recovery) } }),
    ...(roster === undefined ? {} : { roster: rosterJson(roster) }),
    ...(wallet === undefined ? {} : { wallet: walletJson(wallet) }),
  };
}

/** The roster that a verified reshare has handed the key to. */
function handedTo({ ending, ok, proposal }: Report): Roster | undefined {
  const isDone = ok && ending === 'completed' && proposal?.body.ceremony === 'reshare';
  return isDone ? proposal.body.next : undefined;
}

function rosterJson({ digest, name, version }: Roster): Json {
  return { digest: toHex(digest), fingerprint: fingerprint(digest).words, name, version: String(version) };
}

function walletJson({ address, gen, name, origin }: Wallet): Json {
  return { address: `0x${toHex(address)}`, generation: String(gen), name, origin };
}

/** What a change of keys changes, as its key holders saw it. */
function changeText({ proposal, roster, wallet }: Report): readonly string[] {
  if (proposal === undefined || roster === undefined || !isKeyChange(proposal.body)) return [];
  const { lines, title, warnings } = describeKeyChange(proposal.body, roster, wallet?.address);
  return [title, ...lines, ...warnings.map((warning) => `CAUTION ${warning}`)];
}

/** The sentence for standard error: which file, which entry, why. */
export function failureLine({ file, report }: Verified): string | undefined {
  if (report.failure === undefined) return undefined;
  return sanitise(`${file}: ${describeFailure(report.failure)}`, MAX_LINE);
}

function explained(check: Check): string {
  return check.ok ? check.message : describeFailure(check);
}

function checkJson(check: Check): { readonly [key: string]: Json } {
  return {
    ...(check.code === undefined ? {} : { code: check.code }),
    message: check.message,
    ok: check.ok,
    ...(check.seq === undefined ? {} : { entry: String(check.seq) }),
  };
}

/** Guilt is about a member and not about the transcript, which may verify all the same. */
function accusationLine({ check, member, message, shownBy, verdict }: Accusation): string {
  if (verdict === 'unfounded') return `  UNFOUNDED ${message}`;
  const words = wordsOf(check);
  const who = shownBy.length === 0 ? 'this transcript' : `party ${shownBy.join(', ')}`;
  return `  GUILTY ${member} of ${check}: ${message} (${words.sentence}; shown by ${who})`;
}

function derivedJson({ path, address, publicKey, namedBy, repeated }: DerivedAccount): Json {
  return {
    address: `0x${toHex(address)}`,
    namedBy: namedBy.map(String),
    path: formatPath(path),
    ...(publicKey === undefined ? {} : { publicKey: toHex(publicKey) }),
    repeated,
  };
}

function conclusion({ derived, proposal, ending, wallet, signature }: Report): string {
  if (proposal === undefined) return 'nothing';
  const path = derived === undefined ? '' : `, path ${formatPath(derived.path)}`;
  const what = `${proposal.body.ceremony} ${shortName(proposal.digest)} for wallet ${proposal.body.wallet}${path}`;
  const signer = derived?.address ?? wallet?.address;
  const address = signer === undefined ? '' : ` (${checksumAddress(`0x${toHex(signer)}`)})`;
  const result = signature === undefined ? '' : `, signature r 0x${toHex(signature.r)} s 0x${toHex(signature.s)}`;
  return `${what}${address}: ${ending ?? 'open'}${result}`;
}
