/**
 * Runs a command once: bytes in, bytes out, and it is gone. No shell, an environment without anything of ours, a group of
 * its own that is killed whole when it is over, too slow or too talkative.
 */
// oxlint-disable-next-line no-restricted-imports -- the key holder's own program, which is to share nothing with us
import { type ChildProcess, spawn } from 'node:child_process';
import { err, ok, type Result } from '../../protocol/common/result.ts';

export interface CommandLimits {
  /** Milliseconds from start to end. */
  readonly deadline: number;
  /** Bytes on standard output. */
  readonly maxOutput: number;
}

/** Bytes of standard error that are kept for the log. */
const MAX_COMPLAINT = 400;

/** What it wrote, if it ended by itself with exit code 0; or in a few words why that is no answer. */
export async function runCommand(
  [command, ...args]: readonly [string, ...string[]],
  input: Uint8Array,
  { deadline, maxOutput }: CommandLimits,
  signal: AbortSignal,
): Promise<Result<Uint8Array, string>> {
  if (signal.aborted) return err('it was not asked any more');
  const child = spawn(command, args, {
    cwd: '/',
    detached: true,
    env: { LC_ALL: 'C', PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin' },
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let complaint = '';
    const finish = (result: Result<Uint8Array, string>): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      killGroup(child);
      resolve(result);
    };
    const timer = setTimeout(() => finish(err(`no answer within ${deadline / 1000} seconds`)), deadline);
    const onAbort = (): void => finish(err('no answer in time'));
    signal.addEventListener('abort', onAbort);
    child.once('error', (error) => finish(err(`it cannot be started: ${codeOf(error)}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutput) finish(err(`it wrote more than ${maxOutput} bytes`));
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < MAX_COMPLAINT) complaint += chunk.toString('latin1').slice(0, MAX_COMPLAINT);
    });
    child.once('close', (code, killed) => {
      const words = complaint.replace(/[^\x20-\x7e]+/g, ' ').trim();
      const how = code === null ? `it was ended by ${killed ?? 'a signal'}` : `it ended with code ${code}`;
      finish(code === 0 ? ok(Buffer.concat(chunks)) : err(`${how}${words === '' ? '' : `: ${words.slice(-200)}`}`));
    });
    // It may end without reading, which its answer or silence tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Also those it started, as long as they stayed in its group. */
function killGroup(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.stdin?.destroy();
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

function codeOf(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'unknown';
}
