/** What an approver's commands share: the running program of a home, or the home itself while none runs. */
import { field, memberOf } from '../../../proto/control/answer.ts';
import { callControl } from '../../../proto/control/call.ts';
import type { CommandCall } from '../../../proto/control/command.ts';
import { readTextFile } from '../../../proto/control/files.ts';
import { homeOf } from '../../../proto/control/home-option.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { nodeLog } from '../../../proto/control/node-log.ts';
import { writeFileAtomic } from '../../../proto/rest/atomic-file.ts';
import { StoreError } from '../../../proto/rest/errors.ts';
import { readPassphrase } from '../../../proto/rest/passphrase.ts';
import { utf8 } from '../../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../../protocol/common/errors.ts';
import { systemClock } from '../../clock.ts';
import { systemRandom } from '../../randomness.ts';
import { answerDesk } from '../control.ts';
import { ApproverDesk } from '../desk.ts';
import { openApproverHome } from '../home.ts';
import { approverLayout } from '../layout.ts';

export type Ask = (method: string, params?: JsonValue) => Promise<JsonValue>;

/** Asks the program that runs in the home; if none runs, opens the home for as long as the command takes. */
export async function withDesk(call: CommandCall, action: (ask: Ask) => Promise<number>): Promise<number> {
  const { control, home: path } = approverLayout(homeOf(call));
  const isRunning = await callControl(control, 'status', {}).then(
    () => true,
    (error: unknown) => {
      if (error instanceof StoreError && error.code === 'NODE_NOT_RUNNING') return false;
      throw error;
    },
  );
  if (isRunning) return await action((method, params = {}) => callControl(control, method, params));
  const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
  const home = await openApproverHome(path, passphrase, systemRandom);
  passphrase.fill(0);
  try {
    const note = nodeLog((line) => call.terminal.warn(line), Date.now);
    const desk = new ApproverDesk({ home, clock: systemClock, random: systemRandom, note });
    return await action((method, params = {}) => answerDesk(desk, { method, params }, []));
  } finally {
    await home.close();
  }
}

/** The ceremony that an argument names: its first hex digits, or a file with a request for approval. */
export async function ceremonyOf(ask: Ask, target: string): Promise<string> {
  if (/^[0-9a-fA-F]{8,64}$/.test(target)) return target;
  return field(await ask('take', { text: await readTextFile(target), path: target }), 'ceremony');
}

/**
 * Writes what was said to `--out`: the statement, or the bytes that another program is to sign.
 *
 * @returns what happens next, in words
 */
export async function writeOut(call: CommandCall, answer: JsonValue, again: string): Promise<string> {
  const out = call.text('out');
  const message = memberOf(answer, 'message');
  if (typeof message === 'string') {
    if (out === undefined) throw needsOut();
    await writeFileAtomic(out, Buffer.from(message, 'base64'));
    const namespace = field(answer, 'namespace');
    return [
      `Not signed yet. Sign ${out} with the key of this approver, then bring the signature back:`,
      `  ssh-keygen -Y sign -n ${namespace} -f KEY ${out}`,
      `  keymoot approver ${again} --signature ${out}.sig`,
    ].join('\n');
  }
  if (out === undefined) return 'Signed. It is told to every participant that this device reaches.';
  await writeFileAtomic(out, utf8(`${field(answer, 'statement')}\n`));
  return `Signed, and written to ${out}.`;
}

/** Where bytes for another program go must be known before anything is written down. */
export async function mustHaveOut(call: CommandCall, ask: Ask): Promise<void> {
  const key = field(await ask('status'), 'key');
  if (!key.startsWith('ed25519:') && call.text('out') === undefined) throw needsOut();
}

function needsOut(): InvalidArgument {
  return new InvalidArgument('APPROVER_KEY', '--out', 'this approver signs with an SSH key: name a file for the bytes');
}
