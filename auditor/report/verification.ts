/** A verification as an auditor reads it: one line a check, the first failure by entry and reason. */

import { wordsOf } from '../../protocol/ceremony/check-words.ts';
import { shortName } from '../../protocol/ceremony/statement.ts';
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
  ];
  return lines.map((line) => sanitise(line, MAX_LINE));
}

export function verificationJson({ file, report }: Verified): Json {
  const { accusations, derived, proposal, ending, signature, wallet, failure } = report;
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
    notes: report.notes,
    ok: report.ok,
    ...(proposal === undefined ? {} : { ceremony: proposal.body.ceremony, proposal: toHex(proposal.digest) }),
    ...(signature === undefined
      ? {}
      : { signature: { r: toHex(signature.r), s: toHex(signature.s), yParity: String(signature.recovery) } }),
    ...(wallet === undefined ? {} : { wallet: { address: `0x${toHex(wallet.address)}`, name: wallet.name } }),
  };
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
