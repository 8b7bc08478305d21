/** Versions that wait, and what they change, in lines. */
import { field, memberOf } from '../../proto/control/answer.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { durationWords } from '../../protocol/policy/compare/values.ts';

/** `WIDENS   rules.pay: ...`. */
export function changeLine(change: JsonValue): string {
  const kind = field(change, 'kind');
  return `${(kind === 'widens' ? 'WIDENS' : kind).padEnd(8)} ${field(change, 'path')}: ${field(change, 'words')}`;
}

export function pendingLines(row: JsonValue): readonly string[] {
  const name = `${field(row, 'id')} version ${field(row, 'version')}`;
  return [`NEXT    ${name} ${field(row, 'direction')}: in force ${waitWords(memberOf(row, 'waits'))}, unless vetoed`];
}

export function refusalLines(refusal: JsonValue | undefined): readonly string[] {
  if (refusal === undefined || refusal === null) return [];
  return [`REFUSED ${field(refusal, 'code')}, from ${field(refusal, 'from')}: ${field(refusal, 'message')}`];
}

export function freezeLine(row: JsonValue): string {
  const wallet = field(row, 'wallet');
  const what = wallet === 'all' ? 'all wallets' : `wallet ${wallet}`;
  const said = field(row, 'reason');
  return `FROZEN     ${what}, by ${field(row, 'author')}${said === '' ? '' : `: ${said}`}; a thaw needs ${field(row, 'thawNeeds')}`;
}

export function waitWords(waits: JsonValue | undefined): string {
  const seconds = typeof waits === 'number' ? waits : 0;
  return seconds === 0 ? 'at once' : `in ${durationWords(seconds < 3600 ? seconds : Math.ceil(seconds / 3600) * 3600)}`;
}
