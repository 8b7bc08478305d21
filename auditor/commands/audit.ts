/** The words after `keymoot audit`. */
import { parseArgs } from 'node:util';
import type { Io } from '../report/io.ts';
import { evidenceCommand } from './evidence.ts';
import { showCommand } from './show.ts';
import { verifyCommand } from './verify.ts';

const USAGE: string = `Usage:
  keymoot audit verify TRANSCRIPT... --roster FILE [--fingerprint "WORDS"] [--past-roster FILE]...
                       [--chain-code FILE]... [--policies FILE]... [--json]
  keymoot audit evidence FILE --roster FILE [--fingerprint "WORDS"] [--members] [--json]
  keymoot audit show TRANSCRIPT [--roster FILE] [--json]

verify works offline. It exits with 1 and names the first failing entry and the reason; docs/transcript.md explains
every code. Without a roster it fails with UNANCHORED: anybody can make a consistent transcript of their own. With the
chain code of a wallet, which a key holder may give you, the keys of derivation paths are derived again.
One pinned roster is enough for years: the transcript of a change of keys leads to the next roster, and the files of
past rosters are believed if the pinned one leads back to them. With the files of all versions of the common policy
every consent must rest on one of them, and each version on the signatures of the admins of the one before.`;

/** @returns 0 verified or shown, 1 refused or failed with a reason, 2 usage */
export async function audit(args: readonly string[], io: Io): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'help' || args.includes('--help')) {
    io.stdout(USAGE);
    return 0;
  }
  const parsed = parse(rest);
  if (typeof parsed === 'string') return usage(io, parsed);
  const { values, positionals } = parsed;
  const { roster, fingerprint, json, members, policies } = values;
  const { 'chain-code': chainCodes = [], 'past-roster': pastRosters = [] } = values;
  const [file, second] = positionals;
  if (command === 'verify' && file !== undefined) {
    return verifyCommand({ files: positionals, roster, fingerprint, pastRosters, chainCodes, policies, json }, io);
  }
  if (command === 'evidence' && file !== undefined && second === undefined) {
    return evidenceCommand({ file, roster, fingerprint, members, json }, io);
  }
  if (command === 'show' && file !== undefined && second === undefined && fingerprint === undefined) {
    return showCommand({ file, roster, json }, io);
  }
  return usage(io, mistakeOf(command, file));
}

function mistakeOf(command: string | undefined, file: string | undefined): string | undefined {
  if (command === undefined) return undefined;
  if (!['verify', 'evidence', 'show'].includes(command)) return `there is no command ${JSON.stringify(command)}`;
  if (file === undefined) return `${command} needs a file`;
  return `${command} takes one file, and the options below`;
}

interface Parsed {
  readonly values: {
    readonly roster?: string | undefined;
    readonly fingerprint?: string | undefined;
    readonly 'chain-code'?: readonly string[] | undefined;
    readonly 'past-roster'?: readonly string[] | undefined;
    readonly policies?: readonly string[] | undefined;
    readonly json: boolean;
    readonly members: boolean;
  };
  readonly positionals: readonly string[];
}

/** A sentence if the options cannot be read. */
function parse(args: readonly string[]): Parsed | string {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        roster: { type: 'string' },
        fingerprint: { type: 'string' },
        'chain-code': { type: 'string', multiple: true },
        'past-roster': { type: 'string', multiple: true },
        policies: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
        members: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : 'the arguments cannot be read';
  }
}

function usage(io: Io, mistake: string | undefined): 2 {
  io.stderr(mistake === undefined ? USAGE : `${mistake}\n\n${USAGE}`);
  return 2;
}
