/** `keygen` and `sign`: propose, and follow the ceremony to its end. */

import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { parsePath } from '../../protocol/threshold/derivation.ts';
import { askService } from './common.ts';

const WISH_OPTIONS = {
  ...HOME_OPTION,
  note: { type: 'string' },
  'expires-in': { type: 'string' },
  detach: { type: 'boolean' },
} as const;

export const keygen: Command = {
  usage: '--home DIR --wallet NAME [--note TEXT] [--expires-in SECONDS] [--detach]',
  summary: 'propose a new wallet; every key holder must approve it by hand',
  options: { ...WISH_OPTIONS, wallet: { type: 'string' } },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const answer = await propose(call, 'keygen', { wallet: call.required('wallet'), ...wish(call) });
    return finish(call, answer);
  },
};

export const sign: Command = {
  usage: 'FILE --home DIR --wallet NAME [--path m/0/5] [--address 0x…] [--note TEXT] [--expires-in SECONDS] [--detach]',
  summary: 'propose a payload (a file as inspect reads it) for signing by a wallet, or by a key derived from it',
  options: { ...WISH_OPTIONS, wallet: { type: 'string' }, path: { type: 'string' }, address: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const payload = payloadFromInspectJson(await readTextFile(path));
    if (!payload.ok) throw new InvalidArgument(payload.error.code, path, payload.error.message);
    const { bytes, kind } = payload.value;
    const answer = await propose(call, 'sign', {
      wallet: call.required('wallet'),
      kind,
      bytes: toHex(bytes),
      ...account(call),
      ...wish(call),
    });
    return finish(call, answer);
  },
};

async function propose(
  call: CommandCall,
  method: string,
  params: { readonly [key: string]: JsonValue },
): Promise<JsonValue> {
  const answer = await askService(call, method, params, (event) => call.terminal.progress(progressLine(event)));
  call.terminal.progress('');
  return answer;
}

function wish(call: CommandCall): { readonly [key: string]: JsonValue } {
  const life = call.text('expires-in');
  if (life !== undefined && !/^[1-9][0-9]{0,5}$/.test(life)) {
    throw new InvalidArgument('OPTION_INVALID', '--expires-in', 'must be a whole number of seconds');
  }
  return {
    note: call.text('note') ?? '',
    detach: call.flag('detach'),
    ...(life === undefined ? {} : { life: Number(life) }),
  };
}

/** Refused here already, so that a mistyped path is one sentence at once. */
function account(call: CommandCall): { readonly [key: string]: JsonValue } {
  const [path, address] = [call.text('path'), call.text('address')];
  const read = path === undefined ? undefined : parsePath(path, '--path');
  if (read?.ok === false) throw read.error;
  return { ...(path === undefined ? {} : { path }), ...(address === undefined ? {} : { address }) };
}

function progressLine(event: JsonValue): string {
  const parties = listOf(memberOf(event, 'parties')).map(
    (party) => `${field(party, 'name')}: ${field(party, 'state')}`,
  );
  return `${field(event, 'ceremony')}  attempt ${field(event, 'attempt')}  ${field(event, 'phase')}  ${parties.join(' | ')}`;
}

/** Exit code 1 when the parties refused, or it did not come to an end. */
function finish(call: CommandCall, answer: JsonValue): number {
  call.terminal.result(answer, resultLines(answer).join('\n'));
  return memberOf(answer, 'ok') === true ? 0 : 1;
}

export function resultLines(answer: JsonValue): readonly string[] {
  const line = (name: string, key: string): readonly string[] =>
    field(answer, key) === '' ? [] : [`${name.padEnd(12)}${field(answer, key)}`];
  return [
    ...line('ceremony', 'ceremony'),
    ...line('ending', 'ending'),
    ...line('phase', 'phase'),
    ...listOf(memberOf(answer, 'parties')).map(
      (party) => `  ${field(party, 'name').padEnd(12)}${field(party, 'state')}`,
    ),
    ...(field(answer, 'code') === '' ? [] : [`${'because'.padEnd(12)}${because(answer)}`]),
    ...line('address', 'address'),
    ...line('signature', 'signature'),
    ...line('hash', 'transactionHash'),
    ...line('raw', 'rawTransaction'),
    ...listOf(memberOf(answer, 'refusals')).flatMap((refusal) => [
      `party ${field(refusal, 'party')} refuses:`,
      ...listOf(memberOf(refusal, 'reasons')).map((reason) => `  ${field(reason, 'code')}: ${field(reason, 'detail')}`),
    ]),
    ...listOf(memberOf(answer, 'aborts')).map(
      (abort) =>
        `party ${field(abort, 'party')} aborted: ${field(abort, 'failure')} (check ${field(abort, 'check')}, culprits ${field(abort, 'culprits')})`,
    ),
    ...line('transcript', 'transcript'),
  ];
}

function because(answer: JsonValue): string {
  const message = field(answer, 'message');
  return message === '' ? field(answer, 'code') : `${field(answer, 'code')}: ${message}`;
}
