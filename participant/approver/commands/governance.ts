/** An approver's commands beside approvals: versions of the policy, freezing, letting go. */
import { field, listOf, memberOf } from '../../../proto/control/answer.ts';
import type { Command, CommandCall } from '../../../proto/control/command.ts';
import { readTextFile } from '../../../proto/control/files.ts';
import { HOME_OPTION, PASSPHRASE_OPTION } from '../../../proto/control/home-option.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { writeFileAtomic } from '../../../proto/rest/atomic-file.ts';
import { utf8 } from '../../../protocol/common/bytes.ts';
import { Refusal } from '../../../protocol/common/errors.ts';
import { policyOf } from '../governance.ts';
import { type Ask, mustHaveOut, withDesk, writeOut } from './common.ts';
import { confirmPolicy } from './join.ts';

const HOME = { ...HOME_OPTION, ...PASSPHRASE_OPTION };
const SIGNING = { ...HOME, out: { type: 'string' }, signature: { type: 'string' }, yes: { type: 'boolean' } } as const;

export const status: Command = {
  usage: '--home DIR [--passphrase-file FILE]',
  summary: 'who this device is, which policy it judges by, whom it reaches',
  options: HOME,
  positionals: { min: 0, max: 0 },
  async run(call) {
    return await withDesk(call, async (ask) => {
      const answer = await ask('status');
      const policy = memberOf(answer, 'policy');
      const words = policy === null ? 'none' : `${field(policy, 'id')} version ${field(policy, 'version')}`;
      const lines = [
        `approver   ${field(answer, 'name') || 'not in the policy'} (${field(answer, 'person')}, ${field(answer, 'device')})`,
        `key        ${field(answer, 'key')}`,
        `policy     ${words}  ${field(policy, 'digest')}`,
        ...listOf(memberOf(answer, 'waiting')).map(
          (row) => `announced  version ${field(row, 'version')}, takes effect at ${field(row, 'takesEffect')}`,
        ),
        `connected  ${listOf(memberOf(answer, 'connected')).join(', ') || 'nobody'}`,
        `waiting    ${field(answer, 'requests')} requests`,
      ];
      call.terminal.result(answer, lines.join('\n'));
      return 0;
    });
  },
};

export const adoptPolicy: Command = {
  usage: 'FILE --home DIR [--policy-digest HEX] [--yes] [--passphrase-file FILE]',
  summary: 'judge by a later version of the common policy from now on, after comparing its digest',
  options: { ...HOME, 'policy-digest': { type: 'string' }, yes: { type: 'boolean' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const text = await readTextFile(path);
    const policy = policyOf(text, path);
    return await withDesk(call, async (ask) => {
      const preview = await ask('policy-preview', { text });
      call.terminal.print(linesOf(preview));
      await confirmPolicy(call, policy);
      const answer = await ask('policy-adopt', { text, digest: field(preview, 'digest') });
      call.terminal.result(answer, `This device judges by version ${field(answer, 'version')}.`);
      return 0;
    });
  },
};

export const signPolicy: Command = {
  usage: 'FILE --home DIR [--out FILE] [--signature SSHSIG] [--yes] [--passphrase-file FILE]',
  summary: 'sign for a version of the common policy after reading what it changes; the file gains the signature',
  options: SIGNING,
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const text = await readTextFile(path);
    return await withDesk(call, async (ask) => {
      const signature = call.text('signature');
      const answer =
        signature === undefined
          ? await signNow(call, ask, text)
          : await ask('policy-seal', { text, signature: await readTextFile(signature) });
      const file = memberOf(answer, 'file');
      if (typeof file !== 'string') {
        call.terminal.result(answer, await writeOut(call, answer, `sign-policy ${path} --home DIR`));
        return 0;
      }
      const out = call.text('out') ?? path;
      await writeFileAtomic(out, utf8(file));
      call.terminal.result({ ok: true, file: out }, `Signed; ${out} holds the signature.`);
      return 0;
    });
  },
};

async function signNow(call: CommandCall, ask: Ask, text: string): Promise<JsonValue> {
  const preview = await ask('policy-preview', { text });
  if (!field(await ask('status'), 'key').startsWith('ed25519:')) await mustHaveOut(call, ask);
  call.terminal.print(linesOf(preview));
  await confirm(call, 'Sign for exactly this version?');
  return await ask('policy-sign', { text, digest: field(preview, 'digest') });
}

export const veto: Command = {
  usage: 'DIGEST --home DIR --reason TEXT [--out FILE] [--signature SSHSIG] [--yes] [--passphrase-file FILE]',
  summary:
    'stop an announced version of the policy for good, before it takes effect; one that narrows cannot be stopped',
  options: { ...SIGNING, reason: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [digest = ''] = call.positionals;
    const reason = call.required('reason');
    return await withDesk(call, async (ask) => {
      const signature = call.text('signature');
      if (signature === undefined) {
        await mustHaveOut(call, ask);
        await confirm(call, `Stop the version ${digest} for good?`);
      }
      const answer =
        signature === undefined
          ? await ask('veto', { digest: digest.toLowerCase(), reason })
          : await ask('veto-seal', { signature: await readTextFile(signature) });
      call.terminal.result(answer, await writeOut(call, answer, `veto ${digest} --home DIR --reason TEXT`));
      return 0;
    });
  },
};

export const freeze: Command = {
  usage: '[WALLET] --home DIR --reason TEXT [--out FILE] [--signature SSHSIG] [--yes] [--passphrase-file FILE]',
  summary: 'stop a wallet, or all of them, at once; a quorum lets go again',
  options: { ...SIGNING, reason: { type: 'string' } },
  positionals: { min: 0, max: 1 },
  async run(call) {
    const [wallet] = call.positionals;
    const reason = call.required('reason');
    return await withDesk(call, async (ask) => {
      const signature = call.text('signature');
      if (signature === undefined) {
        await mustHaveOut(call, ask);
        await confirm(call, `Stop ${wallet === undefined ? 'every wallet' : `the wallet ${wallet}`}?`);
      }
      const answer =
        signature === undefined
          ? await ask('freeze', { reason, ...(wallet === undefined ? {} : { wallet }) })
          : await ask('freeze-seal', { signature: await readTextFile(signature) });
      call.terminal.result(answer, await writeOut(call, answer, 'freeze --home DIR --reason TEXT'));
      return 0;
    });
  },
};

export const thaw: Command = {
  usage: '[FREEZE...] --home DIR [--out FILE] [--signature SSHSIG] [--yes] [--passphrase-file FILE]',
  summary: 'sign that freezes end: the ones named, or all that this device has heard of',
  options: SIGNING,
  positionals: { min: 0, max: 64 },
  async run(call) {
    return await withDesk(call, async (ask) => {
      const signature = call.text('signature');
      const answer =
        signature === undefined
          ? await thawNow(call, ask)
          : await ask('thaw-seal', { signature: await readTextFile(signature) });
      call.terminal.result(answer, await writeOut(call, answer, 'thaw --home DIR'));
      return 0;
    });
  },
};

async function thawNow(call: CommandCall, ask: Ask): Promise<JsonValue> {
  await mustHaveOut(call, ask);
  const rows = listOf(await ask('freezes'));
  const named = call.positionals.map((digest) => digest.toLowerCase());
  const freezes = named.length > 0 ? named : rows.map((row) => field(row, 'freeze'));
  if (freezes.length === 0) throw new Refusal('FREEZE_NAME', 'this device has heard of no freeze; name one');
  for (const digest of freezes) {
    const row = rows.find((known) => field(known, 'freeze') === digest);
    const what = memberOf(row, 'all') === true ? 'every wallet' : `wallet ${field(row, 'wallet') || '(unknown here)'}`;
    const words =
      row === undefined ? 'not heard of here' : `${what}, by ${field(row, 'author')}: ${field(row, 'reason')}`;
    call.terminal.print(`${digest}\n  ${words}`);
  }
  await confirm(call, 'Let go of these?');
  return await ask('thaw', { freezes });
}

async function confirm(call: CommandCall, text: string): Promise<void> {
  if (await call.terminal.confirm({ text, yes: call.flag('yes') })) return;
  throw new Refusal('NOT_CONFIRMED', 'nothing was signed');
}

function linesOf(answer: JsonValue): string {
  return listOf(memberOf(answer, 'lines'))
    .map((line) => (typeof line === 'string' ? line : ''))
    .join('\n');
}
